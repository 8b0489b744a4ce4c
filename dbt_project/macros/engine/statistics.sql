{# A 64-bit number of one or more values, the same for the same values: rows are told apart by it faster than by their texts. #}
{% macro quick_hash(values) %}
    {{ return(adapter.dispatch('quick_hash', 'anonymart')(values)) }}
{% endmacro %}

{% macro duckdb__quick_hash(values) -%}
    hash({{ values }})
{%- endmacro %}

{% macro spark__quick_hash(values) -%}
    xxhash64({{ values }})
{%- endmacro %}

{# The value below which a fraction of a group lies, interpolated between its two neighbours. #}
{% macro interpolated_quantile(value, fraction) %}
    {{ return(adapter.dispatch('interpolated_quantile', 'anonymart')(value, fraction)) }}
{% endmacro %}

{% macro duckdb__interpolated_quantile(value, fraction) -%}
    quantile_cont({{ value }}, {{ fraction }})
{%- endmacro %}

{% macro spark__interpolated_quantile(value, fraction) -%}
    percentile({{ value }}, {{ fraction }})
{%- endmacro %}

{# The values of a group as one list, smallest first: a sum over it is the same on every run and thread. #}
{% macro sorted_values(value) %}
    {{ return(adapter.dispatch('sorted_values', 'anonymart')(value)) }}
{% endmacro %}

{% macro duckdb__sorted_values(value) -%}
    list({{ value }} order by {{ value }}) filter (where {{ value }} is not null)
{%- endmacro %}

{% macro spark__sorted_values(value) -%}
    case when count({{ value }}) > 0 then sort_array(collect_list({{ value }})) end
{%- endmacro %}

{% macro sum_of_values(sorted_list) %}
    {{ return(adapter.dispatch('sum_of_values', 'anonymart')(sorted_list)) }}
{% endmacro %}

{% macro duckdb__sum_of_values(sorted_list) -%}
    list_sum({{ sorted_list }})
{%- endmacro %}

{% macro spark__sum_of_values(sorted_list) -%}
    aggregate({{ sorted_list }}, 0e0, (total, each) -> total + each)
{%- endmacro %}

{# The nth largest of a sorted list, NULL where the list is shorter. #}
{% macro nth_largest(sorted_list, n) %}
    {{ return(adapter.dispatch('nth_largest', 'anonymart')(sorted_list, n)) }}
{% endmacro %}

{% macro duckdb__nth_largest(sorted_list, n) -%}
    {{ sorted_list }}[-{{ n }}]
{%- endmacro %}

{% macro spark__nth_largest(sorted_list, n) -%}
    get({{ sorted_list }}, size({{ sorted_list }}) - {{ n }})
{%- endmacro %}

{# The value at a rank from 0 of a sorted list, interpolated between its two neighbours. #}
{% macro value_at_rank(sorted_list, rank) %}
    {{ return(adapter.dispatch('value_at_rank', 'anonymart')(sorted_list, rank)) }}
{% endmacro %}

{% macro duckdb__value_at_rank(sorted_list, rank) -%}
    {%- set below = sorted_list ~ '[1 + cast(floor(' ~ rank ~ ') as bigint)]' -%}
    {%- set above = sorted_list ~ '[1 + cast(ceil(' ~ rank ~ ') as bigint)]' -%}
    {{ below }} + ({{ rank }} - floor({{ rank }})) * ({{ above }} - {{ below }})
{%- endmacro %}

{% macro spark__value_at_rank(sorted_list, rank) -%}
    {%- set below = 'get(' ~ sorted_list ~ ', cast(floor(' ~ rank ~ ') as int))' -%}
    {%- set above = 'get(' ~ sorted_list ~ ', cast(ceil(' ~ rank ~ ') as int))' -%}
    {{ below }} + ({{ rank }} - floor({{ rank }})) * ({{ above }} - {{ below }})
{%- endmacro %}

{# How many values of a list are under ('<') or over ('>') a limit. #}
{% macro count_values(sorted_list, comparison, limit) %}
    {{ return(adapter.dispatch('count_values', 'anonymart')(sorted_list, comparison, limit)) }}
{% endmacro %}

{% macro duckdb__count_values(sorted_list, comparison, limit) -%}
    len(list_filter({{ sorted_list }}, lambda each : each {{ comparison }} {{ limit }}))
{%- endmacro %}

{% macro spark__count_values(sorted_list, comparison, limit) -%}
    case when {{ sorted_list }} is not null then size(filter({{ sorted_list }}, each -> each {{ comparison }} {{ limit }})) end
{%- endmacro %}

{# The perturbation table of one class as one row of lists of lists, by true count from 0 and by cell key. #}
{% macro perturbation_lists(table, noise) %}
    {{ return(adapter.dispatch('perturbation_lists', 'anonymart')(table, noise)) }}
{% endmacro %}

{% macro duckdb__perturbation_lists(table, noise) -%}
    select
        list(deviations order by true_count) as deviations,
        list(keys_upto order by true_count) as keys_upto
    from (
        select
            true_count,
            list(deviation order by key_from) as deviations,
            list(key_upto order by key_from) as keys_upto
        from {{ table }}
        where noise_class = '{{ noise }}'
        group by true_count
    ) as blocks
{%- endmacro %}

{% macro spark__perturbation_lists(table, noise) -%}
    select
        transform(sort_array(collect_list(struct(true_count, deviations))), each -> each.deviations) as deviations,
        transform(sort_array(collect_list(struct(true_count, keys_upto))), each -> each.keys_upto) as keys_upto
    from (
        select
            true_count,
            transform(sort_array(collect_list(struct(key_from, deviation))), each -> each.deviation) as deviations,
            transform(sort_array(collect_list(struct(key_from, key_upto))), each -> each.key_upto) as keys_upto
        from {{ table }}
        where noise_class = '{{ noise }}'
        group by true_count
    ) as blocks
{%- endmacro %}

{# The deviation whose range of cell keys holds the key, in the block of the count or the last one. #}
{% macro drawn_from_lists(deviations, keys_upto, true_count, cell_key) %}
    {{ return(adapter.dispatch('drawn_from_lists', 'anonymart')(deviations, keys_upto, true_count, cell_key)) }}
{% endmacro %}

{% macro duckdb__drawn_from_lists(deviations, keys_upto, true_count, cell_key) -%}
    {%- set block = 'cast(least(1 + ' ~ true_count ~ ', len(' ~ keys_upto ~ ')) as bigint)' -%}
    {{ deviations }}[{{ block }}][1 + len(list_filter({{ keys_upto }}[{{ block }}], lambda upto : upto <= {{ cell_key }}))]
{%- endmacro %}

{% macro spark__drawn_from_lists(deviations, keys_upto, true_count, cell_key) -%}
    {%- set block = 'cast(least(' ~ true_count ~ ', size(' ~ keys_upto ~ ') - 1) as int)' -%}
    get(get({{ deviations }}, {{ block }}), size(filter(get({{ keys_upto }}, {{ block }}), upto -> upto <= {{ cell_key }})))
{%- endmacro %}

{# A day so many days after another. #}
{% macro add_days(day, days) %}
    {{ return(adapter.dispatch('add_days', 'anonymart')(day, days)) }}
{% endmacro %}

{% macro duckdb__add_days(day, days) -%}
    {{ day }} + {{ days }}
{%- endmacro %}

{% macro spark__add_days(day, days) -%}
    date_add({{ day }}, cast({{ days }} as int))
{%- endmacro %}

{# Every nth month's first day from one date to another, as a table with the column `period_on`. #}
{% macro first_days(first_on, last_on, months) %}
    {{ return(adapter.dispatch('first_days', 'anonymart')(first_on, last_on, months)) }}
{% endmacro %}

{% macro duckdb__first_days(first_on, last_on, months) -%}
    (
        select cast(unnest(generate_series(timestamp '{{ first_on }}', {{ last_on }}, to_months({{ months }}))) as date) as period_on
    )
{%- endmacro %}

{% macro spark__first_days(first_on, last_on, months) -%}
    (
        select explode(sequence(date '{{ first_on }}', {{ last_on }}, interval {{ months }} months)) as period_on
    )
{%- endmacro %}

{# To so many decimals, a half away from zero: on the number as it is stored, not on its shortest decimal form. #}
{% macro rounded(value, decimals=0) %}
    {{ return(adapter.dispatch('rounded', 'anonymart')(value, decimals)) }}
{% endmacro %}

{% macro duckdb__rounded(value, decimals) -%}
    round({{ value }}{{ ', ' ~ decimals if decimals }})
{%- endmacro %}

{% macro spark__rounded(value, decimals) -%}
    {%- if decimals -%}
        round(cast({{ value }} as double) * 1e{{ decimals }}) / 1e{{ decimals }}
    {%- else -%}
        round(cast({{ value }} as double))
    {%- endif -%}
{%- endmacro %}

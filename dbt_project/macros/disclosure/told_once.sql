{# Two rules about who is counted, and where (S-ANON).

   Each cell draws its own noise. The key of a draw is a keyed hash of what the cell is (mart, count, dimensions) and of the sum
   of its people's record keys: equal people in two cells get unlike noise, so that nobody learns the noise of a cell from
   another one whose people they know.

   The same thing is told once. Where a count or a rate is the same figure as another cell's, its measure says so:
   `told_by: {mart, measure, at: {dimension: column or value}}` names the cell that tells it first. Both have one identity, so one
   draw; and once a release has told it, later closings carry it, whoever left meanwhile. #}


{# What a count is, as one text. `places` says how a dimension is written in the query, where it is not a column by its name. #}
{% macro cell_identity(mart, rules, measure, places={}) -%}
    {%- set first = measure.get('told_by') or {} -%}
    {%- set parts = [] -%}
    {%- for name, told in first_dimensions(mart, rules, measure).items() -%}
        {%- if told is string and told in rules.dimensions -%}
            {% do parts.append('cast(' ~ places.get(told, told) ~ ' as string)') %}
        {%- else -%}
            {% do parts.append("'" ~ told ~ "'") %}
        {%- endif -%}
    {%- endfor -%}
    '{{ first.get('mart', mart) }}.{{ first.get('measure', measure.name) }}|' || {{ parts | join(" || '|' || ") }}
{%- endmacro %}


{# The dimensions of the cell that tells a figure first, each with the column or the value that it has here. #}
{% macro first_dimensions(mart, rules, measure) %}
    {%- set first = measure.get('told_by') or {} -%}
    {%- set at = first.get('at') or {} -%}
    {%- if first.get('mart', mart) != mart -%}
        {{ return(at) }}
    {%- endif -%}
    {%- set found = {} -%}
    {%- for name in rules.dimensions -%}
        {% do found.update({name: at.get(name, name)}) %}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{# The key that a draw is looked up by: 32 bits of the keyed hash of an identity and the sum of its people's record keys.
   The query must have the CTE `cell_pads` before it. #}
{% macro draw_key(identity, set_key) -%}
    {{ first_32_bits(cell_hash("'cell|' || " ~ identity ~ " || '|' || cast(" ~ set_key ~ " as string)")) }}
{%- endmacro %}


{# The keys of all draws of a cell: of each count, of the persons with a value, of each sum. #}
{% macro draw_keys(mart, rules) %}
    {%- set columns = [] -%}
    {%- for measure in measures_of(rules, ['count']) -%}
        {% do columns.append(draw_key(cell_identity(mart, rules, measure), 'key_' ~ measure.name) ~ ' as draw_' ~ measure.name) %}
    {%- endfor -%}
    {%- for measure in measures_of(rules, ['mean']) -%}
        {% do columns.append(draw_key(cell_identity(mart, rules, measure), 'key_' ~ measure.base) ~ ' as draw_' ~ measure.name) %}
    {%- endfor -%}
    {%- for measure in quantile_values(rules) -%}
        {%- set with = {'name': 'with_' ~ measure.value} -%}
        {% do columns.append(draw_key(cell_identity(mart, rules, with), 'key_with_' ~ measure.value) ~ ' as draw_with_' ~ measure.value) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{# The measures whose figure an earlier release may have told: the ledger holds the mart that tells it. #}
{% macro carried_measures(mart, rules) %}
    {%- set found = [] -%}
    {%- for measure in rules.measures if measure.get('told_by') and is_told_by_ledger(mart, rules, measure) -%}
        {% do found.append(measure) %}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{% macro is_told_by_ledger(mart, rules, measure) %}
    {%- set other = measure.told_by.get('mart', mart) -%}
    {%- if not ledger_relation('cells_' ~ other) -%}{{ return(false) }}{%- endif -%}
    {%- set first = measure_named(rules if other == mart else disclosure(other), measure.told_by.get('measure', measure.name)) -%}
    {{ return(not first.get('hidden')) }}
{% endmacro %}


{# Figures that are told by another mart of this build, or were told by a release before: one CTE each, named first_<measure>. #}
{% macro first_tellings(mart, rules, first_cells) -%}
{%- set carried = carried_measures(mart, rules) | map(attribute='name') | list -%}
{%- for measure in rules.measures if measure.get('told_by') and (measure.name in carried or is_copied(measure)) %}
{%- set first = measure.told_by -%}
{%- set told = first.get('measure', measure.name) -%}
{%- set columns = (first_dimensions(mart, rules, measure).keys() | list) + [told, told ~ '_reason'] %}
first_{{ measure.name }} as (
    {%- if is_copied(measure) %}
    select
        {{ columns | join(',\n        ') }}
    from {{ first_cells }}
    {%- endif %}
    {%- if measure.name in carried %}
    {{ 'union all' if is_copied(measure) }}
    select
        {{ columns | join(',\n        ') }}
    from {{ ledger_relation('cells_' ~ first.get('mart', mart)) }}
    {%- endif %}
),
{% endfor %}
{%- endmacro %}


{# A rate that another mart tells is copied from there, with its interval and reasons: it is never made a second time. #}
{% macro is_copied(measure) %}
    {{ return(true if measure.get('told_by') and measure.kind in ['rate', 'rate_low', 'rate_high'] else false) }}
{% endmacro %}


{# Joins of `counted` with what was told first. #}
{% macro joined_first_tellings(mart, rules) -%}
{%- set carried = carried_measures(mart, rules) | map(attribute='name') | list -%}
{%- for measure in rules.measures if measure.get('told_by') and (measure.name in carried or is_copied(measure)) %}
    left join first_{{ measure.name }}
        on {{ first_conditions(mart, rules, measure, 'first_' ~ measure.name, 'counted') | join('\n        and ') }}
{%- endfor %}
{%- endmacro %}


{% macro first_conditions(mart, rules, measure, first, here) %}
    {%- set found = [] -%}
    {%- for name, told in first_dimensions(mart, rules, measure).items() -%}
        {%- if told is string and told in rules.dimensions -%}
            {% do found.append(first ~ '.' ~ name ~ ' = ' ~ here ~ '.' ~ told) %}
        {%- else -%}
            {% do found.append(first ~ '.' ~ name ~ " = '" ~ told ~ "'") %}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{# The figure told first, beside what is counted now. A count whose first cell's period is closed and has no row was 0. #}
{% macro first_figures(mart, rules) %}
    {%- set carried = carried_measures(mart, rules) | map(attribute='name') | list -%}
    {%- set columns = [] -%}
    {%- for measure in rules.measures if measure.get('told_by') and (measure.name in carried or is_copied(measure)) -%}
        {%- set told = 'first_' ~ measure.name ~ '.' ~ measure.told_by.get('measure', measure.name) -%}
        {%- if is_copied(measure) -%}
            {% do columns.extend([told ~ ' as told_' ~ measure.name, told ~ '_reason as told_' ~ measure.name ~ '_reason']) %}
        {%- else -%}
            {% do columns.append('case when ' ~ is_closed_before(mart, rules, measure) ~ ' then coalesce(' ~ told ~ ', 0) end as told_' ~ measure.name) %}
        {%- endif -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{# Whether an earlier release has closed the period of the cell that tells a figure first. #}
{% macro is_closed_before(mart, rules, measure) -%}
    {%- set first = measure.told_by -%}
    {%- set places = first_dimensions(mart, rules, measure) -%}
    {%- set other = rules if first.get('mart', mart) == mart else disclosure(first.mart) -%}
    {%- set key = [] -%}
    {%- for name in [other.period.column] + observed_dimensions(other) -%}
        {%- set told = places[name] -%}
        {% do key.append('cast(counted.' ~ told ~ ' as string)' if told is string and told in rules.dimensions else "'" ~ told ~ "'") %}
    {%- endfor -%}
    (
            select count(*) from {{ ledger_relation('closed_periods') }} as closed_before
            where closed_before.mart = '{{ first.get('mart', mart) }}' and closed_before.period_key = {{ key | join(" || '|' || ") }}
        ) > 0
{%- endmacro %}

{# The true figures of a cell, in one pass over its people. They stay in the warehouse. #}
{% macro true_figures(rules) %}
    {%- set columns = ['min(closing_on) as earliest_closing_on'] -%}
    {%- for measure in measures_of(rules, ['count']) -%}
        {% do columns.extend(count_of_persons(measure.name, measure.get('where'))) %}
    {%- endfor -%}
    {%- for measure in measures_of(rules, ['mean']) -%}
        {%- set where = measure_named(rules, measure.base).get('where') -%}
        {%- set bounded = 'least(' ~ measure.value ~ ', ' ~ policy('means', 'largest_events_per_person') ~ ')' -%}
        {%- set filter = ' filter (where ' ~ where ~ ')' if where else '' -%}
        {% do columns.append('coalesce(sum(' ~ bounded ~ ')' ~ filter ~ ', 0) as sum_' ~ measure.name) %}
        {% do columns.append('coalesce(max(' ~ bounded ~ ')' ~ filter ~ ', 0) as largest_' ~ measure.name) %}
    {%- endfor -%}
    {%- for measure in quantile_values(rules) -%}
        {% do columns.extend(count_of_persons('with_' ~ measure.value, measure.value ~ ' is not null')) %}
        {% do columns.append(sorted_values(measure.value) ~ ' as all_' ~ measure.value) %}
    {%- endfor -%}
    {%- for measure in measures_of(rules, ['quantile']) -%}
        {% do columns.append(interpolated_quantile(measure.value, measure.quantile) ~ ' as true_' ~ measure.name) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{# The same of a cell without anybody, in the same order. #}
{% macro no_figures(rules) %}
    {%- set columns = ['cast(null as date) as earliest_closing_on'] -%}
    {%- for measure in measures_of(rules, ['count']) -%}
        {% do columns.extend(['0 as true_' ~ measure.name, '0 as key_' ~ measure.name]) %}
    {%- endfor -%}
    {%- for measure in measures_of(rules, ['mean']) -%}
        {% do columns.extend(['0 as sum_' ~ measure.name, '0 as largest_' ~ measure.name]) %}
    {%- endfor -%}
    {%- for measure in quantile_values(rules) -%}
        {% do columns.extend(['0 as true_with_' ~ measure.value, '0 as key_with_' ~ measure.value, 'null as all_' ~ measure.value]) %}
    {%- endfor -%}
    {%- for measure in measures_of(rules, ['quantile']) -%}
        {% do columns.append('null as true_' ~ measure.name) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{# A count of persons and the sum of their record keys, of which its draw is made. #}
{% macro count_of_persons(name, where) %}
    {%- set filter = ' filter (where ' ~ where ~ ')' if where else '' -%}
    {{ return([
        'count(*)' ~ filter ~ ' as true_' ~ name,
        'cast(coalesce(sum(record_key)' ~ filter ~ ', 0) % ' ~ cell_key_modulus() ~ ' as bigint) as key_' ~ name,
    ]) }}
{% endmacro %}


{# The perturbed count beside each true one (noisy_<name> where it is made consistent after), and what the rules for quantiles and money look at. #}
{% macro perturbed_figures(mart, rules, withdrawn) %}
    {%- set carried = carried_measures(mart, rules) | map(attribute='name') | list -%}
    {%- set columns = ['recalled.recalled_period'] if withdrawn else [] -%}
    {%- if consistent_counts(rules) -%}
        {% do columns.append(('recalled_periods.recalled_period is not null' if withdrawn else 'false') ~ ' as is_corrected') %}
    {%- endif -%}
    {%- for measure in plain_counts(rules) if withdrawn -%}
        {% do columns.append('recalled.recalled_' ~ measure.name) %}
    {%- endfor -%}
    {%- for measure in measures_of(rules, ['count']) -%}
        {%- set perturbed = perturb_count('true_' ~ measure.name, 'draw_' ~ measure.name, noise_of(rules, measure)) -%}
        {%- if measure.name in carried -%}{%- set perturbed = 'coalesce(told_' ~ measure.name ~ ', ' ~ perturbed ~ ')' -%}{%- endif -%}
        {% do columns.append(corrected_count(rules, measure, perturbed, withdrawn) ~ ' as ' ~ noisy(rules, measure.name)) %}
    {%- endfor -%}
    {%- for measure in quantile_values(rules) -%}
        {%- set with = 'with_' ~ measure.value -%}
        {% do columns.append(perturb_count('true_' ~ with, 'draw_' ~ with, rules.noise) ~ ' as perturbed_' ~ with) %}
        {%- if measure.get('money') -%}
            {% do columns.extend(dominance('all_' ~ measure.value, measure.value)) %}
        {%- endif -%}
    {%- endfor -%}
    {%- for measure in measures_of(rules, ['quantile']) -%}
        {% do columns.extend(persons_each_side(measure)) %}
        {% do columns.append(drawn_rank(measure) ~ ' as rank_' ~ measure.name) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}

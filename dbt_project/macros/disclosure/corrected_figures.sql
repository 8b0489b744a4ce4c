{# A correction computes the cells of a recalled release anew, without those who left meanwhile. The same persons draw the same
   noise, so any figure that moved would say that somebody who left was in the cell, and any that stayed that nobody was.
   So a count moves only when it moves by as many persons as policy nesting.smallest_difference; else it stays as it was
   recalled. A quantile, a mean or a rate of hidden counts comes out as it was, or is protected: a few persons could have
   moved it. But such a rate may move with a shown count. #}

{# The figures of each cell as they were recalled; a cell may have been recalled more than once, the last time counts. #}
{% macro recalled_cells(rules, withdrawn) -%}
{%- set dimensions = rules.dimensions | list -%}
versions as (
    select
        *,
        row_number() over (partition by {{ dimensions | join(', ') }} order by version desc) as age
    from {{ withdrawn }}
),

recalled as (
    select
        {{ (dimensions + recalled_figures(rules)) | join(',\n        ') }}
    from versions
    group by {{ dimensions | join(', ') }}
)
{%- endmacro %}


{% macro recalled_figures(rules) %}
    {%- set columns = [] -%}
    {%- for measure in shown_measures(rules) if measure.kind == 'count' -%}
        {% do columns.append('max(case when age = 1 then ' ~ measure.name ~ ' end) as recalled_' ~ measure.name) %}
    {%- endfor -%}
    {%- for measure in figures_that_must_stay(rules) -%}
        {% do columns.extend(['min(' ~ measure.name ~ ') as least_' ~ measure.name, 'max(' ~ measure.name ~ ') as greatest_' ~ measure.name]) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{% macro figures_that_must_stay(rules) %}
    {%- set found = [] -%}
    {%- for measure in shown_measures(rules) if measure.kind in ['quantile', 'mean'] or hidden_parts(rules, rate_of(rules, measure)) -%}
        {% do found.append(measure) %}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{# The rate that an end of an interval belongs to; any other measure itself. #}
{% macro rate_of(rules, measure) %}
    {{ return(measure_named(rules, measure.rate) if measure.kind in ['rate_low', 'rate_high'] else measure) }}
{% endmacro %}


{# The hidden counts of a rate. #}
{% macro hidden_parts(rules, measure) %}
    {%- set found = [] -%}
    {%- for name in [measure.numerator, measure.denominator] if measure.kind == 'rate' and measure_named(rules, name).get('hidden') -%}
        {% do found.append(name) %}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{# Columns that are looked at once the figures are made. #}
{% macro recalled_ranges(rules) %}
    {%- set columns = [] -%}
    {%- for measure in shown_measures(rules) if measure.kind == 'count' -%}
        {% do columns.append('recalled.recalled_' ~ measure.name) %}
    {%- endfor -%}
    {%- for measure in figures_that_must_stay(rules) -%}
        {% do columns.extend(['recalled.least_' ~ measure.name, 'recalled.greatest_' ~ measure.name]) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{# A perturbed count, or the recalled one where the two are near. #}
{% macro corrected_count(measure, perturbed, withdrawn) -%}
    {%- if not withdrawn or measure.get('hidden') -%}
{{ perturbed }}
    {%- else -%}
case
            when abs(recalled.recalled_{{ measure.name }} - {{ perturbed }}) < {{ policy('nesting', 'smallest_difference') }}
                then recalled.recalled_{{ measure.name }}
            else {{ perturbed }}
        end
    {%- endif -%}
{%- endmacro %}


{# A figure and its reason as they leave: as they are, but for one that must stay and did not. A rate and its interval stay together. #}
{% macro figure_and_reason(rules, measure, withdrawn) %}
    {%- if withdrawn and measure.name in figures_that_must_stay(rules) | map(attribute='name') | list -%}
        {%- set rate = rate_of(rules, measure) -%}
        {%- set unmoved = [] -%}
        {%- for each in figures_that_must_stay(rules) if rate_of(rules, each).name == rate.name -%}
            {%- set is_as_recalled = each.name ~ ' = least_' ~ each.name ~ ' and ' ~ each.name ~ ' = greatest_' ~ each.name -%}
            {% do unmoved.append('coalesce(' ~ is_as_recalled ~ ', true)') %}
        {%- endfor -%}
        {%- set stays = [unmoved | join(' and ')] -%}
        {%- for name in [rate.numerator, rate.denominator] if rate.kind == 'rate' and name not in hidden_parts(rules, rate) -%}
            {% do stays.append('perturbed_' ~ name ~ ' <> recalled_' ~ name) %}
        {%- endfor -%}
        {{ return([
            'case when ' ~ (stays | join(' or ')) ~ ' then ' ~ measure.name ~ ' end as ' ~ measure.name,
            'case when ' ~ (stays | join(' or ')) ~ ' then ' ~ measure.name ~ "_reason else 'protected' end as " ~ measure.name ~ '_reason',
        ]) }}
    {%- endif -%}
    {{ return([measure.name, measure.name ~ '_reason']) }}
{% endmacro %}

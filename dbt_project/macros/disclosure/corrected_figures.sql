{# A correction computes the cells of a recalled release anew. Counts come out with the noise of the persons that are there
   now, but a quantile has no noise: shown beside the recalled one, it would tell what a person who has come or gone
   meanwhile had. So a quantile that was shown comes out as it was, or it is protected. #}

{% macro corrected_cells(rules, withdrawn) -%}
{%- set dimensions = rules.dimensions | list -%}
recalled as (
    select
        {{ (dimensions + recalled_range(rules)) | join(',\n        ') }}
    from {{ withdrawn }}
    group by {{ dimensions | join(', ') }}
),

corrected as (
    select
        {{ (['published.*'] + changed_flags(rules)) | join(',\n        ') }}
    from published
    left join recalled
        on {% for name in dimensions %}{{ '\n        and ' if not loop.first }}recalled.{{ name }} = published.{{ name }}{% endfor %}
)
{%- endmacro %}


{# A cell may have been recalled more than once. #}
{% macro recalled_range(rules) %}
    {%- set columns = [] -%}
    {%- for measure in measures_of(rules, ['quantile']) -%}
        {% do columns.extend(['min(' ~ measure.name ~ ') as least_' ~ measure.name, 'max(' ~ measure.name ~ ') as greatest_' ~ measure.name]) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{% macro changed_flags(rules) %}
    {%- set columns = [] -%}
    {%- for measure in measures_of(rules, ['quantile']) -%}
        {%- set figure = 'published.' ~ measure.name -%}
        {% do columns.append(
            'coalesce(' ~ figure ~ ' <> recalled.least_' ~ measure.name ~ ' or ' ~ figure ~ ' <> recalled.greatest_' ~ measure.name
            ~ ', false) as is_changed_' ~ measure.name
        ) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{# A figure and its reason as they leave: as they are, but for a quantile that is not the recalled one. #}
{% macro figure_and_reason(measure, withdrawn) %}
    {%- if withdrawn and measure.kind == 'quantile' -%}
        {{ return([
            'case when not is_changed_' ~ measure.name ~ ' then ' ~ measure.name ~ ' end as ' ~ measure.name,
            'case when is_changed_' ~ measure.name ~ " then 'protected' else " ~ measure.name ~ '_reason end as ' ~ measure.name ~ '_reason',
        ]) }}
    {%- endif -%}
    {{ return([measure.name, measure.name ~ '_reason']) }}
{% endmacro %}

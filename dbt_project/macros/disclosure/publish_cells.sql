{# A mart: the published columns of the cells that close now, and the cells of earlier releases exactly as the ledger holds
   them. Nothing is computed here. #}
{% macro publish_cells(mart, cells) -%}
{%- if not execute -%}
select 1 as not_compiled
{%- else -%}
{%- set rules = disclosure(mart) -%}
{%- set columns = mart_columns(rules) -%}
{%- set carried = ledger_relation('cells_' ~ mart) -%}
with new_cells as (
    select
        {{ columns | join(',\n        ') }}
    from {{ cells }}
)
{%- if carried -%}
,

carried_cells as (
    select
        {{ columns | join(',\n        ') }}
    from {{ carried }}
)
{%- endif %}

select * from new_cells
{% if carried -%}
union all
select * from carried_cells
{% endif -%}
order by {{ rules.dimensions | join(', ') }}
{%- endif -%}
{%- endmacro %}


{# The columns of a mart: dimensions, each figure with its reason, and whether the cell is complete. #}
{% macro mart_columns(rules) %}
    {%- set columns = rules.dimensions | list -%}
    {%- for measure in shown_measures(rules) -%}
        {% do columns.extend([measure.name, measure.name ~ '_reason']) %}
    {%- endfor -%}
    {{ return(columns + ['is_complete']) }}
{% endmacro %}


{# Every figure of a cell as it may be published, but for the intervals of rates: NULL where it has a reason. #}
{% macro published_figures(rules) %}
    {%- set columns = [] -%}
    {%- for measure in rules.measures if measure.kind not in ['rate_low', 'rate_high'] -%}
        {%- if measure.kind == 'count' -%}
            {%- set value = 'case when ' ~ measure.name ~ '_reason is null then perturbed_' ~ measure.name ~ ' end' -%}
        {%- elif measure.kind == 'quantile' -%}
            {%- set value = quantile_value(measure) -%}
        {%- elif measure.kind == 'rate' -%}
            {%- set value = rate_value(measure) -%}
        {%- elif measure.kind == 'mean' -%}
            {%- set value = mean_value(rules, measure) -%}
        {%- else -%}
            {%- set value = nps_value(rules, measure) -%}
        {%- endif -%}
        {% do columns.append(value ~ ' as ' ~ measure.name) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}

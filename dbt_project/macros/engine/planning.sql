{# A query of this statement whose rows are made before a filter after it is looked at. Where a planner moves filters to where rows are
   read, it writes the whole way of a figure out once for each mention of it: minutes in place of seconds. No filter passes a window. #}
{% macro made_before(query) %}
    {{ return(adapter.dispatch('made_before', 'anonymart')(query)) }}
{% endmacro %}

{% macro duckdb__made_before(query) -%}
    {{ query }}
{%- endmacro %}

{% macro spark__made_before(query) -%}
    (select *, count(*) over () as n_rows_of_all from {{ query }} as made)
{%- endmacro %}

{# The parts of a long statement, one after the other: each has the text of its queries, the name of the last of them, and whether an
   engine that would make them anew for each mention makes it first, as a table of its own. #}
{% macro in_parts(statement, parts) %}
    {{ return(adapter.dispatch('in_parts', 'anonymart')(statement, parts)) }}
{% endmacro %}

{% macro duckdb__in_parts(statement, parts) -%}
    {{ parts | map(attribute='text') | map('trim') | join(',\n\n') }}
{%- endmacro %}

{% macro spark__in_parts(statement, parts) -%}
    {%- set found = [] -%}
    {%- for part in parts -%}
        {%- if part.is_made and execute -%}
            {%- set made = 'made_first.' ~ statement ~ '__' ~ part.name -%}
            {% do adapter.execute('create database if not exists made_first', fetch=false) %}
            {% do adapter.execute('drop table if exists ' ~ made, fetch=false) %}
            {% do adapter.execute('create table ' ~ made ~ ' using parquet as with\n' ~ ((found + [part.text]) | join(',\n\n')) ~ '\nselect * from ' ~ part.name, fetch=false) %}
            {% do found.append(part.name ~ ' as (select * from ' ~ made ~ ')') %}
        {%- else -%}
            {% do found.append(part.text) %}
        {%- endif -%}
    {%- endfor -%}
    {{ found | join(',\n\n') }}
{%- endmacro %}

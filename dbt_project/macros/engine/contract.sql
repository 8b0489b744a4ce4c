{# Contracts name types in words that both dialects know but one: varchar has no length in DuckDB, and must have one here.
   dbt calls these macros in place of its own. #}
{% macro spark__get_empty_schema_sql(columns) -%}
    {%- set found = [] -%}
    {%- for name, column in columns.items() -%}
        {%- set type = 'string' if column['data_type'] == 'varchar' else column['data_type'] -%}
        {% do found.append('cast(null as ' ~ type ~ ') as ' ~ column['name']) %}
    {%- endfor -%}
    select {{ found | join(', ') }}
    where false
    limit 0
{%- endmacro %}

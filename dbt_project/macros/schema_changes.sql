{# A history table of an older home gains the columns that its model has and it has not, empty for old rows: `full_refresh: false` means
   that it is never made anew. A column that is gone or has another type stops the build, as it needs a step of `anonymart migrate`.
   dbt calls this macro in each incremental model, in place of its own. #}
{% macro default__process_schema_changes(on_schema_change, source_relation, target_relation) %}
    {%- set changes = check_for_schema_changes(source_relation, target_relation) -%}
    {%- if changes['target_not_in_source'] or changes['new_target_types'] -%}
        {%- do exceptions.raise_compiler_error(
            'The history table ' ~ target_relation.identifier ~ ' of this home has other columns or types than its model: '
            ~ 'it needs a step of anonymart migrate (plugins/anonymart/migrate/steps.py)'
        ) -%}
    {%- endif -%}
    {%- if changes['source_not_in_target'] -%}
        {%- do sync_column_schemas('append_new_columns', target_relation, changes) -%}
    {%- endif -%}
    {{ return(changes['source_columns']) }}
{% endmacro %}

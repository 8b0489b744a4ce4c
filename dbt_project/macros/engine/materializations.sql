{# A table or a view is made in place, in one transaction: a reader sees the old one or the new one, and what is killed leaves nothing under
   another name. dbt-duckdb makes one beside it, renames both, looks for indexes and keys, and drops the old one: up to ten statements.
   What no model here has (hooks, grants, indexes, comments) is refused, not left out in silence. #}
{% materialization table, adapter="duckdb", supported_languages=['sql'] %}
    {{ return(made_in_place('table')) }}
{% endmaterialization %}

{% materialization view, adapter="duckdb", supported_languages=['sql'] %}
    {{ return(made_in_place('view')) }}
{% endmaterialization %}

{% macro made_in_place(kind) %}
    {%- if pre_hooks or post_hooks or config.get('grants') or config.get('indexes') or config.get('persist_docs') or config.get('sql_header') -%}
        {%- do exceptions.raise_compiler_error(
            'The model ' ~ this.identifier ~ ' has hooks, grants, indexes, persist_docs or a sql_header, which macros/engine/materializations.sql '
            ~ 'does not carry out: take them away or teach it.'
        ) -%}
    {%- endif -%}
    {%- set made = this.incorporate(type=kind) -%}
    {%- set before = load_cached_relation(this) -%}
    {%- if before is not none and before.type != kind -%}
        {%- do adapter.ensure_transaction() -%}
        {%- do adapter.drop_relation(before) -%}
    {%- endif -%}
    {%- set is_promised = config.get('contract').enforced -%}
    {%- if is_promised -%}
        {{ get_assert_columns_equivalent(sql) }}
    {%- endif -%}
    {% call statement('main') -%}
        {% if kind == 'table' and is_promised -%}
            create or replace table {{ made }} {{ get_table_columns_and_constraints() }};
            insert into {{ made }} {{ get_column_names() }} ({{ get_select_subquery(sql) }});
        {%- else -%}
            create or replace {{ kind }} {{ made }} as (
            {{ sql }}
            );
        {%- endif %}
    {%- endcall %}
    {%- do adapter.commit() -%}
    {{ return({'relations': [made]}) }}
{% endmacro %}

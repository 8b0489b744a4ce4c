{# Where a build reads what the vault lends it: its tables where the vault is attached, copies of a few of them on another engine
   (plugins/anonymart/engines/handover.py says which). #}
{% macro vault_table(schema, table) %}
    {{ return(adapter.dispatch('vault_table', 'anonymart')(schema, table)) }}
{% endmacro %}

{% macro duckdb__vault_table(schema, table) -%}
    {{ return('vault.' ~ schema ~ '.' ~ table) }}
{%- endmacro %}

{% macro spark__vault_table(schema, table) -%}
    {{ return(schema ~ '.' ~ table) }}
{%- endmacro %}

{# A table of the ledger as a relation, or none where it is not there. #}
{% macro ledger_table(table) %}
    {{ return(adapter.dispatch('ledger_table', 'anonymart')(table)) }}
{% endmacro %}

{% macro duckdb__ledger_table(table) -%}
    {{ return(adapter.get_relation(database='vault', schema='ledger', identifier=table)) }}
{%- endmacro %}

{% macro spark__ledger_table(table) -%}
    {{ return(api.Relation.create(schema='ledger', identifier=table) if table in var('ledger_tables', []) else none) }}
{%- endmacro %}

{# A table of the vault's ledger, or none while no release was ever published.
   It is no source: a source must exist, and the ledger of cells begins with the first release. #}
{% macro ledger_relation(name) %}
    {{ return(adapter.get_relation(database='vault', schema='ledger', identifier=name)) }}
{% endmacro %}

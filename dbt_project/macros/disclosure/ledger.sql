{# A table of the vault's ledger, or none while no release was ever published.
   It is no source: a source must exist, and the ledger of cells begins with the first release. #}
{% macro ledger_relation(name) %}
    {{ return(ledger_table(name)) }}
{% endmacro %}


{# The versions of a mart's cells that were recalled, or none. #}
{% macro withdrawn_relation(mart) %}
    {{ return(ledger_table('withdrawn_' ~ mart)) }}
{% endmacro %}

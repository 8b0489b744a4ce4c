{# The keys come from the one-row TEMP table that the plugin makes for each cursor; they are read here and nowhere else. #}
{% macro pseudonym_hash(message) -%}
    {{ hmac_sha256('(select pseudonym_key from anonymart_keys)', message) }}
{%- endmacro %}

{% macro record_hash(message) -%}
    {{ hmac_sha256('(select record_key from anonymart_keys)', message) }}
{%- endmacro %}

{# The pads of the record key as a CTE `cell_pads`, and the keyed hash of what a cell is. #}
{% macro cell_pads() -%}
    {{ hmac_pads('(select record_key from anonymart_keys)') }}
{%- endmacro %}

{% macro cell_hash(message) -%}
    {{ hmac_of_pads('cell_pads', message) }}
{%- endmacro %}

{# The name under which the history knows an identifier: 64 bits of its keyed hash. #}
{% macro identity_key(identifier) -%}
    {{ first_64_bits(pseudonym_hash(identifier)) }}
{%- endmacro %}

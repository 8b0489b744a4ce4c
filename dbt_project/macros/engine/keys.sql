{# The keys come from the one-row TEMP table that the plugin makes for each cursor; they are read here and nowhere else. #}
{# A key `pseudonym` that was rotated hashes what the ones before it gave, cut to 64 bits (anonymart.rotate). #}
{% macro pseudonym_hash(message) -%}
    {%- set links = var('pseudonym_links', 1) -%}
    {%- if links == 1 -%}
        {{ hmac_sha256('(select pseudonym_key from anonymart_keys)', message) }}
    {%- else -%}
        {{ linked_hash(links, links, message) }}
    {%- endif -%}
{%- endmacro %}

{% macro linked_hash(link, links, message) -%}
    {%- set key = '(select pseudonym_key_' ~ link ~ '_of_' ~ links ~ ' from anonymart_keys)' -%}
    {%- set hashed = message if link == 1 else 'substr(' ~ linked_hash(link - 1, links, message) ~ ', 1, 16)' -%}
    {{ hmac_sha256(key, hashed) }}
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

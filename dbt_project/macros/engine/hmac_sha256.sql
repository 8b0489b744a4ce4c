{# HMAC-SHA256 (RFC 2104) as 64 hexadecimal digits. The key is an expression that gives hexadecimal digits.
   A key that is missing or NULL is an error and never a NULL: what has no pseudonym must not get an empty one. #}
{% macro hmac_sha256(key_hex, message) %}
    {{ return(adapter.dispatch('hmac_sha256', 'anonymart')(key_hex, message)) }}
{% endmacro %}

{% macro duckdb__hmac_sha256(key_hex, message) -%}
    sha256({{ hmac_pad(key_hex, '5c') }} || unhex(sha256({{ hmac_pad(key_hex, '36') }} || encode({{ message }}))))
{%- endmacro %}

{# The same in a query that makes many hashes with one key: its pads as a row of their own (hmac_pads), read by hmac_of_pads. #}
{% macro hmac_pads(key_hex) %}
    {{ return(adapter.dispatch('hmac_pads', 'anonymart')(key_hex)) }}
{% endmacro %}

{% macro duckdb__hmac_pads(key_hex) -%}
    select
        {{ hmac_pad(key_hex, '36') }} as inner_pad,
        {{ hmac_pad(key_hex, '5c') }} as outer_pad
{%- endmacro %}

{% macro hmac_of_pads(pads, message) %}
    {{ return(adapter.dispatch('hmac_of_pads', 'anonymart')(pads, message)) }}
{% endmacro %}

{% macro duckdb__hmac_of_pads(pads, message) -%}
    sha256((select outer_pad from {{ pads }}) || unhex(sha256((select inner_pad from {{ pads }}) || encode({{ message }}))))
{%- endmacro %}

{# The key, filled to the 64 bytes of a block, xor one byte. A subquery without outer columns runs once, not per row. #}
{% macro hmac_pad(key_hex, byte_hex) -%}
    (
        select
            case
                when key_hex is null then error('The key table of this connection holds no key: run dbt through anonymart build.')
                else xor(
                    cast(unhex(rpad(if(length(key_hex) > 128, sha256(unhex(key_hex)), key_hex), 128, '0')) as bit),
                    cast(unhex(repeat('{{ byte_hex }}', 64)) as bit)
                )::blob
            end
        from (select {{ key_hex }} as key_hex)
    )
{%- endmacro %}

{# The first bits of a hash written in hexadecimal: 64 as a signed BIGINT, 32 as 0 to 2^32 - 1. #}
{% macro first_64_bits(hash_hex) %}
    {{ return(adapter.dispatch('first_64_bits', 'anonymart')(hash_hex)) }}
{% endmacro %}

{% macro duckdb__first_64_bits(hash_hex) -%}
    cast(cast(unhex(substr({{ hash_hex }}, 1, 16)) as bit) as bigint)
{%- endmacro %}

{% macro first_32_bits(hash_hex) %}
    {{ return(adapter.dispatch('first_32_bits', 'anonymart')(hash_hex)) }}
{% endmacro %}

{% macro duckdb__first_32_bits(hash_hex) -%}
    cast(cast(unhex(substr({{ hash_hex }}, 1, 8)) as bit) as bigint)
{%- endmacro %}

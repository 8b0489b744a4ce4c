{# HMAC-SHA256 (RFC 2104) as 64 hexadecimal digits. The key is an expression that gives hexadecimal digits.
   A key that is missing or NULL is an error and never a NULL: what has no pseudonym must not get an empty one. #}
{% macro hmac_sha256(key_hex, message) %}
    {{ return(adapter.dispatch('hmac_sha256', 'anonymart')(key_hex, message)) }}
{% endmacro %}

{% macro duckdb__hmac_sha256(key_hex, message) -%}
    sha256({{ hmac_pad(key_hex, '5c') }} || unhex(sha256({{ hmac_pad(key_hex, '36') }} || encode({{ message }}))))
{%- endmacro %}

{% macro spark__hmac_sha256(key_hex, message) -%}
    {{ spark__hmac_of_texts(spark__hmac_pad(key_hex, '36'), spark__hmac_pad(key_hex, '5c'), message) }}
{%- endmacro %}

{# Pads are hexadecimal digits here. #}
{% macro spark__hmac_of_texts(inner_pad, outer_pad, message) -%}
    sha2(
        unhex(concat({{ outer_pad }}, sha2(unhex(concat({{ inner_pad }}, hex({{ message }}))), 256))), 256
    )
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

{% macro spark__hmac_pads(key_hex) -%}
    select
        {{ spark__hmac_pad(key_hex, '36') }} as inner_pad,
        {{ spark__hmac_pad(key_hex, '5c') }} as outer_pad
{%- endmacro %}

{% macro hmac_of_pads(pads, message) %}
    {{ return(adapter.dispatch('hmac_of_pads', 'anonymart')(pads, message)) }}
{% endmacro %}

{% macro duckdb__hmac_of_pads(pads, message) -%}
    sha256((select outer_pad from {{ pads }}) || unhex(sha256((select inner_pad from {{ pads }}) || encode({{ message }}))))
{%- endmacro %}

{% macro spark__hmac_of_pads(pads, message) -%}
    {{ spark__hmac_of_texts('(select inner_pad from ' ~ pads ~ ')', '(select outer_pad from ' ~ pads ~ ')', message) }}
{%- endmacro %}

{# The key, filled to the 64 bytes of a block, xor one byte. A subquery without outer columns runs once, not per row. #}
{% macro hmac_pad(key_hex, byte_hex) %}
    {{ return(adapter.dispatch('hmac_pad', 'anonymart')(key_hex, byte_hex)) }}
{% endmacro %}

{% macro duckdb__hmac_pad(key_hex, byte_hex) -%}
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

{# No engine of this dialect has an xor of bytes: four bytes at a time are numbers. An aggregate is not looked through by a planner that
   would take the error for a value that nobody needs. #}
{% macro spark__hmac_pad(key_hex, byte_hex) -%}
    {%- set mask = {'36': 909522486, '5c': 1549556828}[byte_hex] -%}
    {%- set parts = [] -%}
    {%- for start in range(1, 129, 8) -%}
        {%- set _ = parts.append("lpad(lower(hex(cast(conv(substr(filled, " ~ start ~ ", 8), 16, 10) as bigint) ^ " ~ mask ~ ")), 8, '0')") -%}
    {%- endfor -%}
    (
        select concat({{ parts | join(', ') }})
        from (
            select rpad(case when length(key_hex) > 128 then sha2(unhex(key_hex), 256) else key_hex end, 128, '0') as filled
            from (
                select
                    case
                        when count(given.key_hex) = 0
                            then raise_error('The key table of this connection holds no key: run dbt through anonymart compare-engines.')
                        else max(given.key_hex)
                    end as key_hex
                from (select {{ key_hex }} as key_hex) as given
            ) as checked
        ) as padded
    )
{%- endmacro %}

{# The first bits of a hash written in hexadecimal: 64 as a signed BIGINT, 32 as 0 to 2^32 - 1. #}
{% macro first_64_bits(hash_hex) %}
    {{ return(adapter.dispatch('first_64_bits', 'anonymart')(hash_hex)) }}
{% endmacro %}

{% macro duckdb__first_64_bits(hash_hex) -%}
    cast(cast(unhex(substr({{ hash_hex }}, 1, 16)) as bit) as bigint)
{%- endmacro %}

{% macro spark__first_64_bits(hash_hex) -%}
    {%- set upper = spark__first_32_bits(hash_hex) -%}
    (
        ({{ upper }} - case when {{ upper }} >= 2147483648 then 4294967296 else 0 end) * 4294967296
        + {{ spark__first_32_bits('substr(' ~ hash_hex ~ ', 9, 8)') }}
    )
{%- endmacro %}

{% macro first_32_bits(hash_hex) %}
    {{ return(adapter.dispatch('first_32_bits', 'anonymart')(hash_hex)) }}
{% endmacro %}

{% macro duckdb__first_32_bits(hash_hex) -%}
    cast(cast(unhex(substr({{ hash_hex }}, 1, 8)) as bit) as bigint)
{%- endmacro %}

{% macro spark__first_32_bits(hash_hex) -%}
    cast(conv(substr({{ hash_hex }}, 1, 8), 16, 10) as bigint)
{%- endmacro %}

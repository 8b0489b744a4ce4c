{# The only ways by which a model learns its date and the figures of the law.
   Both stop the run when what they need is missing: nothing falls back on the machine's clock or on a habit. #}

{# The last day that this build knows of, as a SQL date literal. #}
{% macro as_of() -%}
    {%- set value = var('as_of', none) -%}
    {%- if value is none or not modules.re.fullmatch('[0-9]{4}-[0-9]{2}-[0-9]{2}', value | string) -%}
        {{ exceptions.raise_compiler_error("The var as_of is missing or not a date like 2026-06-30: pass it with --vars.") }}
    {%- endif -%}
    date '{{ value }}'
{%- endmacro %}

{# An entry of expectations/policy.yml: policy('counts', 'smallest') gives 3. Lists come as lists.
   The linter can pass texts only, so the var may also be the same content as JSON. #}
{% macro policy() -%}
    {%- set found = namespace(value=var('policy', none)) -%}
    {%- if found.value is string -%}
        {%- set found.value = fromjson(found.value) -%}
    {%- endif -%}
    {%- for name in varargs -%}
        {%- if found.value is not mapping or name not in found.value -%}
            {{ exceptions.raise_compiler_error(
                "The policy has no entry " ~ (varargs | join('.')) ~ ": pass expectations/policy.yml as the var policy."
            ) }}
        {%- endif -%}
        {%- set found.value = found.value[name] -%}
    {%- endfor -%}
    {{ return(found.value) }}
{%- endmacro %}

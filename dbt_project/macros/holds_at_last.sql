{#- Asked for, and not lifted later; of two requests of one moment the lifting one has no effect. -#}
{% macro holds_at_last(kind) -%}
    coalesce(
        max(requests.received_at) filter (where requests.request_kind = '{{ kind }}' and not requests.is_lift)
        >= coalesce(
            max(requests.received_at) filter (where requests.request_kind = '{{ kind }}' and requests.is_lift),
            timestamp '0001-01-01'
        ),
        false
    )
{%- endmacro %}

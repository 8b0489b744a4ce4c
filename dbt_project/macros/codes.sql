{# The codes of one list, as a subquery: only these may stand in a dimension. #}
{% macro codes(code_list) -%}
    (select listed.code from {{ ref('int_code_lists') }} as listed where listed.code_list = '{{ code_list }}')
{%- endmacro %}

{# In a history table: the loads that it has not taken yet. Its rows and its greatest load number are committed together,
   so a kill between two models loses nothing and doubles nothing, and an empty table only means that all is still new. #}
{% macro new_loads(column='load_no') -%}
    {%- if is_incremental() -%}
        {{ column }} > (select coalesce(max(seen.load_no), 0) from {{ this }} as seen)
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

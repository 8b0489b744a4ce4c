{# The single place that turns a true count of persons into the count that may be published.
   Both arguments are whole numbers: the true count, and the cell key (the sum of its persons' record keys modulo 2^32),
   from which the noise will be drawn. For now a count is rounded to a multiple of policy counts.round_to, half up. #}
{% macro perturb_count(true_count, cell_key) -%}
    {%- set step = policy('counts', 'round_to') -%}
    cast((2 * {{ true_count }} + {{ step }}) // {{ 2 * step }} * {{ step }} as integer)
{%- endmacro %}


{# Variance that perturb_count adds to a count: that of rounding to a step, if all remainders are alike. #}
{% macro noise_variance() -%}
    {%- set step = policy('counts', 'round_to') -%}
    {{ return((step * step - 1) / 12) }}
{%- endmacro %}


{# The smallest number that a cell key does not reach: record keys have 32 bits. #}
{% macro cell_key_modulus() -%}
    {{ return(4294967296) }}
{%- endmacro %}


{# Truth: this count is over zero and too small to be published by itself. #}
{% macro is_too_few(true_count, rounded_count) -%}
    {{ true_count }} > 0 and {{ rounded_count }} < {{ policy('counts', 'threshold') }}
{%- endmacro %}

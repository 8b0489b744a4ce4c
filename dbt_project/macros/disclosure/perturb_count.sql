{# The single place that turns true figures of persons into those that may be published: the cell key method.
   The cell key is a keyed hash of what the cell is and of its persons' record keys (told_once.sql); the seed perturbation_table
   says which deviation a count gets from it. The same persons get the same noise whenever the same cell is counted, and
   another noise in each other cell. Integers throughout. The query must have the CTE `noise` (perturbation_lists) before it. #}
{% macro perturb_count(true_count, cell_key) -%}
    cast({{ true_count }} + {{ drawn_deviation(true_count, cell_key) }} as integer)
{%- endmacro %}


{# A sum of bounded contributions, with noise in proportion to the largest of them (policy means.noise_of_largest) times the
   deviation that a large count would get. Its draw is its own, so that sum and count do not err together. #}
{% macro perturb_sum(true_sum, largest, cell_key) -%}
    greatest(0, {{ true_sum }} + {{ policy('means', 'noise_of_largest') }} * {{ largest }} * {{ drawn_deviation('1000', cell_key) }})
{%- endmacro %}


{# The deviation in persons; a count larger than the table takes its last block. #}
{% macro drawn_deviation(true_count, cell_key) -%}
    {{ drawn_from_lists('(select deviations from noise)', '(select keys_upto from noise)', true_count, cell_key) }}
{%- endmacro %}


{# Variance that perturb_count adds to a count. #}
{% macro noise_variance() -%}
    {{ return(policy('counts', 'variance')) }}
{%- endmacro %}


{# The smallest number that a cell key does not reach: record keys have 32 bits. #}
{% macro cell_key_modulus() -%}
    {{ return(4294967296) }}
{%- endmacro %}

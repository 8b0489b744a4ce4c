{# The single place that turns true figures of persons into those that may be published: the cell key method.
   The cell key is the sum of its persons' record keys modulo 2^32; the seed perturbation_table says which deviation a count
   gets from it. The same persons get the same noise wherever and whenever they are counted, and it adds up to nothing else.
   Integers throughout. The query must have the CTE `noise` (perturbation_lists) before it. #}
{% macro perturb_count(true_count, cell_key) -%}
    cast({{ true_count }} + {{ drawn_deviation(true_count, cell_key) }} as integer)
{%- endmacro %}


{# A sum of bounded contributions, with noise in proportion to the largest of them (policy means.noise_of_largest) times the
   deviation that a large count would get. Its key is the cell's, mixed, so that sum and count do not err together. #}
{% macro perturb_sum(true_sum, largest, cell_key) -%}
    {%- set mixed = '((' ~ cell_key ~ ' * 1640531527 + 2654435769) % ' ~ cell_key_modulus() ~ ')' -%}
    greatest(0, {{ true_sum }} + {{ policy('means', 'noise_of_largest') }} * {{ largest }} * {{ drawn_deviation('1000', mixed) }})
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

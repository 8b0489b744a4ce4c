{# The single place that turns true figures of persons into those that may be published: the cell key method.
   The cell key is a keyed hash of what the cell is and of its persons' record keys (told_once.sql); the seed perturbation_table
   says which deviation a count gets from it. The same persons get the same noise whenever the same cell is counted, and
   another noise in each other cell. Integers throughout. `noise` is the class of the noise, `coarse`, `fine` or `broad`; the query must have
   the CTE of that class (noise_lists) before it. #}
{% macro perturb_count(true_count, cell_key, noise) -%}
    cast({{ true_count }} + {{ drawn_deviation(true_count, cell_key, noise) }} as integer)
{%- endmacro %}


{# A sum of bounded contributions, with noise in proportion to the largest of them (policy means.noise_of_largest) times the
   deviation that a large count would get. Its draw is its own, so that sum and count do not err together. #}
{% macro perturb_sum(true_sum, largest, cell_key, noise) -%}
    greatest(0, {{ true_sum }} + {{ policy('means', 'noise_of_largest') }} * {{ largest }} * {{ drawn_deviation('1000', cell_key, noise) }})
{%- endmacro %}


{# The deviation in persons; a count larger than the table takes its last block. #}
{% macro drawn_deviation(true_count, cell_key, noise) -%}
    {{ drawn_from_lists('(select deviations from noise_' ~ noise ~ ')', '(select keys_upto from noise_' ~ noise ~ ')', true_count, cell_key) }}
{%- endmacro %}


{# The class of a count's noise: that of its mart, but for what a mart of the other class tells first. #}
{% macro noise_of(rules, measure) -%}
    {{ return(measure.get('noise', rules.noise)) }}
{%- endmacro %}


{# An entry of the policy that may differ by class of noise. #}
{% macro policy_for(noise, group, name) -%}
    {%- set found = policy(group, name) -%}
    {{ return(found[noise] if found is mapping else found) }}
{%- endmacro %}


{# The CTEs noise_<class>, of each class that the mart draws from. #}
{% macro noise_lists(rules, table) -%}
    {%- set classes = [rules.noise] -%}
    {%- for measure in measures_of(rules, ['count']) if noise_of(rules, measure) not in classes -%}
        {% do classes.append(noise_of(rules, measure)) %}
    {%- endfor -%}
    {%- for noise in classes %}
noise_{{ noise }} as (
    {{ perturbation_lists(table, noise) }}
){{ ',\n' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{# The smallest number that a cell key does not reach: record keys have 32 bits. #}
{% macro cell_key_modulus() -%}
    {{ return(4294967296) }}
{%- endmacro %}

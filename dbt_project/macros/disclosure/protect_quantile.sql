{# Quantiles: enough published persons with a value, enough true persons on each side. Money also: no person who makes
   the total (p% rule, largest share), and strictly enough persons on each side, so that a salary shared by half
   the cell is not told. What is published lies a few ranks beside the true quantile: whoever knows all values but one
   cannot tell on which side that one lies. #}

{# How many persons a quantile leaves below and above: by rank; for money by value, ties with the quantile left out. #}
{% macro persons_each_side(measure) %}
    {%- set with = 'true_with_' ~ measure.value -%}
    {%- if measure.get('money') -%}
        {{ return([
            count_values('all_' ~ measure.value, '<', 'true_' ~ measure.name) ~ ' as below_' ~ measure.name,
            count_values('all_' ~ measure.value, '>', 'true_' ~ measure.name) ~ ' as above_' ~ measure.name,
        ]) }}
    {%- endif -%}
    {{ return([
        'cast(greatest(0, ceil(' ~ measure.quantile ~ ' * (' ~ with ~ ' - 1))) as bigint) as below_' ~ measure.name,
        'cast(greatest(0, ' ~ with ~ ' - 1 - floor(' ~ measure.quantile ~ ' * (' ~ with ~ ' - 1))) as bigint) as above_' ~ measure.name,
    ]) }}
{% endmacro %}


{# The p% rule: the second largest, knowing its own amount and the total, must not come nearer to the largest than p %. #}
{% macro dominance(all_values, value) %}
    {%- set total = sum_of_values(all_values) -%}
    {%- set first, second = nth_largest(all_values, 1), nth_largest(all_values, 2) -%}
    {{ return([
        'case when ' ~ total ~ ' > 0 then ' ~ rounded(first ~ ' / ' ~ total, 6) ~ ' end as largest_share_' ~ value,
        '100 * (' ~ total ~ ' - ' ~ first ~ ' - coalesce(' ~ second ~ ', 0)) >= ' ~ policy('money', 'p_percent') ~ ' * ' ~ first ~ ' as p_percent_ok_' ~ value,
    ]) }}
{% endmacro %}


{# In a mart that pools, a year too small for its rates shows no quantile either: it may be pooled, and must then not be
   told apart from its pool. #}
{% macro quantile_reason(rules, measure) -%}
    {%- set base = 'smallest_base_median' if measure.quantile == 0.5 else 'smallest_base_quartile' -%}
    {%- set side = policy('quantiles', 'persons_each_side') -%}
    {%- set with = 'with_' ~ measure.value -%}
case
            when perturbed_{{ with }} < {{ policy_for(rules.noise, 'quantiles', base) }} then 'too_few'
            {%- if rules.get('pooling') %}
            when perturbed_{{ rules.pooling.decided_by }} < {{ policy_for(rules.noise, 'rates', 'smallest_base') }} then 'too_few'
            {%- endif %}
            {%- if measure.get('money') %}
            when not p_percent_ok_{{ measure.value }} then 'protected'
            when 100 * largest_share_{{ measure.value }} > {{ policy('money', 'largest_share_percent') }} then 'protected'
            {%- endif %}
            when below_{{ measure.name }} < {{ side }} or above_{{ measure.name }} < {{ side }} then '{{ 'protected' if measure.get('money') else 'too_few' }}'
        end
{%- endmacro %}


{# In a mart with cells within cells, the reasons that each cell has by itself. #}
{% macro own_quantile_reasons(rules) %}
    {%- set columns = [] -%}
    {%- for measure in measures_of(rules, ['quantile']) -%}
        {% do columns.append(quantile_reason(rules, measure) ~ ' as ' ~ measure.name ~ '_own_reason') %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{# ... and the reason in the end, with its place among the others. #}
{% macro nested_quantile_reason(rules, measure) -%}
    {%- set near = 'is_near_' ~ measure.name ~ (' or is_linked_' ~ measure.name if rules.get('nesting') else '') -%}
case
            when {{ measure.name }}_own_reason is not null then {{ measure.name }}_own_reason
            when {{ near }} then 'protected'
        end
{%- endmacro %}


{% macro quantile_value(measure) -%}
    {%- set step = policy('money', 'round_to_eur') if measure.get('money') else policy('quantiles', measure.unit ~ '_round_to') -%}
    {%- set drawn = value_at_rank('all_' ~ measure.value, 'rank_' ~ measure.name) -%}
    case when {{ measure.name }}_reason is null then {{ rounded('(' ~ drawn ~ ') / ' ~ step) }} * {{ step }} end
{%- endmacro %}


{# The rank, from 0, at which a quantile is read: its own, with noise between -w and w ranks, and never one of the three at either
   end. The noise is a sum of the four bytes of a number that follows from the cell's draw: nearly normal, of w / 3.5 ranks. #}
{% macro drawn_rank(measure) -%}
    {%- set last = 'true_with_' ~ measure.value ~ ' - 1' -%}
    {%- set number = quantile_number('draw_with_' ~ measure.value, measure.quantile) -%}
    {%- set bytes = [number ~ ' % 256'] -%}
    {%- for step in [256, 65536, 16777216] -%}{% do bytes.append('floor(' ~ number ~ ' / ' ~ step ~ ') % 256') %}{%- endfor -%}
    {%- set noise = rank_noise(measure) ~ ' * (' ~ (bytes | join(' + ')) ~ ' - 510) / 512e0' -%}
    least(greatest({{ measure.quantile }} * ({{ last }}) + {{ noise }}, 3), {{ last }} - 3)
{%- endmacro %}


{# Largest noise of a quantile, in ranks: policy money.rank_noise or quantiles.<unit>_rank_noise. #}
{% macro rank_noise(measure) -%}
    {{ return(policy('money', 'rank_noise') if measure.get('money') else policy('quantiles', measure.unit ~ '_rank_noise')) }}
{%- endmacro %}


{# A number of 32 bits from the cell's draw, another one for each quantile of a cell: two of them, of which one shows its noise to
   whoever knows nearly all values, say nothing of each other. Multiplied, its halves exchanged, multiplied again. #}
{% macro quantile_number(cell_key, quantile) -%}
    {%- set mixed = '((' ~ cell_key ~ ' * 1597334677 + 374761393) % ' ~ cell_key_modulus() ~ ')' -%}
    {%- set exchanged = '((' ~ mixed ~ ' % 65536) * 65536 + cast(floor(' ~ mixed ~ ' / 65536) as bigint))' -%}
    {%- set factor = 2 * (1000 * quantile) | int * 1000003 + 1 -%}
    (({{ exchanged }} * {{ factor }}) % {{ cell_key_modulus() }})
{%- endmacro %}

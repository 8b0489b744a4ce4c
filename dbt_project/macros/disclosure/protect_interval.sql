{# The interval of a rate, from its published figure, its published base and the policy alone: so it tells no more than they do.
   All rates r are in it for which the published one, r0, is no further than z standard errors away: (r0 d - r d)^2 <=
   z^2 (s d r (1 - r) + V + W r^2), where V and W are the variances of the noise of part and base. With s = 1 (a sample: the answers of a survey) that is Wilson's score interval (1927), widened by
   the noise of both counts; with s = 0 (all people) Fieller's (1954), for the noise alone. As counts are whole, a quarter of a
   person is added on both sides. A published 0 stands for all counts below the smallest: its upper end begins in the middle of them. #}

{# Both ends of each rate, with the reason of the rate. #}
{% macro interval_figures(mart, rules) %}
    {%- set columns = [] -%}
    {%- for measure in measures_of(rules, ['rate_low', 'rate_high']) -%}
        {%- if is_copied(measure) -%}
            {% do columns.append(rate_value(measure) ~ ' as ' ~ measure.name) %}
            {% do columns.append(rate_reason(rules, measure) ~ ' as ' ~ measure.name ~ '_reason') %}
        {%- else -%}
            {% do columns.append(interval_end(mart, rules, measure) ~ ' as ' ~ measure.name) %}
            {% do columns.append(measure.rate ~ '_reason as ' ~ measure.name ~ '_reason') %}
        {%- endif -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{# A share at an edge of its band says "that far or further", and so does its interval: it follows from the band alone, whose
   smallest base it takes, and is the same whether the share was cut there or happens to be there. #}
{% macro interval_end(mart, rules, measure) -%}
    {%- set rate = measure_named(rules, measure.rate) -%}
    {%- set side = measure.kind[5:] -%}
    {%- set base = 'perturbed_' ~ rate.denominator -%}
case
            when {{ rate.name }} is null then null
            {%- if tells_its_own_base(rules, rate) %}
            when {{ cell_identity(mart, rules, measure_named(rules, rate.numerator)) }}
                = {{ cell_identity(mart, rules, measure_named(rules, rate.denominator)) }} then {{ rate.name }}
            {%- endif %}
            {%- if rate.get('sensitive') %}
            {%- set lowest, highest = 'lowest_' ~ rate.numerator, 'highest_' ~ rate.numerator %}
            when {{ rate.name }} <= cast({{ lowest }} as double)
                then {{ interval_root(rules, rate, lowest, band_edge(base, 'base_from'), side) if side == 'high' else '0e0' }}
            when {{ rate.name }} >= cast({{ highest }} as double)
                then {{ interval_root(rules, rate, highest, band_edge(base, 'base_from'), side) if side == 'low' else '1e0' }}
            {%- endif %}
            else {{ interval_root(rules, rate, rate.name, base, side) }}
        end
{%- endmacro %}


{# Where a count is told as the base of its own rate, the rate is 1 by what it is, and has no noise. #}
{% macro tells_its_own_base(rules, rate) %}
    {%- set first = measure_named(rules, rate.denominator).get('told_by') or {} -%}
    {{ return(not first.get('mart') and first.get('measure') == rate.numerator) }}
{% endmacro %}


{# One end of the interval of a share on a base, of the quadratic equation a r^2 - b r + c = 0. #}
{% macro interval_root(rules, rate, share, base, side) -%}
    {%- set z2 = (z_value('rates') | float) ** 2 -%}
    {%- set sign = '+' if side == 'high' else '-' -%}
    {%- set d = 'cast(' ~ base ~ ' as double)' -%}
    {%- set zero = policy_for(noise_of(rules, measure_named(rules, rate.numerator)), 'counts', 'smallest') / 2 -%}
    {%- set of_zero = ' + case when ' ~ share ~ ' = 0 then ' ~ zero ~ ' else 0 end' if side == 'high' else '' -%}
    {%- set n = '(cast(' ~ share ~ ' as double) * ' ~ d ~ ' ' ~ sign ~ ' 0.25' ~ of_zero ~ ')' -%}
    {%- set chance = z2 if rate.get('sampled') else 0 -%}
    {%- set of_part, of_base = z2 * variance_of(rules, rate.numerator), z2 * variance_of(rules, rate.denominator) -%}
    {%- set a = '(power(' ~ d ~ ', 2) + ' ~ chance ~ ' * ' ~ d ~ ' - ' ~ of_base ~ ')' -%}
    {%- set b = '(2 * ' ~ n ~ ' * ' ~ d ~ ' + ' ~ chance ~ ' * ' ~ d ~ ')' -%}
    {%- set c = '(power(' ~ n ~ ', 2) - ' ~ of_part ~ ')' -%}
    {%- set root = 'sqrt(greatest(0, power(' ~ b ~ ', 2) - 4 * ' ~ a ~ ' * ' ~ c ~ '))' -%}
{{ rounded('least(1, greatest(0, (' ~ b ~ ' ' ~ sign ~ ' ' ~ root ~ ') / (2 * ' ~ a ~ ')))', policy('rates', 'decimals')) }}
{%- endmacro %}


{# The variance of the noise of a count of the mart. #}
{% macro variance_of(rules, count) -%}
    {{ return(policy_for(noise_of(rules, measure_named(rules, count)), 'counts', 'variance') | float) }}
{%- endmacro %}

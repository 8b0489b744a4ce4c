{# Rates, means and the Net Promoter Score: from published counts only, with a published base that is large enough. #}

{# Why a figure that follows from counts may not be published; for the NPS also its parts. #}
{% macro derived_reasons(rules) %}
    {%- set columns = [] -%}
    {%- for measure in measures_of(rules, ['rate', 'mean', 'nps', 'nps_low', 'nps_high']) -%}
        {%- if measure.kind == 'rate' -%}
            {%- set reason = rate_reason(rules, measure) -%}
        {%- elif measure.kind == 'mean' -%}
            {%- set reason = mean_reason(rules, measure) -%}
        {%- else -%}
            {%- set reason = nps_reason(measure) -%}
        {%- endif -%}
        {% do columns.append(reason ~ ' as ' ~ measure.name ~ '_reason') %}
        {%- if measure.kind == 'nps' -%}
            {% do columns.extend(nps_parts(measure)) %}
        {%- endif -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{% macro rate_reason(rules, measure) -%}
    {%- if is_copied(measure) -%}
case when told_{{ measure.name }} is null then coalesce(told_{{ measure.name }}_reason, 'too_few') end
    {%- else -%}
case
            when {{ measure.denominator }}_reason is not null then {{ measure.denominator }}_reason
            when perturbed_{{ measure.denominator }} < {{ policy_for(rules.noise, 'rates', 'smallest_base') }} then 'too_few'
            {%- if measure.get('sensitive') and has_nests(rules) %}
            when is_near_{{ measure.numerator }}{{ ' or gives_way_' ~ measure.numerator if has_remainders(rules) }} then 'protected'
            {%- endif %}
            {%- if measure.get('sensitive') %}
            when clipped_{{ measure.numerator }} is not null then null
            {%- endif %}
            else {{ measure.numerator }}_reason
        end
    {%- endif -%}
{%- endmacro %}


{# A clipped share is published as the edge of its band: that far or further. #}
{% macro rate_value(measure) -%}
    {%- if is_copied(measure) -%}
told_{{ measure.name }}
    {%- else -%}
case
            when {{ measure.name }}_reason is not null then null
            {%- if measure.get('sensitive') %}
            when clipped_{{ measure.numerator }} = 'lowest' then cast(lowest_{{ measure.numerator }} as double)
            when clipped_{{ measure.numerator }} = 'highest' then cast(highest_{{ measure.numerator }} as double)
            {%- endif %}
            else {{ rounded('least(1, cast(perturbed_' ~ measure.numerator ~ ' as double) / perturbed_' ~ measure.denominator ~ ')', policy('rates', 'decimals')) }}
        end
    {%- endif -%}
{%- endmacro %}


{% macro mean_reason(rules, measure) -%}
case
            when {{ measure.base }}_reason is not null then {{ measure.base }}_reason
            when perturbed_{{ measure.base }} < {{ policy_for(rules.noise, 'rates', 'smallest_base') }} then 'too_few'
        end
{%- endmacro %}


{# Perturbed sum over perturbed count. Contributions are bounded (policy means.largest_events_per_person): nobody makes the mean. #}
{% macro mean_value(rules, measure) -%}
case
            when {{ measure.name }}_reason is null
                then {{ rounded(
                    'cast(' ~ perturb_sum('sum_' ~ measure.name, 'largest_' ~ measure.name, 'draw_' ~ measure.name, rules.noise)
                    ~ ' as double) / perturbed_' ~ measure.base, policy('means', 'decimals')
                ) }}
        end
{%- endmacro %}


{% macro nps_reason(measure) -%}
    {%- set counts = [measure.promoters, measure.passives, measure.detractors] -%}
case
            {%- for reason in ['protected', 'too_few'] %}
            when '{{ reason }}' in ({{ counts | join('_reason, ') }}_reason) then '{{ reason }}'
            {%- endfor %}
            when perturbed_{{ counts | join(' + perturbed_') }} < {{ policy('nps', 'smallest_base') }} then 'too_few'
        end
{%- endmacro %}


{# The parts of the score: n = P + A + D, p = P / n and d = D / n, all of published counts. #}
{% macro nps_parts(measure) %}
    {%- set counts = [measure.promoters, measure.passives, measure.detractors] -%}
    {%- set answers = 'nullif(perturbed_' ~ (counts | join(' + perturbed_')) ~ ', 0)' -%}
    {{ return([
        answers ~ ' as nps_answers',
        'cast(perturbed_' ~ measure.promoters ~ ' as double) / ' ~ answers ~ ' as nps_promoters_share',
        'cast(perturbed_' ~ measure.detractors ~ ' as double) / ' ~ answers ~ ' as nps_detractors_share',
    ]) }}
{% endmacro %}


{# NPS = 100 (p - d). Its interval is Rocks' (2016), widened by the noise: three answers more, of which 3/4 promoters and 3/4 detractors,
   then z standard errors to both sides; the variance is that of the answers, (p + d - (p - d)^2) / n, and that of the perturbed
   counts, v (2 + 3 (p - d)^2) / n^2. #}
{% macro nps_value(rules, measure) -%}
    {%- set sign = {'nps_low': '-', 'nps_high': '+'}.get(measure.kind) -%}
    {%- set n = '(nps_answers + 3)' if sign else 'nps_answers' -%}
    {%- set score = '(nps_promoters_share - nps_detractors_share) * nps_answers / ' ~ n -%}
    {%- set either = '((nps_promoters_share + nps_detractors_share) * nps_answers + 1.5) / ' ~ n -%}
    {%- set end -%}
least(100, greatest(-100, 100 * ({{ score }}
                    {%- if sign %}
                    {{ sign }} {{ z_value('nps') }} * sqrt(
                        ({{ either }} - power({{ score }}, 2)) / {{ n }}
                        + {{ policy_for(rules.noise, 'counts', 'variance') }} * (2 + 3 * power({{ score }}, 2)) / power({{ n }}, 2)
                    )
                    {%- endif -%}
                )))
    {%- endset -%}
case when {{ measure.name }}_reason is null then {{ rounded(end, policy('nps', 'decimals')) }} end
{%- endmacro %}


{# How many standard errors a two-sided interval of the policy's confidence spans to each side. #}
{% macro z_value(entry) %}
    {%- set known = {'0.9': 1.644854, '0.95': 1.959964, '0.99': 2.575829} -%}
    {%- set confidence = policy(entry, 'confidence') | float | string -%}
    {%- if confidence not in known -%}
        {{ exceptions.raise_compiler_error(
            "The policy's " ~ entry ~ ".confidence of " ~ confidence ~ " has no known z value: use 0.90, 0.95 or 0.99 in expectations/policy.yml."
        ) }}
    {%- endif -%}
    {{ return(known[confidence]) }}
{% endmacro %}

{# What the gate compares a candidate with: one row per new cell and measure, hidden ones too, with the true figures that
   the published one was made from. It stays in the warehouse. #}
{% macro cell_evidence(cells) -%}
{%- if not execute -%}
select 1 as not_compiled
{%- else -%}
{%- for mart in cells %}
{{ 'union all' if not loop.first }}
{%- set rules = disclosure(mart) -%}
{%- for measure in rules.measures %}
{{ 'union all' if not loop.first }}
{{ evidence_of(mart, rules, measure, cells[mart]) }}
{%- endfor %}
{%- endfor %}
order by mart, cell_key, measure
{%- endif -%}
{%- endmacro %}


{% macro evidence_of(mart, rules, measure, cells) -%}
{%- set is = evidence_columns(rules, measure) -%}
select
    '{{ mart }}' as mart,
    cell_key,
    '{{ measure.name }}' as measure,
    '{{ measure.kind }}' as kind,
    {{ 'true' if measure.get('hidden') else 'false' }} as is_hidden,
    period_key,
    closes_on,
    earliest_closing_on,
    cast({{ is.true_count }} as bigint) as true_count,
    cast({{ is.get('true_base', 'null') }} as bigint) as true_base,
    cast({{ is.get('true_numerator', 'null') }} as double) as true_numerator,
    cast({{ is.true_value }} as double) as true_value,
    cast({{ is.get('count_key', 'null') }} as bigint) as count_key,
    cast({{ is.get('noisy_count', 'null') }} as integer) as noisy_count,
    cast({{ is.get('published_base', 'null') }} as integer) as published_base,
    cast({{ is.get('clipped', 'null') }} as string) as clipped,
    cast({{ is.get('n_below', 'null') }} as bigint) as n_below,
    cast({{ is.get('n_above', 'null') }} as bigint) as n_above,
    cast({{ is.get('largest', 'null') }} as double) as largest,
    cast({{ is.get('largest_share', 'null') }} as double) as largest_share,
    cast({{ is.get('p_percent_ok', 'null') }} as boolean) as p_percent_ok,
    cast({{ measure.name }} as double) as published_value,
    {{ measure.name }}_reason as published_reason,
    {{ as_of() }} as as_of
from {{ cells }}
{%- endmacro %}


{# Where in int_cells__<mart> each column of the evidence comes from, by kind of measure. #}
{% macro evidence_columns(rules, measure) %}
    {%- if measure.kind == 'count' -%}
        {%- set columns = {'true_count': 'true_' ~ measure.name, 'true_value': 'true_' ~ measure.name, 'count_key': 'key_' ~ measure.name, 'noisy_count': noisy(rules, measure.name)} -%}
        {%- if measure.get('of') -%}{% do columns.update({'true_base': 'true_' ~ measure.of, 'published_base': 'perturbed_' ~ measure.of}) %}{%- endif -%}
        {%- if measure.get('sensitive') -%}{% do columns.update({'clipped': 'clipped_' ~ measure.name}) %}{%- endif -%}
        {{ return(columns) }}
    {%- elif measure.kind == 'rate' -%}
        {{ return({
            'true_count': 'true_' ~ measure.denominator, 'true_base': 'true_' ~ measure.denominator,
            'true_numerator': 'true_' ~ measure.numerator,
            'true_value': 'true_' ~ measure.numerator ~ ' / nullif(cast(true_' ~ measure.denominator ~ ' as double), 0)',
            'published_base': 'perturbed_' ~ measure.denominator,
            'clipped': 'clipped_' ~ measure.numerator if measure.get('sensitive') else 'null',
        }) }}
    {%- elif measure.kind in ['rate_low', 'rate_high'] -%}
        {{ return(evidence_columns(rules, measure_named(rules, measure.rate))) }}
    {%- elif measure.kind == 'mean' -%}
        {{ return({
            'true_count': 'true_' ~ measure.base, 'true_base': 'true_' ~ measure.base, 'true_numerator': 'sum_' ~ measure.name,
            'true_value': 'sum_' ~ measure.name ~ ' / nullif(cast(true_' ~ measure.base ~ ' as double), 0)',
            'count_key': 'key_' ~ measure.base, 'largest': 'largest_' ~ measure.name,
            'published_base': 'perturbed_' ~ measure.base,
        }) }}
    {%- elif measure.kind == 'quantile' -%}
        {%- set with = 'with_' ~ measure.value -%}
        {%- set columns = {
            'true_count': 'true_' ~ with, 'true_base': 'true_' ~ with, 'true_value': 'true_' ~ measure.name, 'count_key': 'key_' ~ with,
            'published_base': 'perturbed_' ~ with, 'n_below': 'below_' ~ measure.name, 'n_above': 'above_' ~ measure.name,
        } -%}
        {%- if measure.get('money') -%}
            {% do columns.update({'largest_share': 'largest_share_' ~ measure.value, 'p_percent_ok': 'p_percent_ok_' ~ measure.value}) %}
        {%- endif -%}
        {{ return(columns) }}
    {%- endif -%}
    {%- set counts = [measure.promoters, measure.passives, measure.detractors] -%}
    {%- set base = 'true_' ~ (counts | join(' + true_')) -%}
    {%- set difference = 'true_' ~ measure.promoters ~ ' - true_' ~ measure.detractors -%}
    {{ return({
        'true_count': base, 'true_base': base, 'true_numerator': difference,
        'true_value': '100 * (' ~ difference ~ ') / nullif(cast(' ~ base ~ ' as double), 0)',
        'published_base': 'perturbed_' ~ (counts | join(' + perturbed_')),
    }) }}
{% endmacro %}

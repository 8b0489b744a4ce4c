{# The cells of one mart that close with this build, with the true figures and what may be published of them.
   people -> closed (periods that close now) -> counted (true figures) -> rounded -> reasoned (counts and quantiles) ->
   derived (what is made of published counts) -> published.
   Everything is driven by meta.disclosure of the mart; each rule stands in a macro of its own in this folder. #}
{% macro protect_cells(mart, people, closing) -%}
{%- if not execute -%}
select 1 as not_compiled
{%- else -%}
{%- set rules = disclosure(mart) -%}
{%- set dimensions = rules.dimensions | list -%}
{%- set pooling = rules.get('pooling') -%}
{%- set banded = rules.measures | selectattr('kind', 'equalto', 'count') | selectattr('sensitive', 'defined') | list -%}
with {{ 'recursive ' if pooling }}people as (
    select
        {{ people_columns(rules) | join(',\n        ') }}
    from {{ people }}
    where {{ only_closing_periods(rules, mart, closing, keeps_earlier=pooling) }}
),

closing as (
    select
        period_key,
        closes_on
    from {{ closing }}
    where mart = '{{ mart }}'
),

closed as (
    select
        people.*,
        closing.period_key,
        closing.closes_on
    from people
    inner join closing on closing.period_key = {{ period_key(rules, 'people') }}
),
{% if pooling %}
{{ pool_small_cohorts(mart, rules) }},
{% endif %}
counted as (
    select
        {{ (dimensions + ['period_key', 'closes_on'] + true_figures(rules)) | join(',\n        ') }}
    from {{ 'closed_and_pooled' if pooling else 'closed' }}
    group by {{ (dimensions + ['period_key', 'closes_on']) | join(', ') }}
),

rounded as (
    select
        {{ (['counted.*'] + rounded_figures(rules)) | join(',\n        ') }}
    from counted
),
{% if banded %}
banded as (
    select
        {{ (['rounded.*'] + band_edges(rules)) | join(',\n        ') }}
    from rounded
),

clipped as (
    select
        {{ (['banded.*'] + clipped_sides(rules)) | join(',\n        ') }}
    from banded
),
{% endif %}
reasoned as (
    select
        {{ (['*'] + own_reasons(rules)) | join(',\n        ') }}
    from {{ 'clipped' if banded else 'rounded' }}
),

derived as (
    select
        {{ (['reasoned.*'] + derived_reasons(rules)) | join(',\n        ') }}
    from reasoned
),

published as (
    select
        {{ (['derived.*'] + published_figures(rules)) | join(',\n        ') }}
    from derived
)

select
    {{ dimensions | join(',\n    ') }},
    {{ cell_key(rules) }} as cell_key,
    period_key,
    closes_on,
    {{ as_of() }} > {{ add_days('closes_on', policy('publication', 'built_later_after_days')) }} as is_built_later,
    earliest_closing_on,
    n_rows,
    n_persons,
    {{ cell_columns(rules) | join(',\n    ') }}
from published
{%- endif -%}
{%- endmacro %}


{# Only what the figures need is read; in a mart that pools, the first year of an ordinary row is the year itself. #}
{% macro people_columns(rules) %}
    {%- set columns = [] -%}
    {%- for name in rules.dimensions -%}
        {%- if rules.get('pooling') and name == rules.pooling.year_from -%}
            {% do columns.append(rules.pooling.year ~ ' as ' ~ name) %}
        {%- else -%}
            {% do columns.append(name) %}
        {%- endif -%}
    {%- endfor -%}
    {% do columns.extend([rules.person, 'record_key', 'closing_on']) %}
    {%- for measure in rules.measures -%}
        {%- for name in [measure.get('where'), measure.get('value')] if name and name not in columns -%}
            {% do columns.append(name) %}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{# The dimensions of a cell as one text, in the order of the YAML. #}
{% macro cell_key(rules) -%}
    {%- set parts = [] -%}
    {%- for name in rules.dimensions -%}
        {% do parts.append('cast(' ~ name ~ ' as varchar)') %}
    {%- endfor -%}
    {{ parts | join(" || '|' || ") }}
{%- endmacro %}


{# The columns of int_cells__<mart> after the keys: published figures with their reasons, then what they were made from. #}
{% macro cell_columns(rules) %}
    {%- set columns = [] -%}
    {%- for measure in rules.measures -%}
        {% do columns.extend([measure.name, measure.name ~ '_reason']) %}
    {%- endfor -%}
    {%- for measure in measures_of(rules, ['count']) -%}
        {% do columns.extend(['true_' ~ measure.name, 'key_' ~ measure.name, 'rounded_' ~ measure.name]) %}
        {%- if measure.get('sensitive') -%}{% do columns.append('clipped_' ~ measure.name) %}{%- endif -%}
    {%- endfor -%}
    {%- for measure in measures_of(rules, ['mean']) -%}
        {% do columns.append('sum_' ~ measure.name) %}
    {%- endfor -%}
    {%- for measure in quantile_values(rules) -%}
        {%- set with = 'with_' ~ measure.value -%}
        {% do columns.extend(['true_' ~ with, 'key_' ~ with, 'rounded_' ~ with]) %}
        {%- if measure.get('money') -%}{% do columns.extend(['largest_share_' ~ measure.value, 'p_percent_ok_' ~ measure.value]) %}{%- endif -%}
    {%- endfor -%}
    {%- for measure in measures_of(rules, ['quantile']) -%}
        {% do columns.extend(['true_' ~ measure.name, 'below_' ~ measure.name, 'above_' ~ measure.name]) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}

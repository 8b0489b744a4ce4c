{# The cells of one mart that close with this build, with the true figures and what may be published of them.
   people -> closed (periods that close now) -> counted (true figures; in a correction the emptied cells too) -> keyed (what each draw is looked up by) -> perturbed -> consistent (counts that are held against each other) -> nested (cells within cells) -> remainders (what wholes leave over) ->
   reasoned (counts and quantiles) -> derived (what is made of published counts) -> published -> with_intervals (of rates).
   Everything is driven by meta.disclosure of the mart; each rule stands in a macro of its own in this folder, and as a CTE under a
   comment that names it in the compiled SQL. #}
{% macro protect_cells(mart, people, closing, first_cells=none) -%}
{%- set table = ref('perturbation_table') -%}
{%- if not execute -%}
select 1 as not_compiled
{%- else -%}
{%- set rules = disclosure(mart) -%}
{%- set dimensions = rules.dimensions | list -%}
{%- set pooling = rules.get('pooling') -%}
{%- set withdrawn = withdrawn_relation(mart) -%}
{%- set source = 'closed_and_pooled' if pooling else 'closed' -%}
{%- set intervals = interval_figures(mart, rules) -%}
{%- set consistent = rules.get('consistent', []) -%}
{%- set banded = rules.measures | selectattr('kind', 'equalto', 'count') | selectattr('sensitive', 'defined') | list -%}
{%- set parts = [] -%}
{%- set text -%}
/* The noise of counts, by class (policy counts). */
{{ noise_lists(rules, table) }},

/* The key of the draws, which the connection lends. */
cell_pads as (
    {{ cell_pads() }}
),

/* Who is in a cell, with what its figures need and no more. */
people as (
    select
        {{ people_columns(rules) | join(',\n        ') }}
    from {{ people }}
    where {{ only_closing_periods(rules, mart, closing, keeps_earlier=pooling) }}
),

/* A cell comes once, when its period, its observation and the delay are over (S-ANON). */
closing as (
    select
        period_key,
        closes_on
    from {{ closing }}
    where mart = '{{ mart }}'
)
{%- endset -%}
{%- do parts.append({'name': 'closing', 'text': text, 'is_made': false}) -%}
{%- set text -%}
closed as (
    select
        people.*,
        closing.closes_on
    from people
    inner join closing on closing.period_key = {{ period_key(rules, 'people') }}
)
{%- endset -%}
{%- do parts.append({'name': 'closed', 'text': text, 'is_made': pooling or has_nests(rules)}) -%}
{%- if pooling -%}
{%- set text -%}
/* Small years are pooled with those before them (policy pooling). */
{{ pool_small_cohorts(mart, rules) }}
{%- endset -%}
{%- do parts.append({'name': 'closed_and_pooled', 'text': text, 'is_made': true}) -%}
{%- endif -%}
{%- set text -%}
/* The true figures: persons, never rows. They stay in the warehouse. */
counted_now as (
    select
        {{ dimensions | join(',\n        ') }},
        {{ period_key(rules, source) }} as period_key,
        min(closes_on) as closes_on,
        {{ true_figures(rules) | join(',\n        ') }}
    from {{ source }}
    group by {{ dimensions | join(', ') }}
)
{%- endset -%}
{%- do parts.append({'name': 'counted_now', 'text': text, 'is_made': withdrawn}) -%}
{%- if withdrawn -%}
{%- set text -%}
/* What a release that was withdrawn had told of these cells. */
{{ recalled_cells(rules, withdrawn) }}
{%- endset -%}
{%- do parts.append({'name': 'recalled', 'text': text, 'is_made': false}) -%}
{%- endif -%}
{%- set text -%}
{{ with_emptied_cells(rules, withdrawn) }},
{{ first_tellings(mart, rules, first_cells) }}
/* A figure that another cell tells too is told once (told_by). */
with_first as (
    select
        {{ (['counted.*'] + first_figures(mart, rules)) | join(',\n        ') }}
    from counted
    {{- joined_first_tellings(mart, rules) }}
),

/* What each draw is looked up by: a keyed hash of the cell and of the record keys of its people. */
keyed as (
    select
        {{ (['*'] + draw_keys(mart, rules)) | join(',\n        ') }}
    from with_first
),

/* Counts with the noise of their cell. */
perturbed as (
    select
        {{ (['keyed.*'] + perturbed_figures(mart, rules, withdrawn)) | join(',\n        ') }}
    from keyed
    {%- if withdrawn %}
    left join recalled
        on {{ same(dimensions, 'recalled.', 'keyed.') | join('\n        and ') }}
    left join (select distinct recalled_period from recalled) as recalled_periods
        on keyed.period_key = recalled_periods.recalled_period
    {%- endif %}
)
{%- endset -%}
{%- do parts.append({'name': 'perturbed', 'text': text, 'is_made': true}) -%}
{%- if banded -%}
{%- set text -%}
/* The band that a sensitive count may lie in, by its base (policy sensitive_bands). */
banded as (
    select
        {{ (['perturbed.*'] + band_edges(rules)) | join(',\n        ') }}
    from perturbed
),

/* Sensitive counts outside of it: nearly everybody, or nearly nobody. */
clipped as (
    select
        {{ (['banded.*'] + clipped_sides(rules)) | join(',\n        ') }}
    from banded
)
{%- endset -%}
{%- do parts.append({'name': 'clipped', 'text': text, 'is_made': consistent or has_nests(rules)}) -%}
{%- endif -%}
{%- set drawn = 'clipped' if banded else 'perturbed' -%}
{%- if consistent -%}
{%- set text -%}
/* Counts agree with those beside them, from noisy counts alone (consistent). */
{{ consistent_cells(rules, drawn) }}
{%- endset -%}
{%- do parts.append({'name': 'consistent', 'text': text, 'is_made': true}) -%}
{%- endif -%}
{%- if has_nests(rules) -%}
{%- set text -%}
/* Of cells within cells, figures without noise stand apart by many people (policy nesting). */
{{ nested_cells(mart, rules, source, 'consistent' if consistent else drawn) }}
{%- endset -%}
{%- do parts.append({'name': 'apart', 'text': text, 'is_made': true}) -%}
{%- endif -%}
{%- if has_nests(rules) -%}
{%- set text -%}
{{ nested_wholes(rules, source) }}
{%- endset -%}
{%- do parts.append({'name': 'nested_apart', 'text': text, 'is_made': true}) -%}
{%- endif -%}
{%- if has_remainders(rules) -%}
{%- set text -%}
/* What a whole leaves over beside its parts tells of nobody (policy nesting). */
{{ remainder_cells(rules, 'nested_apart') }}
{%- endset -%}
{%- do parts.append({'name': 'remainders_apart', 'text': text, 'is_made': true}) -%}
{%- endif -%}
{%- set text -%}
/* Why a count or a quantile is not shown: too_few or protected. */
reasoned as (
    select
        {{ (['*'] + own_reasons(rules)) | join(',\n        ') }}
    from {{ 'remainders_apart' if has_remainders(rules) else 'nested_apart' if has_nests(rules) else 'consistent' if consistent else drawn }}
),

/* Why a share, mean or score is not shown: what is made of published counts follows them. */
derived as (
    select
        {{ (['reasoned.*'] + derived_reasons(rules)) | join(',\n        ') }}
    from reasoned
),

/* What may leave: NULL where there is a reason. */
published as (
    select
        {{ (['derived.*'] + published_figures(rules)) | join(',\n        ') }}
    from derived
)
{%- endset -%}
{%- do parts.append({'name': 'published', 'text': text, 'is_made': intervals}) -%}
{%- if intervals -%}
{%- set text -%}
/* Intervals of rates, from published figures and the policy alone. */
with_intervals as (
    select
        {{ (['published.*'] + intervals) | join(',\n        ') }}
    from published
)
{%- endset -%}
{%- do parts.append({'name': 'with_intervals', 'text': text, 'is_made': false}) -%}
{%- endif -%}
with
{{ in_parts(mart, parts) }}

select
    {{ dimensions | join(',\n    ') }},
    {{ cell_key(rules) }} as cell_key,
    period_key,
    closes_on,
    {{ is_complete(rules) }} as is_complete,
    earliest_closing_on,
    {{ cell_columns(rules, withdrawn) | join(',\n    ') }}
from {{ made_before('with_intervals' if intervals else 'published') }} as cells
where
    /* A row of zeros would tell that somebody is there. */
    {{ somebody_is_shown(rules) }}
    {%- if withdrawn %}
    and (earliest_closing_on is not null or {{ cell_stays(rules) }})
    and ({{ cell_may_come(mart, rules) }})
    {%- endif %}
{%- endif -%}
{%- endmacro %}


{# A row whose counts are all published as 0 would tell by standing there that somebody is in the cell, most often one person:
   it is left out, so that a missing row and a published 0 mean the same, nobody or a few. A hidden count that is a part of another
   one has noise of its own and nobody sees it: it keeps no row; the whole of a cohort, which another cell tells, does. #}
{% macro somebody_is_shown(rules) -%}
    {%- set counts = [] -%}
    {%- for measure in measures_of(rules, ['count']) if not (measure.get('hidden') and measure.get('where')) -%}
        {% do counts.append('perturbed_' ~ measure.name) %}
    {%- endfor -%}
    greatest({{ counts | join(', ') }}, 0) > 0
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
        {% do parts.append('cast(' ~ name ~ ' as string)') %}
    {%- endfor -%}
    {{ parts | join(" || '|' || ") }}
{%- endmacro %}


{# The columns of int_cells__<mart> after the keys: published figures with their reasons, then what they were made from. #}
{% macro cell_columns(rules, withdrawn) %}
    {%- set columns = [] -%}
    {%- for measure in rules.measures -%}
        {% do columns.extend(figure_and_reason(rules, measure, withdrawn)) %}
    {%- endfor -%}
    {%- for measure in measures_of(rules, ['count']) -%}
        {% do columns.extend(['true_' ~ measure.name, 'key_' ~ measure.name, 'draw_' ~ measure.name, 'perturbed_' ~ measure.name]) %}
        {%- if measure.name in consistent_counts(rules) -%}{% do columns.append('noisy_' ~ measure.name) %}{%- endif -%}
        {%- if measure.get('sensitive') -%}{% do columns.append('clipped_' ~ measure.name) %}{%- endif -%}
    {%- endfor -%}
    {%- for measure in measures_of(rules, ['mean']) -%}
        {% do columns.extend(['sum_' ~ measure.name, 'largest_' ~ measure.name, 'draw_' ~ measure.name]) %}
    {%- endfor -%}
    {%- for measure in quantile_values(rules) -%}
        {%- set with = 'with_' ~ measure.value -%}
        {% do columns.extend(['true_' ~ with, 'key_' ~ with, 'draw_' ~ with, 'perturbed_' ~ with]) %}
        {%- if measure.get('money') -%}{% do columns.extend(['largest_share_' ~ measure.value, 'p_percent_ok_' ~ measure.value]) %}{%- endif -%}
    {%- endfor -%}
    {%- for measure in measures_of(rules, ['quantile']) -%}
        {% do columns.extend(['true_' ~ measure.name, 'below_' ~ measure.name, 'above_' ~ measure.name]) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}

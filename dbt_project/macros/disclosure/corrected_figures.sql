{# A correction computes the cells of a recalled period anew, without those who left meanwhile. The same persons draw the same
   noise, so a figure that moved would say that somebody who left was in the cell, and one that stayed that nobody was.
   So a cell is new only when one of its plain counts (no sensitive one, no part of a partition) moves by as many persons as
   smallest_move says. In every other cell of the period the plain counts, and what is made of them alone, stay
   as they were recalled, also where nobody is left; all else is `protected`, moved or not: by mart and period, never by person.
   A cell that had no row, as all its counts were published as 0, stays away unless one of them has moved by as many. #}

{# The plain counts of each cell as they were recalled; a cell may have been recalled more than once, the last time counts. #}
{% macro recalled_cells(rules, withdrawn) -%}
{%- set columns = rules.dimensions | list -%}
{%- for measure in plain_counts(rules) -%}
    {% do columns.append(measure.name ~ ' as recalled_' ~ measure.name) %}
{%- endfor -%}
versions as (
    select
        *,
        row_number() over (partition by {{ rules.dimensions | join(', ') }} order by version desc) as age
    from {{ withdrawn }}
),

recalled as (
    select
        {{ columns | join(',\n        ') }},
        {{ period_key(rules, 'versions') }} as recalled_period
    from versions
    where age = 1
)
{%- endmacro %}


{# The cells that are counted now, and those of a recalled period in which nobody is left: the same columns in the same order. #}
{% macro with_emptied_cells(rules, withdrawn) -%}
{%- set columns = [] -%}
{%- for name in rules.dimensions -%}{% do columns.append('recalled.' ~ name) %}{%- endfor -%}
counted as (
    select * from counted_now
    {%- if withdrawn %}
    union all
    select
        {{ (columns + ['closing.period_key', 'closing.closes_on'] + no_figures(rules)) | join(',\n        ') }}
    from recalled
    inner join closing on closing.period_key = recalled.recalled_period
    left join counted_now
        on {{ same(rules.dimensions, 'counted_now.', 'recalled.') | join('\n        and ') }}
    where
        counted_now.period_key is null
        {%- for condition in codes_hold(rules) %}
        and {{ condition }}
        {%- endfor %}
    {%- endif %}
)
{%- endmacro %}


{# A cell of a code that holds no longer stays away: it may have been recalled for being no code. #}
{% macro codes_hold(rules) %}
    {%- set conditions = [] -%}
    {%- for name, spec in rules.dimensions.items() if spec is string -%}
        {%- set list = spec | replace('_or_all', '') -%}
        {%- set is_whole = ' or recalled.' ~ name ~ " = 'all'" if list != spec else '' -%}
        {%- if list in ['path', 'course', 'chapter', 'exercise', 'project'] -%}
            {% do conditions.append('(recalled.' ~ name ~ " in (select code from " ~ vault_table('catalogue', 'items') ~ " where item_kind = '" ~ list ~ "')" ~ is_whole ~ ')') %}
        {%- elif list == 'diploma' -%}
            {% do conditions.append('recalled.' ~ name ~ ' not in (select diploma_id from ' ~ vault_table('catalogue', 'refused_diplomas') ~ ')') %}
        {%- endif -%}
    {%- endfor -%}
    {{ return(conditions) }}
{% endmacro %}


{# Counts that show neither a sensitive value nor a part of a partition. #}
{% macro plain_counts(rules) %}
    {%- set found = [] -%}
    {%- for measure in shown_measures(rules) if measure.kind == 'count' and not sensitive_sisters(rules, measure) -%}
        {% do found.append(measure) %}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{# Whether a figure follows from plain counts alone, or is another cell's: then it is what they say in a correction, too. #}
{% macro follows_plain_counts(rules, measure) %}
    {%- set plain = plain_counts(rules) | map(attribute='name') | list -%}
    {%- set rate = rate_of(rules, measure) -%}
    {%- set is_share = rate.kind == 'rate' and rate.numerator in plain and rate.denominator in plain -%}
    {{ return(measure.name in plain or is_share or is_copied(measure)) }}
{% endmacro %}


{# The rate that an end of an interval belongs to; any other measure itself. #}
{% macro rate_of(rules, measure) %}
    {{ return(measure_named(rules, measure.rate) if measure.kind in ['rate_low', 'rate_high'] else measure) }}
{% endmacro %}


{# By how many persons a corrected count moves: more than two draws can part the counts of one person more or less, and no fewer than
   policy nesting.smallest_difference. #}
{% macro smallest_move(rules, measure) -%}
    {%- set apart = 2 * policy_for(noise_of(rules, measure), 'counts', 'largest_deviation') + 2 -%}
    {{ return([apart, policy('nesting', 'smallest_difference')] | max) }}
{%- endmacro %}


{# A perturbed count, or the recalled one where the two are near. #}
{% macro corrected_count(rules, measure, perturbed, withdrawn) -%}
    {%- if not withdrawn or measure.name not in plain_counts(rules) | map(attribute='name') | list -%}
{{ perturbed }}
    {%- else -%}
case
            when abs(recalled.recalled_{{ measure.name }} - {{ perturbed }}) < {{ smallest_move(rules, measure) }}
                then recalled.recalled_{{ measure.name }}
            else {{ perturbed }}
        end
    {%- endif -%}
{%- endmacro %}


{# Whether a cell of a recalled period stays: it was recalled, and each plain count is as it was then. #}
{% macro cell_stays(rules) -%}
    {%- set conditions = ['recalled_period is not null'] -%}
    {%- for measure in plain_counts(rules) -%}
        {% do conditions.append('perturbed_' ~ measure.name ~ ' = recalled_' ~ measure.name) %}
    {%- endfor -%}
    {{ conditions | join(' and ') }}
{%- endmacro %}


{# Whether a cell may stand in a correction: it did before, or its period was not recalled, or many people have come into it. #}
{% macro cell_may_come(mart, rules) -%}
    {%- set recalled_periods = ledger_relation('withdrawn_periods') -%}
    {%- if recalled_periods is none -%}
    true
    {%- else -%}
    recalled_period is not null
        or period_key not in (select wrong.period_key from {{ recalled_periods }} as wrong where wrong.mart = '{{ mart }}')
        {%- for measure in plain_counts(rules) or measures_of(rules, ['count']) %}
        or perturbed_{{ measure.name }} >= {{ smallest_move(rules, measure) }}
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}


{# A figure and its reason as they leave: as they are, but in a cell that stays only what follows from plain counts. #}
{% macro figure_and_reason(rules, measure, withdrawn) %}
    {%- if not withdrawn or measure.get('hidden') or follows_plain_counts(rules, measure) -%}
        {{ return([measure.name, measure.name ~ '_reason']) }}
    {%- endif -%}
    {%- set stays = 'coalesce(' ~ cell_stays(rules) ~ ', false)' -%}
    {{ return([
        'case when not ' ~ stays ~ ' then ' ~ measure.name ~ ' end as ' ~ measure.name,
        'case when ' ~ stays ~ " then 'protected' else " ~ measure.name ~ '_reason end as ' ~ measure.name ~ '_reason',
    ]) }}
{% endmacro %}

{# When a period closes. A cell is published once, when its period, the observation and the delay for late data are over. #}

{% macro grain_months() %}
    {{ return({'month': 1, 'quarter': 3, 'half_year': 6, 'year': 12}) }}
{% endmacro %}


{# The observation in months as SQL: figures of the policy are put in, dimensions stay. #}
{% macro observation_months(mart, rules) %}
    {{ return(with_figures(rules.period.observation)) }}
{% endmacro %}


{# A text of the YAML with the figures of the policy that it names. #}
{% macro with_figures(text) %}
    {%- set found = namespace(text=text | string) -%}
    {%- for name in modules.re.findall('policy\\.([a-z_]+\\.[a-z_]+)', found.text) -%}
        {%- set parts = name.split('.') -%}
        {%- set found.text = found.text | replace('policy.' ~ name, policy(parts[0], parts[1]) | string) -%}
    {%- endfor -%}
    {{ return(found.text) }}
{% endmacro %}


{# The dimensions that the observation depends on: one period may close at several dates. #}
{% macro observed_dimensions(rules) %}
    {%- set found = [] -%}
    {%- for name in rules.dimensions if modules.re.search('\\b' ~ name ~ '\\b', rules.period.observation | string) -%}
        {% do found.append(name) %}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{# Key of a period as the ledger knows it: the period column and what its observation depends on, joined by '|'. #}
{% macro period_key(rules, table) -%}
    {%- set parts = [] -%}
    {%- for name in [rules.period.column] + observed_dimensions(rules) -%}
        {% do parts.append('cast(' ~ table ~ '.' ~ name ~ ' as string)') %}
    {%- endfor -%}
    {{ parts | join(" || '|' || ") }}
{%- endmacro %}


{# All values of a dimension that are whole numbers: {from, to} or a list. #}
{% macro dimension_values(mart, rules, name) %}
    {%- set spec = rules.dimensions[name] -%}
    {%- if spec is mapping -%}
        {%- set last = spec['to'] | string -%}
        {%- if last.startswith('policy.') -%}
            {%- set parts = last.split('.') -%}
            {%- set last = policy(parts[1], parts[2]) -%}
        {%- endif -%}
        {{ return(range(spec['from'], (last | int) + 1) | list) }}
    {%- elif spec is string -%}
        {% do stop_mart(mart, "observes by " ~ name ~ " without saying its values: give a list or from and to under dimensions") %}
    {%- endif -%}
    {{ return(spec) }}
{% endmacro %}


{# All periods of a mart that have closed by as_of, from the policy's first period on, whether anybody was in them or not:
   an empty period closes too, or late data could open it again. #}
{% macro closed_calendar(mart, rules) -%}
{%- set months = grain_months()[rules.period.grain] -%}
{%- set period = rules.period.column -%}
    select
        '{{ mart }}' as mart,
        {{ period_key(rules, 'calendar') }} as period_key,
        calendar.period_on,
        {{ closes_on('calendar.period_on', months, observation_months(mart, rules)) }} as closes_on
    from (
        select
            period_on,
            {% for name in observed_dimensions(rules) -%}
            {{ name }},
            {% endfor -%}
            {{ 'cast(extract(year from period_on) as integer)' if rules.period.grain == 'year' else 'period_on' }} as {{ period }}
        from {{ first_days(policy('publication', 'first_period_on'), as_of(), months) }} as days
        {%- for name in observed_dimensions(rules) %}
        cross join (values ({{ dimension_values(mart, rules, name) | join('), (') }})) as of_{{ name }} ({{ name }})
        {%- endfor %}
    ) as calendar
    where {{ closes_on('calendar.period_on', months, observation_months(mart, rules)) }} <= {{ as_of() }}
{%- endmacro %}


{# The day on which a cell closes: the last day of its period and observation, and policy publication.delay_days on. #}
{% macro closes_on(period_on, months, observation) -%}
    {{ add_days(add_months(period_on, months ~ ' + ' ~ observation), policy('publication', 'delay_days') - 1) }}
{%- endmacro %}


{# A condition that keeps the scan to the periods that close now: most days that is none, and nothing is read.
   Where the periods are not a table yet (unit tests, linting) all is read and the join alone decides. #}
{% macro only_closing_periods(rules, mart, closing, keeps_earlier=false) -%}
    {%- if not closing.schema or load_relation(closing) is none -%}
        true
    {%- else -%}
        {%- set rows = run_query("select cast(min(period_on) as string), cast(max(period_on) as string) from " ~ closing ~ " where mart = '" ~ mart ~ "'").rows -%}
        {%- set first, last = rows[0][0], rows[0][1] -%}
        {%- if first is none -%}
            false
        {%- elif rules.period.grain == 'year' -%}
            {{ rules.period.column }} between {{ 0 if keeps_earlier else first[:4] }} and {{ last[:4] }}
        {%- else -%}
            {{ rules.period.column }} between date '{{ '0001-01-01' if keeps_earlier else first }}' and date '{{ last }}'
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{# The closed periods of every mart of the project, without those that an earlier release has closed: they are never
   opened again. #}
{% macro closing_periods() -%}
{%- if not execute -%}
select 1 as not_compiled
{%- else -%}
{%- set published = ledger_relation('closed_periods') -%}
with closed as (
    {%- for mart, rules in disclosed_marts().items() %}
    {{ 'union all' if not loop.first }}
{{ closed_calendar(mart, rules) }}
    {%- endfor %}
)

select
    closed.mart,
    closed.period_key,
    closed.period_on,
    closed.closes_on
from closed
{% if published -%}
left join {{ published }} as published
    on published.mart = closed.mart and published.period_key = closed.period_key
where published.mart is null
{% endif -%}
order by closed.mart, closed.period_on, closed.period_key
{%- endif -%}
{%- endmacro %}


{# Whether nobody can be missing from a cell because their window had closed before this build, by dates alone (P-STAT). Who is in a cell
   has used the site in its period or later; where the period is that of a record, which is no use (a diploma, a question that was
   sent), at most `last_use_before` months before. So the window of everybody is open until that day and the years of the policy.
   What is kept of visitors (`persons: visitors`) goes at the term of P-AUDIENCE, from the first of a month. #}
{% macro is_complete(rules) -%}
    {%- if rules.get('persons') == 'visitors' -%}
    {{ add_months(first_day_of_cell(rules), policy('purposes', 'P-AUDIENCE', 'keep_months')) }} >= {{ as_of() }}
    {%- else -%}
    {%- set years = policy('purposes', 'P-STAT', 'keep_years_after_last_use') -%}
    {{ add_months(first_day_of_cell(rules), years ~ ' * 12 - (' ~ with_figures(rules.period.get('last_use_before', 0)) ~ ')') }} >= {{ as_of() }}
    {%- endif -%}
{%- endmacro %}


{# The first day of a cell's period; of a pool, that of its first year. #}
{% macro first_day_of_cell(rules) -%}
    {%- if rules.period.grain == 'year' -%}
        cast(cast({{ (rules.get('pooling') or {}).get('year_from', rules.period.column) }} as string) || '-01-01' as date)
    {%- else -%}
        {{ rules.period.column }}
    {%- endif -%}
{%- endmacro %}

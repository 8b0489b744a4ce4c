{# The calendar day of a UTC timestamp where the school is (policy: window.time_zone). #}
{% macro local_date(timestamp_utc) %}
    {{ return(adapter.dispatch('local_date', 'anonymart')(timestamp_utc)) }}
{% endmacro %}

{% macro duckdb__local_date(timestamp_utc) -%}
    cast(({{ timestamp_utc }} at time zone 'UTC') at time zone '{{ policy('window', 'time_zone') }}' as date)
{%- endmacro %}

{% macro spark__local_date(timestamp_utc) -%}
    to_date(from_utc_timestamp({{ timestamp_utc }}, '{{ policy('window', 'time_zone') }}'))
{%- endmacro %}

{# Whether a UTC timestamp lies before the end of a day of the school. The end is computed once, not per row. #}
{% macro is_by_end_of(timestamp_utc, day) %}
    {{ return(adapter.dispatch('is_by_end_of', 'anonymart')(timestamp_utc, day)) }}
{% endmacro %}

{% macro duckdb__is_by_end_of(timestamp_utc, day) -%}
    {{ timestamp_utc }}
    < (cast({{ day }} + 1 as timestamp) at time zone '{{ policy('window', 'time_zone') }}') at time zone 'UTC'
{%- endmacro %}

{% macro spark__is_by_end_of(timestamp_utc, day) -%}
    {{ timestamp_utc }} < to_utc_timestamp(cast(date_add({{ day }}, 1) as timestamp_ntz), '{{ policy('window', 'time_zone') }}')
{%- endmacro %}

{# The quarter of an hour that holds a timestamp: no time zone changes its day within one. #}
{% macro quarter_hour(timestamp_utc) %}
    {{ return(adapter.dispatch('quarter_hour', 'anonymart')(timestamp_utc)) }}
{% endmacro %}

{% macro duckdb__quarter_hour(timestamp_utc) -%}
    time_bucket(interval 15 minutes, {{ timestamp_utc }})
{%- endmacro %}

{% macro spark__quarter_hour(timestamp_utc) -%}
    (
        date_trunc('hour', {{ timestamp_utc }})
        + make_interval(0, 0, 0, 0, 0, cast(15 * floor(extract(minute from {{ timestamp_utc }}) / 15) as int), 0)
    )
{%- endmacro %}

{# The same day of a later month, or that month's last day when it is shorter: 29 February + 60 months is 28 February. #}
{% macro add_months(day, months) %}
    {{ return(adapter.dispatch('add_months', 'anonymart')(day, months)) }}
{% endmacro %}

{% macro duckdb__add_months(day, months) -%}
    cast({{ day }} + to_months(cast({{ months }} as integer)) as date)
{%- endmacro %}

{% macro spark__add_months(day, months) -%}
    add_months({{ day }}, cast({{ months }} as int))
{%- endmacro %}

{# First day of the month, quarter, half_year or year that holds a day. #}
{% macro period_start(day, grain) %}
    {{ return(adapter.dispatch('period_start', 'anonymart')(day, grain)) }}
{% endmacro %}

{% macro duckdb__period_start(day, grain) -%}
    {%- if grain == 'half_year' -%}
        make_date(cast(year({{ day }}) as bigint), if(month({{ day }}) < 7, 1, 7), 1)
    {%- else -%}
        cast(date_trunc('{{ grain }}', {{ day }}) as date)
    {%- endif -%}
{%- endmacro %}

{% macro spark__period_start(day, grain) -%}
    {%- if grain == 'half_year' -%}
        make_date(year({{ day }}), if(month({{ day }}) < 7, 1, 7), 1)
    {%- else -%}
        trunc({{ day }}, '{{ grain }}')
    {%- endif -%}
{%- endmacro %}

{# Whole days, or calendar months, from one day to a later one. #}
{% macro days_between(first_day, last_day) %}
    {{ return(adapter.dispatch('days_between', 'anonymart')(first_day, last_day)) }}
{% endmacro %}

{% macro duckdb__days_between(first_day, last_day) -%}
    date_diff('day', {{ first_day }}, {{ last_day }})
{%- endmacro %}

{% macro spark__days_between(first_day, last_day) -%}
    cast(datediff({{ last_day }}, {{ first_day }}) as bigint)
{%- endmacro %}

{# The whole numbers from one to another, both included, as a table with the column `number`. #}
{% macro whole_numbers(first, last) %}
    {{ return(adapter.dispatch('whole_numbers', 'anonymart')(first, last)) }}
{% endmacro %}

{% macro duckdb__whole_numbers(first, last) -%}
    (select cast(range as integer) as number from range({{ first }}, {{ last }} + 1))
{%- endmacro %}

{% macro spark__whole_numbers(first, last) -%}
    (select explode(sequence({{ first }}, {{ last }})) as number)
{%- endmacro %}

{% macro months_between(first_day, last_day) %}
    {{ return(adapter.dispatch('months_between', 'anonymart')(first_day, last_day)) }}
{% endmacro %}

{% macro duckdb__months_between(first_day, last_day) -%}
    date_diff('month', {{ first_day }}, {{ last_day }})
{%- endmacro %}

{% macro spark__months_between(first_day, last_day) -%}
    cast(
        12 * (year({{ last_day }}) - year({{ first_day }})) + month({{ last_day }}) - month({{ first_day }})
        as bigint
    )
{%- endmacro %}

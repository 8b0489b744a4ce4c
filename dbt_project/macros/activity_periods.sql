{# The two rules of the window (P-STAT), each in one place. #}

{# The last day on which somebody is in statistics whose last use was on this day. #}
{% macro closing_on(last_use_on) -%}
    {{ add_months(last_use_on, 12 * policy('purposes', 'P-STAT', 'keep_years_after_last_use')) }}
{%- endmacro %}

{# Whether a row of the history belongs to the present activity period of the person behind int_identities, joined as `identities`.
   A period of the history never holds days of two activity periods: the closed window lies between them. #}
{% macro in_present_life(day, grain='day') -%}
    (
        identities.counts_from_on is null
        or {{ day }} >= {{ 'identities.counts_from_on' if grain == 'day' else period_start('identities.counts_from_on', grain) }}
    )
{%- endmacro %}

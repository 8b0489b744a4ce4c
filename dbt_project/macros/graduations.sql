{# What enrolments tell of a graduation: `enrolments` is the name of int_enrolments in the query. #}

{# Its day; that of the end of the enrolment where it has none of its own. #}
{% macro graduation_day(enrolments) -%}
    coalesce({{ enrolments }}.graduated_on, {{ enrolments }}.ended_on)
{%- endmacro %}


{# Whether somebody graduated on a day that nobody knows. #}
{% macro is_undated_graduation(enrolments) -%}
    coalesce({{ enrolments }}.outcome = 'graduated', false) and {{ graduation_day(enrolments) }} is null
{%- endmacro %}

{# Of the diplomas of one person and year the one by which the person counts over all diplomas is number 1: one with an
   answer if there is one, then the newest. Whoever counts a part of these people asks here too. #}
{% macro number_over_all_diplomas() -%}
    row_number() over (
        partition by graduation_year, months_after, person_key
        order by has_answered desc, graduated_on desc, diploma_id
    )
{%- endmacro %}

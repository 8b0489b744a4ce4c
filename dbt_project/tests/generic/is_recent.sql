{# Warns when the newest day of a column lies further before as_of than two releases may lie apart:
   a build may be right without new data, but somebody should know that none came. #}
{% test is_recent(model, column_name) %}
{{ config(severity='warn') }}
select max({{ column_name }}) as newest_on
from {{ model }}
having max({{ column_name }}) < {{ add_days(as_of(), -policy('as_of', 'largest_step_days')) }}
{% endtest %}

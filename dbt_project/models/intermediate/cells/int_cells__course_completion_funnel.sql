{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ protect_cells(
    'course_completion_funnel',
    people=ref('int_people__course_completion_funnel'),
    closing=ref('int_closed_periods'),
) }}

{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ protect_cells(
    'course_engagement_monthly',
    people=ref('int_people__course_engagement_monthly'),
    closing=ref('int_closed_periods'),
) }}

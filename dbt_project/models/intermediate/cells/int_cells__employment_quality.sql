{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ protect_cells(
    'employment_quality',
    people=ref('int_people__employment_quality'),
    closing=ref('int_closed_periods'),
) }}

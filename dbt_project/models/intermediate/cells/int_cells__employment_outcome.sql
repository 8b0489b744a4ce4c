{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ protect_cells(
    'employment_outcome',
    people=ref('int_people__employment_outcome'),
    closing=ref('int_closed_periods'),
) }}

{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ protect_cells(
    'project_validation',
    people=ref('int_people__project_validation'),
    closing=ref('int_closed_periods'),
) }}

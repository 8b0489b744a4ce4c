{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ protect_cells(
    'path_outcome',
    people=ref('int_people__path_outcome'),
    closing=ref('int_closed_periods'),
) }}

{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ protect_cells(
    'school_activity',
    people=ref('int_people__school_activity'),
    closing=ref('int_closed_periods'),
) }}

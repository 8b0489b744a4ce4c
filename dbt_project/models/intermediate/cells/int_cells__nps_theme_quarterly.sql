{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ protect_cells(
    'nps_theme_quarterly',
    people=ref('int_people__nps_theme_quarterly'),
    closing=ref('int_closed_periods'),
) }}

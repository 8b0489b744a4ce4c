{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ protect_cells(
    'audience_monthly',
    people=ref('int_people__audience_monthly'),
    closing=ref('int_closed_periods'),
) }}

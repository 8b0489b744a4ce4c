{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ protect_cells(
    'rncp_two_years',
    people=ref('int_people__rncp_two_years'),
    closing=ref('int_closed_periods'),
    first_cells=ref('int_cells__salary_outcome'),
) }}

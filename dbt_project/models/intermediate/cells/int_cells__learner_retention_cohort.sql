{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ protect_cells(
    'learner_retention_cohort',
    people=ref('int_people__learner_retention_cohort'),
    closing=ref('int_closed_periods'),
) }}

{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ publish_cells('learner_retention_cohort', ref('int_cells__learner_retention_cohort')) }}

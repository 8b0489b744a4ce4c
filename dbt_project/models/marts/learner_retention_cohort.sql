{# Written by `anonymart declare` from the YAML of the mart: do not edit. #}
{{ publish_cells('learner_retention_cohort', ref('int_cells__learner_retention_cohort')) }}

{{ publish_cells('learner_retention_cohort', ref('int_cells__learner_retention_cohort')) }}

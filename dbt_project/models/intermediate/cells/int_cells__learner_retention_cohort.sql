{{ protect_cells('learner_retention_cohort', ref('int_people__learner_retention_cohort'), ref('int_closed_periods')) }}

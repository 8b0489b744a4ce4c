{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ cell_evidence({
    'chapter_completion': ref('int_cells__chapter_completion'),
    'course_completion_funnel': ref('int_cells__course_completion_funnel'),
    'course_engagement_monthly': ref('int_cells__course_engagement_monthly'),
    'employment_outcome': ref('int_cells__employment_outcome'),
    'exercise_difficulty': ref('int_cells__exercise_difficulty'),
    'learner_retention_cohort': ref('int_cells__learner_retention_cohort'),
    'nps_quarterly': ref('int_cells__nps_quarterly'),
    'nps_theme_quarterly': ref('int_cells__nps_theme_quarterly'),
    'project_validation': ref('int_cells__project_validation'),
    'rncp_promotion': ref('int_cells__rncp_promotion'),
    'salary_outcome': ref('int_cells__salary_outcome'),
}) }}

{{ publish_cells('course_engagement_monthly', ref('int_cells__course_engagement_monthly')) }}

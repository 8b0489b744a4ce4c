{{ protect_cells('course_engagement_monthly', ref('int_people__course_engagement_monthly'), ref('int_closed_periods')) }}

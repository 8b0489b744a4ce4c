{{ protect_cells('course_completion_funnel', ref('int_people__course_completion_funnel'), ref('int_closed_periods')) }}

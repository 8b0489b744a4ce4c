{{ publish_cells('course_completion_funnel', ref('int_cells__course_completion_funnel')) }}

{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ publish_cells('course_completion_funnel', ref('int_cells__course_completion_funnel')) }}

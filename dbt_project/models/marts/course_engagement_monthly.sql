{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ publish_cells('course_engagement_monthly', ref('int_cells__course_engagement_monthly')) }}

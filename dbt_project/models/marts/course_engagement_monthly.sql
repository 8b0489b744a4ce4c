{# Written by `anonymart declare` from the YAML of the mart: do not edit. #}
{{ publish_cells('course_engagement_monthly', ref('int_cells__course_engagement_monthly')) }}

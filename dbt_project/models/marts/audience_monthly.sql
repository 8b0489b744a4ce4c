{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ publish_cells('audience_monthly', ref('int_cells__audience_monthly')) }}

{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ publish_cells('salary_outcome', ref('int_cells__salary_outcome')) }}

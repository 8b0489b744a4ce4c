{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ publish_cells('employment_outcome', ref('int_cells__employment_outcome')) }}

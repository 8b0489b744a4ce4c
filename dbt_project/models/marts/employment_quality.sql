{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ publish_cells('employment_quality', ref('int_cells__employment_quality')) }}

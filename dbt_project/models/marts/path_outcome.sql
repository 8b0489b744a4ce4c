{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ publish_cells('path_outcome', ref('int_cells__path_outcome')) }}

{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ publish_cells('rncp_two_years', ref('int_cells__rncp_two_years')) }}

{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ publish_cells('rncp_promotion', ref('int_cells__rncp_promotion')) }}

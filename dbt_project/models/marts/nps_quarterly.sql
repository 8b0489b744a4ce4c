{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ publish_cells('nps_quarterly', ref('int_cells__nps_quarterly')) }}

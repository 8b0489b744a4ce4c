{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ publish_cells('project_validation', ref('int_cells__project_validation')) }}

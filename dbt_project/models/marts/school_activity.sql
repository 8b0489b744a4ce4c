{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ publish_cells('school_activity', ref('int_cells__school_activity')) }}

{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ publish_cells('chapter_completion', ref('int_cells__chapter_completion')) }}

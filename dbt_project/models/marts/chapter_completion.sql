{# Written by `anonymart declare` from the YAML of the mart: do not edit. #}
{{ publish_cells('chapter_completion', ref('int_cells__chapter_completion')) }}

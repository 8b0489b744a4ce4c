{# Written by `anonymart declare` from the YAML of the mart: do not edit. #}
{{ publish_cells('exercise_difficulty', ref('int_cells__exercise_difficulty')) }}

{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ publish_cells('exercise_difficulty', ref('int_cells__exercise_difficulty')) }}

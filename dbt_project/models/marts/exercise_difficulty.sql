{{ publish_cells('exercise_difficulty', ref('int_cells__exercise_difficulty')) }}

{{ protect_cells('exercise_difficulty', ref('int_people__exercise_difficulty'), ref('int_closed_periods')) }}

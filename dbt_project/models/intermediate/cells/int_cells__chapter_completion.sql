{{ protect_cells('chapter_completion', ref('int_people__chapter_completion'), ref('int_closed_periods')) }}

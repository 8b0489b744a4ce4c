{{ protect_cells('salary_outcome', ref('int_people__salary_outcome'), ref('int_closed_periods')) }}

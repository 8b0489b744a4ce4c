{{ protect_cells('employment_outcome', ref('int_people__employment_outcome'), ref('int_closed_periods')) }}

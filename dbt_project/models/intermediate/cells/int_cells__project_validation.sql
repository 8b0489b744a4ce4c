{{ protect_cells('project_validation', ref('int_people__project_validation'), ref('int_closed_periods')) }}

{{ protect_cells('nps_quarterly', ref('int_people__nps_quarterly'), ref('int_closed_periods')) }}

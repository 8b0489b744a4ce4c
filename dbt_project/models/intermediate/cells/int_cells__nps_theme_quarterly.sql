{{ protect_cells('nps_theme_quarterly', ref('int_people__nps_theme_quarterly'), ref('int_closed_periods')) }}

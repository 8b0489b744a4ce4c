{{ publish_cells('nps_theme_quarterly', ref('int_cells__nps_theme_quarterly')) }}

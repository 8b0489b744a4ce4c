{{ publish_cells('nps_quarterly', ref('int_cells__nps_quarterly')) }}

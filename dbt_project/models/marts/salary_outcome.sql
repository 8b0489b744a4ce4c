{{ publish_cells('salary_outcome', ref('int_cells__salary_outcome')) }}

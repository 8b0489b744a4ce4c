{{ publish_cells('employment_outcome', ref('int_cells__employment_outcome')) }}

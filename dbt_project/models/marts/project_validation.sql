{{ publish_cells('project_validation', ref('int_cells__project_validation')) }}

{{ publish_cells('chapter_completion', ref('int_cells__chapter_completion')) }}

{{ publish_cells('rncp_promotion', ref('int_cells__rncp_promotion')) }}

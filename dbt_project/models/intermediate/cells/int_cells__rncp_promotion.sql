{{ protect_cells('rncp_promotion', ref('int_people__rncp_promotion'), ref('int_closed_periods')) }}

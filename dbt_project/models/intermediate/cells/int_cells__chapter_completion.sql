{{ protect_cells(
    'chapter_completion',
    people=ref('int_people__chapter_completion'),
    closing=ref('int_closed_periods'),
) }}

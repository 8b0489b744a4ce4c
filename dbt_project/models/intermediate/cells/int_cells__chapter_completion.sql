{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ protect_cells(
    'chapter_completion',
    people=ref('int_people__chapter_completion'),
    closing=ref('int_closed_periods'),
) }}

{# Written by `anonymart declare` from the YAML of the marts: do not edit. #}
{{ protect_cells(
    'exercise_difficulty',
    people=ref('int_people__exercise_difficulty'),
    closing=ref('int_closed_periods'),
) }}

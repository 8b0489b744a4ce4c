with promotions as (
    select
        diploma_id,
        graduation_year as promotion_year,
        person_key,
        bool_or(is_by_vae) as is_by_vae,
        bool_or(months_after = 6 and has_answered) as answered_6m,
        bool_or(months_after = 6 and is_employed) as employed_6m,
        bool_or(months_after = 6 and is_in_field) as in_field_6m
    from {{ ref('int_graduates') }}
    where diploma_id in {{ codes('diploma') }}
    group by diploma_id, graduation_year, person_key
)

select
    promotions.diploma_id,
    promotions.promotion_year,
    persons.pseudonym,
    persons.record_key,
    persons.closing_on,
    promotions.is_by_vae,
    promotions.answered_6m,
    promotions.employed_6m,
    promotions.in_field_6m
from promotions
inner join {{ ref('int_persons') }} as persons
    on promotions.person_key = persons.person_key
where persons.is_in_statistics

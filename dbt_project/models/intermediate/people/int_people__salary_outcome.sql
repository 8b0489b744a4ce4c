with of_diplomas as (
    select
        diploma_id,
        graduation_year,
        months_after,
        person_key,
        has_answered,
        is_employed,
        is_in_field,
        salary_eur_year
    from {{ ref('int_graduates') }}
    where diploma_id in {{ codes('diploma') }}
),

-- Over all diplomas a person counts once a year, with an answer if there is one.
of_all as (
    select
        graduates.*,
        row_number() over (
            partition by graduation_year, months_after, person_key
            order by has_answered desc, graduated_on desc, diploma_id
        ) as newest_no
    from {{ ref('int_graduates') }} as graduates
),

outcomes as (
    select
        diploma_id,
        graduation_year,
        months_after,
        person_key,
        has_answered,
        is_employed,
        is_in_field,
        salary_eur_year
    from of_diplomas
    union all
    select
        'all' as diploma_id,
        graduation_year,
        months_after,
        person_key,
        has_answered,
        is_employed,
        is_in_field,
        salary_eur_year
    from of_all
    where newest_no = 1
)

select
    outcomes.diploma_id,
    outcomes.graduation_year,
    outcomes.graduation_year as graduation_year_from,
    outcomes.months_after,
    persons.pseudonym,
    persons.record_key,
    persons.closing_on,
    outcomes.has_answered,
    outcomes.is_employed,
    outcomes.is_in_field,
    outcomes.salary_eur_year
from outcomes
inner join {{ ref('int_persons') }} as persons
    on outcomes.person_key = persons.person_key
where persons.is_in_statistics

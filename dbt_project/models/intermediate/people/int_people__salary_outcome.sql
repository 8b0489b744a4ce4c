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
        {{ number_over_all_diplomas() }} as newest_no
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
),

people as (
    select
        outcomes.*,
        persons.pseudonym,
        persons.record_key,
        persons.closing_on
    from outcomes
    inner join {{ ref('int_persons') }} as persons
        on outcomes.person_key = persons.person_key
    where persons.is_in_statistics
),

-- Salaries of diplomas that have fewer of them than any two figures must lie apart.
large_parts as (
    select
        diploma_id,
        graduation_year,
        months_after
    from people
    where diploma_id <> 'all'
    group by diploma_id, graduation_year, months_after
    having count(salary_eur_year) >= {{ policy('nesting', 'smallest_difference') }}
),

of_large_parts as (
    select distinct
        people.person_key,
        people.graduation_year,
        people.months_after
    from people
    inner join large_parts
        on
            people.diploma_id = large_parts.diploma_id
            and people.graduation_year = large_parts.graduation_year
            and people.months_after = large_parts.months_after
    where people.salary_eur_year is not null
),

-- Too few to matter leave the salaries of all: else all less the large diplomas would be these few,
-- and a large one would have to be hidden for them.
few as (
    select
        people.graduation_year,
        people.months_after,
        count(*) as n_few
    from people
    left join of_large_parts
        on
            people.person_key = of_large_parts.person_key
            and people.graduation_year = of_large_parts.graduation_year
            and people.months_after = of_large_parts.months_after
    where
        people.diploma_id = 'all'
        and people.salary_eur_year is not null
        and of_large_parts.person_key is null
    group by people.graduation_year, people.months_after
    having count(*) < {{ policy('nesting', 'smallest_difference') }}
)

select
    people.diploma_id,
    people.graduation_year,
    people.graduation_year as graduation_year_from,
    people.months_after,
    people.pseudonym,
    people.record_key,
    people.closing_on,
    people.has_answered,
    people.is_employed,
    people.is_in_field,
    case
        when
            people.diploma_id <> 'all'
            or few.n_few is null
            or of_large_parts.person_key is not null
            then people.salary_eur_year
    end as salary_eur_year
from people
left join few
    on
        people.graduation_year = few.graduation_year
        and people.months_after = few.months_after
left join of_large_parts
    on
        people.person_key = of_large_parts.person_key
        and people.graduation_year = of_large_parts.graduation_year
        and people.months_after = of_large_parts.months_after

-- Over all diplomas a person counts once a year, by the diploma by which salary_outcome counts them: the
-- contracts are part of its n_employed.
with answers as (
    select
        graduates.*,
        {{ number_over_all_diplomas() }} as newest_no
    from {{ ref('int_graduates') }} as graduates
),

contracts as (
    select *
    from answers
    where is_employed and contract_class is not null
),

outcomes as (
    select
        diploma_id,
        graduation_year,
        months_after,
        person_key,
        contract_class
    from contracts
    where diploma_id in {{ codes('diploma') }}
    union all
    select
        'all' as diploma_id,
        graduation_year,
        months_after,
        person_key,
        contract_class
    from contracts
    where newest_no = 1
)

select
    outcomes.diploma_id,
    outcomes.graduation_year,
    outcomes.months_after,
    persons.pseudonym,
    persons.record_key,
    persons.closing_on,
    outcomes.contract_class = 'permanent' as is_permanent,
    outcomes.contract_class = 'fixed_term' as is_fixed_term,
    outcomes.contract_class = 'self_employed' as is_self_employed,
    outcomes.contract_class not in ('permanent', 'fixed_term', 'self_employed') as is_other
from outcomes
inner join {{ ref('int_persons') }} as persons
    on outcomes.person_key = persons.person_key
where persons.is_in_statistics

with months as (
    select distinct
        identities.person_key,
        activity.month
    from {{ ref('int_activity__monthly') }} as activity
    inner join {{ ref('int_identities') }} as identities
        on activity.identity_key = identities.identity_key
    where {{ in_present_life('activity.month', 'month') }}
),

since as (
    select
        person_key,
        month,
        min(month) over (partition by person_key) as first_month
    from months
),

-- A person counts once in a period, however many of its months they were active in.
periods as (
    select
        person_key,
        first_month,
        month as from_month,
        1 as n_months
    from since
    union all
    select distinct
        person_key,
        first_month,
        {{ period_start('month', 'quarter') }} as from_month,
        3 as n_months
    from since
    union all
    select distinct
        person_key,
        first_month,
        {{ period_start('month', 'year') }} as from_month,
        12 as n_months
    from since
)

select
    periods.from_month,
    periods.n_months,
    persons.pseudonym,
    persons.record_key,
    persons.closing_on,
    periods.first_month >= periods.from_month as is_new
from periods
inner join {{ ref('int_persons') }} as persons
    on periods.person_key = persons.person_key
where persons.is_in_statistics

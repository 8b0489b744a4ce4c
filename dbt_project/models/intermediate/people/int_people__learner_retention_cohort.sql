{% set longest = policy('observation', 'learner_retention_longest_months') %}

with months as (
    select
        identities.person_key,
        activity.month
    from {{ ref('int_activity__monthly') }} as activity
    inner join {{ ref('int_identities') }} as identities
        on activity.identity_key = identities.identity_key
    where {{ in_present_life('activity.month', 'month') }}
),

first_months as (
    select
        person_key,
        min(month) as first_month
    from months
    group by person_key
),

offsets as (
    select
        months.person_key,
        first_months.first_month,
        {{ months_between('first_months.first_month', 'months.month') }} as months_since_start
    from months
    inner join first_months
        on months.person_key = first_months.person_key
),

-- One bit per month since the start: a person's whole trace in a number, without a join per month.
traces as (
    select
        person_key,
        first_month,
        bit_or(
            if(months_since_start <= {{ longest }}, cast(pow(2, months_since_start) as bigint), 0)
        ) as active_months
    from offsets
    group by person_key, first_month
)

select
    {{ period_start('traces.first_month', 'quarter') }} as cohort_quarter,
    months_since.number as months_since_start,
    persons.pseudonym,
    persons.record_key,
    persons.closing_on,
    (traces.active_months & cast(pow(2, months_since.number) as bigint)) != 0 as is_active
from traces
inner join {{ ref('int_persons') }} as persons
    on traces.person_key = persons.person_key
cross join {{ whole_numbers(0, longest) }} as months_since
where persons.is_in_statistics

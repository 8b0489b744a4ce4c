with identities as (
    select
        identifier,
        person_id
    from {{ ref('stg_register__identities') }}
    where person_id is not null
),

persons as (
    select
        person_id,
        {{ pseudonym_hash('person_id') }} as pseudonym,
        {{ record_hash('person_id') }} as record_hash
    from (select distinct person_id from identities) as known
),

-- Spans of all identifiers of a person, each with the last use before it under any of them (P-STAT).
spans as (
    select
        identities.person_id,
        {{ local_date('uses.first_use_at') }} as first_use_on,
        {{ local_date('uses.last_use_at') }} as last_use_on
    from {{ ref('stg_register__last_use') }} as uses
    inner join identities
        on uses.identifier = identities.identifier
    where {{ is_by_end_of('uses.first_use_at', as_of()) }}
),

followed as (
    select
        spans.*,
        max(last_use_on) over (
            partition by person_id
            order by first_use_on, last_use_on
            rows between unbounded preceding and 1 preceding
        ) as used_before_on
    from spans
),

-- Of a span that goes on after as_of, the last use up to as_of is not kept, only that the window was open.
activity_periods as (
    select
        person_id,
        max(if(last_use_on <= {{ as_of() }}, last_use_on, first_use_on)) as last_use_on,
        max(last_use_on) > {{ as_of() }} as is_used_later,
        max(if(first_use_on > {{ closing_on('used_before_on') }}, used_before_on, null)) as former_use_on
    from followed
    group by person_id
),

registered as (
    select
        identities.person_id,
        max(learners.born_on) as born_on,
        bool_or(coalesce(learners.role, 'learner') != 'learner') as is_not_a_learner
    from {{ ref('stg_register__learners') }} as learners
    inner join identities
        on learners.identifier = identities.identifier
    group by identities.person_id
),

-- A request counts from the day that it was received, checked or not: nobody waits to be out of statistics.
-- Lifting brings a person back, so that it counts only once it is certain who asks (R-DOUBT).
requests as (
    select
        identities.person_id,
        bool_or(requests.is_erasure) as has_asked_erasure,
        {{ holds_at_last('object') }} as has_objected,
        {{ holds_at_last('restrict') }} as has_asked_restriction
    from {{ ref('stg_rights__requests') }} as requests
    inner join identities
        on requests.identifier = identities.identifier
    where
        {{ is_by_end_of('requests.received_at', as_of()) }}
        and (not requests.is_lift or requests.is_identity_verified)
    group by identities.person_id
),

-- Nobody knows yet what these people ask for: they are in no figure until somebody has entered or refused it.
unreadable as (
    select distinct identities.person_id
    from {{ ref('stg_rights__unreadable') }} as unreadable
    inner join identities
        on unreadable.identifier = identities.identifier
),

consents as (
    select
        identities.person_id,
        consents.status,
        row_number() over (
            partition by identities.person_id
            order by consents.recorded_at desc, consents.status desc
        ) as newest_no
    from {{ ref('stg_rights__consents') }} as consents
    inner join identities
        on consents.identifier = identities.identifier
    where
        consents.purpose = 'P-STAT'
        and {{ is_by_end_of('consents.recorded_at', as_of()) }}
),

dated as (
    select
        persons.pseudonym,
        persons.record_hash,
        activity_periods.last_use_on,
        if(
            activity_periods.is_used_later,
            greatest({{ closing_on('activity_periods.last_use_on') }}, {{ as_of() }}),
            {{ closing_on('activity_periods.last_use_on') }}
        ) as closing_on,
        {{ add_days(closing_on('activity_periods.former_use_on'), 1) }} as counts_from_on,
        {{ add_months('registered.born_on', 12 * policy('minimum_age_years')) }} as of_age_on,
        coalesce(registered.is_not_a_learner, false) as is_not_a_learner,
        coalesce(requests.has_asked_erasure, false) as has_asked_erasure,
        coalesce(requests.has_objected, false)
        or coalesce(consents.status = 'withdrawn', false) as has_objected,
        coalesce(requests.has_asked_restriction, false)
        or unreadable.person_id is not null as has_asked_restriction
    from persons
    left join activity_periods
        on persons.person_id = activity_periods.person_id
    left join registered
        on persons.person_id = registered.person_id
    left join requests
        on persons.person_id = requests.person_id
    left join unreadable
        on persons.person_id = unreadable.person_id
    left join consents
        on
            persons.person_id = consents.person_id
            and consents.newest_no = 1
),

judged as (
    select
        dated.*,
        case
            when is_not_a_learner then 'not_a_learner'
            when has_asked_erasure then 'erasure_requested'
            when has_objected then 'objected'
            when has_asked_restriction then 'restricted'
            when of_age_on > {{ as_of() }} then 'minor'
            when last_use_on is null then 'unknown_last_use'
            when closing_on < {{ as_of() }} then 'expired'
            else 'in'
        end as status
    from dated
)

select
    {{ first_64_bits('pseudonym') }} as person_key,
    pseudonym,
    {{ first_32_bits('record_hash') }} as record_key,
    status,
    status = 'in' as is_in_statistics,
    last_use_on,
    closing_on,
    counts_from_on
from judged

-- P-SURVEY: the newest declaration of a person, and the last time that it was a withdrawal.
with declarations as (
    select
        identifier,
        status,
        recorded_at
    from {{ ref('stg_rights__consents') }}
    where purpose = 'P-SURVEY'
    union all
    select
        identifier,
        'withdrawn' as status,
        received_at as recorded_at
    from {{ ref('stg_rights__requests') }}
    where request_kind = 'withdraw'
),

of_persons as (
    select
        identities.person_id,
        declarations.status,
        declarations.recorded_at
    from declarations
    inner join {{ ref('stg_register__identities') }} as identities
        on declarations.identifier = identities.identifier
    where
        identities.person_id is not null
        and {{ is_by_end_of('declarations.recorded_at', as_of()) }}
),

last_times as (
    select
        person_id,
        max(if(status = 'granted', recorded_at, null)) as granted_at,
        max(if(status = 'withdrawn', recorded_at, null)) as withdrawn_at
    from of_persons
    group by person_id
),

keyed as (
    select
        last_times.*,
        {{ pseudonym_hash('person_id') }} as pseudonym
    from last_times
)

select
    {{ first_64_bits('pseudonym') }} as person_key,
    -- Granted and withdrawn at the same moment is withdrawn.
    coalesce(granted_at > withdrawn_at, granted_at is not null) as is_granted,
    withdrawn_at
from keyed

-- A person is whom the register of learners names; behind any other identifier is nobody in figures.
with known as (
    select distinct identities.person_id
    from {{ source('register', 'identities') }} as identities
    inner join {{ source('register', 'learners') }} as learners
        on identities.identifier = learners.identifier
    where identities.person_id is not null
)

select
    identities.identifier,
    identities.kind as identifier_kind,
    known.person_id
from {{ source('register', 'identities') }} as identities
left join known
    on identities.person_id = known.person_id

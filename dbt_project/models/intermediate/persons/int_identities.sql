-- The history is keyed by identifiers; who stands behind them is decided here, anew in each build.
-- So two accounts that turn out to be one person change a small map and never the history.
with persons as (
    select
        person_id,
        {{ pseudonym_hash('person_id') }} as pseudonym
    from (
        select distinct person_id
        from {{ ref('stg_register__identities') }}
        where person_id is not null
    )
),

identities as (
    select
        person_id,
        {{ identity_key('identifier') }} as identity_key
    from {{ ref('stg_register__identities') }}
    where person_id is not null
),

-- Nearly nobody is in it: only who came back after their window had closed.
present_lives as (
    select
        pseudonym,
        counts_from_on
    from {{ ref('int_persons') }}
    where counts_from_on is not null
)

select
    identities.identity_key,
    {{ first_64_bits('persons.pseudonym') }} as person_key,
    persons.pseudonym,
    present_lives.counts_from_on
from identities
inner join persons
    on identities.person_id = persons.person_id
left join present_lives
    on persons.pseudonym = present_lives.pseudonym

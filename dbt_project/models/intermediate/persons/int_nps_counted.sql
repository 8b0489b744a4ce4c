-- Invitations and answers that count today: of persons in statistics, as far as consent stands (P-SURVEY).
with responses as (
    select
        identities.person_key,
        responses.response_key,
        responses.path_id,
        {{ period_start('coalesce(responses.asked_on, responses.answered_on)', 'quarter') }} as quarter,
        responses.score,
        responses.themes,
        responses.answered_on,
        coalesce(responses.answered_at, responses.asked_at) as counted_at
    from {{ ref('int_nps_responses') }} as responses
    inner join {{ ref('int_identities') }} as identities
        on responses.identity_key = identities.identity_key
    where
        coalesce(responses.asked_on, responses.answered_on) <= {{ as_of() }}
        and {{ in_present_life('coalesce(responses.asked_on, responses.answered_on)') }}
),

observed as (
    select
        responses.*,
        coalesce(
            score is not null
            and answered_on <= {{ as_of() }}
            and answered_on < {{ add_months('quarter', 3 + policy('observation', 'nps_quarterly_months')) }},
            false
        ) as has_answered
    from responses
)

select
    observed.person_key,
    observed.response_key,
    observed.path_id,
    observed.quarter,
    observed.has_answered,
    if(observed.has_answered, observed.score, null) as score,
    if(observed.has_answered, observed.themes, null) as themes,
    observed.counted_at
from observed
inner join {{ ref('int_persons') }} as persons
    on observed.person_key = persons.person_key
left join {{ ref('int_survey_consents') }} as consents
    on observed.person_key = consents.person_key
where
    persons.is_in_statistics
    and (
        consents.person_key is null
        or (consents.is_granted and coalesce(consents.withdrawn_at < observed.counted_at, true))
    )

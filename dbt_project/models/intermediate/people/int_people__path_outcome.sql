{% set observed = policy('observation', 'path_outcome_months') %}

-- A path of which no enrolment has an outcome says nothing of who is still in: it is in no cell.
with told as (
    select distinct paths.code
    from {{ ref('int_enrolments') }} as enrolments
    inner join {{ items_of('path') }} as paths
        on enrolments.path_id = paths.item_id
    where enrolments.outcome is not null
),

enrolments as (
    select
        identities.person_key,
        paths.code as path_id,
        enrolments.outcome,
        enrolments.started_on,
        coalesce(enrolments.ended_on, enrolments.started_on) as ended_on,
        if(enrolments.outcome = 'graduated', {{ graduation_day('enrolments') }}, null) as graduated_on,
        {{ is_undated_graduation('enrolments') }} as is_undated,
        min(enrolments.started_on) over (partition by identities.person_key, paths.code) as first_on
    from {{ ref('int_enrolments') }} as enrolments
    inner join {{ ref('int_identities') }} as identities
        on enrolments.identity_key = identities.identity_key
    inner join {{ items_of('path') }} as paths
        on enrolments.path_id = paths.item_id
    where
        enrolments.started_on <= {{ as_of() }}
        and paths.code in (select told.code from told)
        and {{ in_present_life('enrolments.started_on') }}
),

-- Who enrols a second time goes on; gone is who has left each enrolment of these months.
outcomes as (
    select
        person_key,
        path_id,
        first_on,
        min(graduated_on) as graduated_on,
        bool_and(
            coalesce(outcome = 'abandoned', false) and ended_on <= {{ add_months('first_on', observed) }}
        ) as has_left
    from enrolments
    where started_on <= {{ add_months('first_on', observed) }}
    group by person_key, path_id, first_on
    -- Who graduated on a day that nobody knows may have done so in time or not.
    having not bool_or(is_undated)
),

judged as (
    select
        outcomes.*,
        coalesce(graduated_on <= {{ add_months('first_on', observed) }}, false) as has_graduated
    from outcomes
)

select
    judged.path_id,
    {{ period_start('judged.first_on', 'quarter') }} as start_quarter,
    persons.pseudonym,
    persons.record_key,
    persons.closing_on,
    judged.has_graduated,
    judged.has_left and not judged.has_graduated as has_abandoned,
    not judged.has_left and not judged.has_graduated as is_still_in,
    -- A diploma from before the start is one, and took no days.
    if(
        judged.has_graduated and judged.graduated_on >= judged.first_on,
        {{ days_between('judged.first_on', 'judged.graduated_on') }},
        null
    ) as days
from judged
inner join {{ ref('int_persons') }} as persons
    on judged.person_key = persons.person_key
where persons.is_in_statistics

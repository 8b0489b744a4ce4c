with courses as (
    select
        identities.person_key,
        catalogue.code as course_id,
        least(min(activity.registered_on), min(activity.started_on)) as start_on,
        min(activity.started_on) as started_on,
        min(activity.reached_25_on) as reached_25_on,
        min(activity.reached_50_on) as reached_50_on,
        min(activity.reached_75_on) as reached_75_on,
        min(activity.completed_on) as completed_on
    from {{ ref('int_activity__course') }} as activity
    inner join {{ ref('int_identities') }} as identities
        on activity.identity_key = identities.identity_key
    inner join {{ items_of('course') }} as catalogue
        on activity.course_id = catalogue.item_id
    where {{ in_present_life('activity.year', 'year') }}
    group by identities.person_key, catalogue.code
),

observed as (
    select
        courses.*,
        {{ period_start('start_on', 'quarter') }} as start_quarter,
        {{ add_months('start_on', policy('observation', 'course_completion_funnel_months')) }} as last_on
    from courses
)

select
    observed.course_id,
    observed.start_quarter,
    steps.step,
    persons.pseudonym,
    persons.record_key,
    persons.closing_on,
    coalesce(
        case steps.step
            when 'registered' then true
            when 'started' then observed.started_on <= observed.last_on
            when '25' then observed.reached_25_on <= observed.last_on
            when '50' then observed.reached_50_on <= observed.last_on
            when '75' then observed.reached_75_on <= observed.last_on
            when 'completed' then observed.completed_on <= observed.last_on
        end,
        false
    ) as has_reached
from observed
inner join {{ ref('int_persons') }} as persons
    on observed.person_key = persons.person_key
cross join {{ ref('funnel_steps') }} as steps
where persons.is_in_statistics

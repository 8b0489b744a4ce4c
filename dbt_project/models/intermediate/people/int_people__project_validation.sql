with projects as (
    select
        identities.person_key,
        projects_listed.path_id,
        projects_listed.code as project_id,
        min(activity.submitted_on) as submitted_on,
        min(activity.validated_on) as validated_on
    from {{ ref('int_activity__project') }} as activity
    inner join {{ ref('int_identities') }} as identities
        on activity.identity_key = identities.identity_key
    inner join {{ items_of('project') }} as projects_listed
        on activity.project_id = projects_listed.item_id
    where {{ in_present_life('activity.year', 'year') }}
    group by identities.person_key, projects_listed.path_id, projects_listed.code
),

observed as (
    select
        projects.*,
        coalesce(
            validated_on
            <= {{ add_months('submitted_on', policy('observation', 'project_validation_months')) }},
            false
        ) as has_validated
    from projects
)

select
    paths.code as path_id,
    observed.project_id,
    {{ period_start('observed.submitted_on', 'half_year') }} as half_year,
    persons.pseudonym,
    persons.record_key,
    persons.closing_on,
    observed.has_validated,
    if(
        observed.has_validated, {{ days_between('observed.submitted_on', 'observed.validated_on') }}, null
    ) as days
from observed
inner join {{ items_of('path') }} as paths
    on observed.path_id = paths.item_id
inner join {{ ref('int_persons') }} as persons
    on observed.person_key = persons.person_key
where persons.is_in_statistics

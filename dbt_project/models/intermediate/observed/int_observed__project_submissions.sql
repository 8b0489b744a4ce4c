-- Each project that somebody submitted, by its first submission.
with projects as (
    select
        identities.person_key,
        listed.path_id,
        listed.code as project_id,
        min(activity.submitted_on) as submitted_on,
        min(activity.validated_on) as validated_on
    from {{ ref('int_activity__project') }} as activity
    inner join {{ ref('int_identities') }} as identities
        on activity.identity_key = identities.identity_key
    inner join {{ items_of('project') }} as listed
        on activity.project_id = listed.item_id
    where {{ in_present_life('activity.year', 'year') }}
    group by identities.person_key, listed.path_id, listed.code
)

select
    projects.person_key,
    projects.submitted_on as observed_on,
    paths.code as path_id,
    coalesce(
        projects.validated_on
        <= {{ add_months('projects.submitted_on', policy('observation', 'project_validation_months')) }},
        false
    ) as has_validated
from projects
left join {{ items_of('path') }} as paths
    on projects.path_id = paths.item_id

with months as (
    select
        identities.person_key,
        courses.code as course_id,
        activity.month,
        sum(activity.n_events) > 0 as is_active,
        sum(activity.n_registrations) > 0 as is_registered,
        sum(activity.n_completions) > 0 as is_completed,
        max(activity.progress) as progress
    from {{ ref('int_activity__course_monthly') }} as activity
    inner join {{ ref('int_identities') }} as identities
        on activity.identity_key = identities.identity_key
    inner join {{ items_of('course') }} as courses
        on activity.course_id = courses.item_id
    where {{ in_present_life('activity.month', 'month') }}
    group by identities.person_key, courses.code, activity.month
)

select
    months.course_id,
    months.month,
    persons.pseudonym,
    persons.record_key,
    persons.closing_on,
    months.is_active,
    months.is_registered,
    months.is_completed,
    months.progress
from months
inner join {{ ref('int_persons') }} as persons
    on months.person_key = persons.person_key
where
    persons.is_in_statistics
    and (months.is_active or months.is_registered or months.is_completed)

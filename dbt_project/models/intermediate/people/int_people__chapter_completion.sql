with chapters as (
    select
        identities.person_key,
        coalesce(places.course_id, activity.course_id) as course_id,
        activity.chapter_id,
        min(activity.started_on) as started_on,
        min(activity.completed_on) as completed_on
    from {{ ref('int_activity__chapter') }} as activity
    inner join {{ ref('int_identities') }} as identities
        on activity.identity_key = identities.identity_key
    -- A catalogue that came after the statements says where they belong.
    left join {{ ref('int_catalogue') }} as places
        on
            activity.course_id = 'unknown'
            and places.item_kind = 'chapter'
            and activity.chapter_id = places.item_id
    where
        coalesce(places.course_id, activity.course_id) in {{ codes('course') }}
        and activity.chapter_id in {{ codes('chapter') }}
        and {{ in_present_life('activity.year', 'year') }}
    group by identities.person_key, coalesce(places.course_id, activity.course_id), activity.chapter_id
)

select
    chapters.course_id,
    chapters.chapter_id,
    {{ period_start('chapters.started_on', 'quarter') }} as start_quarter,
    persons.pseudonym,
    persons.record_key,
    persons.closing_on,
    coalesce(
        chapters.completed_on
        <= {{ add_months('chapters.started_on', policy('observation', 'chapter_completion_months')) }},
        false
    ) as has_completed
from chapters
inner join {{ ref('int_persons') }} as persons
    on chapters.person_key = persons.person_key
where persons.is_in_statistics

with chapters as (
    select
        identities.person_key,
        courses.code as course_id,
        chapter_items.code as chapter_id,
        min(activity.started_on) as started_on,
        min(activity.completed_on) as completed_on
    from {{ ref('int_activity__chapter') }} as activity
    inner join {{ ref('int_identities') }} as identities
        on activity.identity_key = identities.identity_key
    inner join {{ items_of('chapter') }} as chapter_items
        on activity.chapter_id = chapter_items.item_id
    -- A catalogue that came after the statements says where they belong.
    inner join {{ items_of('course') }} as courses
        on
            if(
                activity.course_id = 'unknown',
                coalesce(chapter_items.course_id, 'unknown'), activity.course_id
            )
            = courses.item_id
    where {{ in_present_life('activity.year', 'year') }}
    group by identities.person_key, courses.code, chapter_items.code
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

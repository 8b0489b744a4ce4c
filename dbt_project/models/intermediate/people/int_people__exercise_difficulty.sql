with exercises as (
    select
        identities.person_key,
        coalesce(places.course_id, activity.course_id) as course_id,
        activity.exercise_id,
        activity.half_year,
        greatest(sum(activity.n_attempted), sum(activity.n_results)) as n_attempts,
        sum(activity.n_successes) > 0 as has_succeeded,
        100 * max(if(activity.score_scaled < 0, 0, activity.score_scaled)) as score
    from {{ ref('int_activity__exercise_half_year') }} as activity
    inner join {{ ref('int_identities') }} as identities
        on activity.identity_key = identities.identity_key
    -- A catalogue that came after the statements says where they belong.
    left join {{ ref('int_catalogue') }} as places
        on
            activity.course_id = 'unknown'
            and places.item_kind = 'exercise'
            and activity.exercise_id = places.item_id
    where
        coalesce(places.course_id, activity.course_id) in {{ codes('course') }}
        and activity.exercise_id in {{ codes('exercise') }}
        and {{ in_present_life('activity.half_year', 'half_year') }}
    group by
        identities.person_key,
        coalesce(places.course_id, activity.course_id),
        activity.exercise_id,
        activity.half_year
)

select
    exercises.course_id,
    exercises.exercise_id,
    exercises.half_year,
    persons.pseudonym,
    persons.record_key,
    persons.closing_on,
    cast(exercises.n_attempts as bigint) as n_attempts,
    exercises.has_succeeded,
    exercises.score
from exercises
inner join {{ ref('int_persons') }} as persons
    on exercises.person_key = persons.person_key
where
    persons.is_in_statistics
    and exercises.n_attempts > 0

-- What one form says of a month, over all accounts of a person.
with forms as (
    select
        identities.person_key,
        courses.code as course_id,
        exercise_items.code as exercise_id,
        activity.half_year,
        activity.month,
        activity.form,
        sum(if(activity.month is null, 0, activity.n_attempted)) as n_attempted,
        sum(activity.n_attempted_scored) as n_attempted_scored,
        sum(activity.n_submitted) as n_submitted,
        sum(activity.n_answered) as n_answered,
        sum(activity.n_answered_scored) as n_answered_scored,
        sum(activity.n_evaluated) as n_evaluated,
        sum(activity.n_evaluated_scored) as n_evaluated_scored,
        sum(activity.n_verdicts) as n_verdicts,
        sum(activity.n_completed) as n_completed,
        sum(activity.n_others_scored) as n_others_scored,
        sum(activity.n_graded_by_others) as n_graded_by_others,
        -- Rows of before 0.2.0 know two numbers only.
        greatest(
            sum(if(activity.month is null, activity.n_attempted, 0)),
            sum(if(activity.month is null, activity.n_results, 0))
        ) as n_before,
        sum(activity.n_successes) as n_successes,
        max(if(activity.score_scaled < 0, 0e0, activity.score_scaled)) as score
    from {{ ref('int_activity__exercise_half_year') }} as activity
    inner join {{ ref('int_identities') }} as identities
        on activity.identity_key = identities.identity_key
    inner join {{ items_of('exercise') }} as exercise_items
        on activity.exercise_id = exercise_items.item_id
    -- A catalogue that came after the statements says where they belong.
    inner join {{ items_of('course') }} as courses
        on
            if(
                activity.course_id = 'unknown',
                coalesce(exercise_items.course_id, 'unknown'), activity.course_id
            )
            = courses.item_id
    where {{ in_present_life('activity.half_year', 'half_year') }}
    group by
        identities.person_key,
        courses.code,
        exercise_items.code,
        activity.half_year,
        activity.month,
        activity.form
),

-- Within a month the form that tells most holds: the same events in two forms are no two attempts.
months as (
    select
        person_key,
        course_id,
        exercise_id,
        half_year,
        month,
        max(n_attempted) as n_attempted,
        max(n_attempted_scored) as n_attempted_scored,
        max(n_submitted) as n_submitted,
        max(n_answered) as n_answered,
        max(n_answered_scored) as n_answered_scored,
        max(n_evaluated) as n_evaluated,
        max(n_evaluated_scored) as n_evaluated_scored,
        max(n_verdicts) as n_verdicts,
        max(n_completed) as n_completed,
        max(n_others_scored) as n_others_scored,
        max(n_graded_by_others) as n_graded_by_others,
        sum(n_before) as n_before,
        sum(n_successes) as n_successes,
        max(score) as score
    from forms
    group by person_key, course_id, exercise_id, half_year, month
),

-- Over the half-year what was said most often holds: an answer and its grade are one attempt, also if a
-- month lies between.
counted as (
    select
        person_key,
        course_id,
        exercise_id,
        half_year,
        greatest(
            sum(n_attempted),
            sum(n_attempted_scored),
            sum(n_submitted),
            sum(n_answered),
            sum(n_answered_scored),
            sum(n_evaluated),
            sum(n_evaluated_scored),
            sum(n_verdicts),
            sum(n_completed),
            sum(n_others_scored)
        ) as n_own,
        sum(n_graded_by_others) as n_graded_by_others,
        sum(n_before) as n_before,
        sum(n_successes) as n_successes,
        max(score) as score
    from months
    group by person_key, course_id, exercise_id, half_year
),

exercises as (
    select
        person_key,
        course_id,
        exercise_id,
        half_year,
        n_before
        + case
            when has_own_statements then coalesce(n_own, 0)
            else coalesce(n_graded_by_others, 0)
        end as n_attempts,
        n_successes > 0 as has_succeeded,
        100 * score as score
    from (
        select
            counted.*,
            coalesce(n_own, 0) > 0 or n_before > 0 as has_own_statements
        from counted
    ) as told
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

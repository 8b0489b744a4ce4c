{{ config(
    incremental_strategy='merge',
    unique_key=['identity_key', 'course_id', 'exercise_id', 'month', 'form']
) }}

-- One attempt may leave several statements, and the same events may come in several forms (xAPI, Caliper,
-- a log): statements are counted by what they say and by form, so that int_people__exercise_difficulty can
-- take the largest number in place of the sum.
with events as (
    select
        load_no,
        identity_key,
        coalesce(course_id, 'unknown') as course_id,
        exercise_id,
        occurred_on,
        coalesce(form, 'xapi') as form,
        verb,
        is_success,
        score_scaled,
        coalesce(is_use, true) as is_own,
        is_success is not null or score_scaled is not null as has_result
    from {{ ref('int_events') }}
    where
        exercise_id is not null
        and verb not in ('registered', 'unregistered')
        and not (coalesce(is_repeat, false) and coalesce(had_object, false))
        and {{ new_loads() }}
),

delta as (
    select
        load_no,
        identity_key,
        course_id,
        exercise_id,
        {{ period_start('occurred_on', 'half_year') }} as half_year,
        {{ period_start('occurred_on', 'month') }} as month,
        form,
        cast(is_own and verb = 'attempted' and not has_result as integer) as n_attempted,
        cast(is_own and verb = 'attempted' and has_result as integer) as n_attempted_scored,
        cast(is_own and verb = 'submitted' as integer) as n_submitted,
        cast(is_own and verb = 'answered' and not has_result as integer) as n_answered,
        cast(is_own and verb = 'answered' and has_result as integer) as n_answered_scored,
        cast(is_own and verb = 'evaluated' and not has_result as integer) as n_evaluated,
        cast(is_own and verb = 'evaluated' and has_result as integer) as n_evaluated_scored,
        cast(is_own and verb in ('passed', 'failed') as integer) as n_verdicts,
        cast(is_own and verb = 'completed' as integer) as n_completed,
        cast(
            is_own and has_result
            and verb not in (
                'attempted', 'submitted', 'answered', 'evaluated', 'passed', 'failed', 'completed'
            ) as integer
        ) as n_others_scored,
        cast(
            not is_own and (has_result or verb in ('evaluated', 'passed', 'failed', 'completed')) as integer
        ) as n_graded_by_others,
        cast(
            verb in ('answered', 'passed', 'failed', 'evaluated', 'completed', 'submitted')
            or has_result as integer
        ) as n_results,
        cast(verb = 'passed' or coalesce(is_success, false) as integer) as n_successes,
        score_scaled
    from events
),

touched as (
    select
        load_no,
        identity_key,
        course_id,
        exercise_id,
        half_year,
        month,
        form,
        n_attempted,
        n_attempted_scored,
        n_submitted,
        n_answered,
        n_answered_scored,
        n_evaluated,
        n_evaluated_scored,
        n_verdicts,
        n_completed,
        n_others_scored,
        n_graded_by_others,
        n_results,
        n_successes,
        score_scaled
    from delta
    {% if is_incremental() %}
        union all
        select
            load_no,
            identity_key,
            course_id,
            exercise_id,
            half_year,
            month,
            form,
            n_attempted,
            n_attempted_scored,
            n_submitted,
            n_answered,
            n_answered_scored,
            n_evaluated,
            n_evaluated_scored,
            n_verdicts,
            n_completed,
            n_others_scored,
            n_graded_by_others,
            n_results,
            n_successes,
            score_scaled
        from {{ this }}
        where
            (identity_key, course_id, exercise_id, month, form)
            in (select identity_key, course_id, exercise_id, month, form from delta)
    {% endif %}
)

select
    max(load_no) as load_no,
    identity_key,
    course_id,
    exercise_id,
    half_year,
    month,
    form,
    cast(sum(n_attempted) as bigint) as n_attempted,
    cast(sum(n_attempted_scored) as bigint) as n_attempted_scored,
    cast(sum(n_submitted) as bigint) as n_submitted,
    cast(sum(n_answered) as bigint) as n_answered,
    cast(sum(n_answered_scored) as bigint) as n_answered_scored,
    cast(sum(n_evaluated) as bigint) as n_evaluated,
    cast(sum(n_evaluated_scored) as bigint) as n_evaluated_scored,
    cast(sum(n_verdicts) as bigint) as n_verdicts,
    cast(sum(n_completed) as bigint) as n_completed,
    cast(sum(n_others_scored) as bigint) as n_others_scored,
    cast(sum(n_graded_by_others) as bigint) as n_graded_by_others,
    cast(sum(n_results) as bigint) as n_results,
    cast(sum(n_successes) as bigint) as n_successes,
    max(score_scaled) as score_scaled
from touched
group by identity_key, course_id, exercise_id, half_year, month, form

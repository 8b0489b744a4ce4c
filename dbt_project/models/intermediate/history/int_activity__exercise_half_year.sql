{{ config(
    incremental_strategy='merge',
    unique_key=['identity_key', 'course_id', 'exercise_id', 'half_year']
) }}

-- One attempt may leave two statements, "attempted" and its result: counted apart, the larger number holds.
with delta as (
    select
        load_no,
        identity_key,
        coalesce(course_id, 'unknown') as course_id,
        exercise_id,
        {{ period_start('occurred_on', 'half_year') }} as half_year,
        cast(verb = 'attempted' as integer) as n_attempted,
        cast(
            verb in ('answered', 'passed', 'failed', 'evaluated', 'completed', 'submitted')
            or (verb != 'attempted' and (is_success is not null or score_scaled is not null))
            as integer
        ) as n_results,
        cast(verb = 'passed' or coalesce(is_success, false) as integer) as n_successes,
        score_scaled
    from {{ ref('int_events') }}
    where
        exercise_id is not null
        and verb not in ('registered', 'unregistered')
        and {{ new_loads() }}
),

touched as (
    select
        load_no,
        identity_key,
        course_id,
        exercise_id,
        half_year,
        n_attempted,
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
            n_attempted,
            n_results,
            n_successes,
            score_scaled
        from {{ this }}
        where
            (identity_key, course_id, exercise_id, half_year)
            in (select identity_key, course_id, exercise_id, half_year from delta)
    {% endif %}
)

select
    max(load_no) as load_no,
    identity_key,
    course_id,
    exercise_id,
    half_year,
    cast(sum(n_attempted) as bigint) as n_attempted,
    cast(sum(n_results) as bigint) as n_results,
    cast(sum(n_successes) as bigint) as n_successes,
    max(score_scaled) as score_scaled
from touched
group by identity_key, course_id, exercise_id, half_year

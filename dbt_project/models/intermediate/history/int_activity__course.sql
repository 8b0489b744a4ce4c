{{ config(incremental_strategy='merge', unique_key=['identity_key', 'course_id', 'year']) }}

-- A row per calendar year: two activity periods of a person never share one, so each keeps its own first days
-- (P-STAT).
with events as (
    select
        load_no,
        identity_key,
        course_id,
        occurred_on,
        verb,
        case
            when object_kind != 'course' then 0
            when verb in ('completed', 'passed') or is_completion then 100
            when verb = 'progressed' then coalesce(progress, 0)
            else 0
        end as progress,
        object_kind = 'course' and verb = 'registered' as is_registration,
        coalesce(is_use, true) as is_use
    from {{ ref('int_events') }}
    where course_id is not null and verb != 'unregistered' and {{ new_loads() }}
),

delta as (
    select
        load_no,
        identity_key,
        course_id,
        {{ period_start('occurred_on', 'year') }} as year,
        if(is_registration, occurred_on, null) as registered_on,
        if(verb != 'registered', occurred_on, null) as started_on,
        if(progress >= 25, occurred_on, null) as reached_25_on,
        if(progress >= 50, occurred_on, null) as reached_50_on,
        if(progress >= 75, occurred_on, null) as reached_75_on,
        if(progress >= 100, occurred_on, null) as completed_on
    from events
    -- What somebody else noted is no start, unless it says how far the learner has come.
    where verb = 'registered' or is_use or progress > 0
),

touched as (
    select
        load_no,
        identity_key,
        course_id,
        year,
        registered_on,
        started_on,
        reached_25_on,
        reached_50_on,
        reached_75_on,
        completed_on
    from delta
    {% if is_incremental() %}
        union all
        select
            load_no,
            identity_key,
            course_id,
            year,
            registered_on,
            started_on,
            reached_25_on,
            reached_50_on,
            reached_75_on,
            completed_on
        from {{ this }}
        where (identity_key, course_id, year) in (select identity_key, course_id, year from delta)
    {% endif %}
)

select
    max(load_no) as load_no,
    identity_key,
    course_id,
    year,
    min(registered_on) as registered_on,
    min(started_on) as started_on,
    min(reached_25_on) as reached_25_on,
    min(reached_50_on) as reached_50_on,
    min(reached_75_on) as reached_75_on,
    min(completed_on) as completed_on
from touched
group by identity_key, course_id, year

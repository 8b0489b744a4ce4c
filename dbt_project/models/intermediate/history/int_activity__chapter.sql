{{ config(incremental_strategy='merge', unique_key=['identity_key', 'course_id', 'chapter_id', 'year']) }}

-- A row per calendar year: two activity periods of a person never share one, so each keeps its own first days
-- (P-STAT).
with delta as (
    select
        load_no,
        identity_key,
        coalesce(course_id, 'unknown') as course_id,
        chapter_id,
        {{ period_start('occurred_on', 'year') }} as year,
        occurred_on as started_on,
        if(
            object_kind = 'chapter' and (verb = 'completed' or coalesce(is_completion, false)),
            occurred_on,
            null
        ) as completed_on
    from {{ ref('int_events') }}
    where
        chapter_id is not null
        and verb not in ('registered', 'unregistered')
        -- What somebody else noted is no start, unless it says that the learner has come to the end.
        and (coalesce(is_use, true) or verb = 'completed' or coalesce(is_completion, false))
        and {{ new_loads() }}
),

touched as (
    select
        load_no,
        identity_key,
        course_id,
        chapter_id,
        year,
        started_on,
        completed_on
    from delta
    {% if is_incremental() %}
        union all
        select
            load_no,
            identity_key,
            course_id,
            chapter_id,
            year,
            started_on,
            completed_on
        from {{ this }}
        where
            (identity_key, course_id, chapter_id, year)
            in (select identity_key, course_id, chapter_id, year from delta)
    {% endif %}
)

select
    max(load_no) as load_no,
    identity_key,
    course_id,
    chapter_id,
    year,
    min(started_on) as started_on,
    min(completed_on) as completed_on
from touched
group by identity_key, course_id, chapter_id, year

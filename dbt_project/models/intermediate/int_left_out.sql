-- What the history holds and no mart counts, by reason: nothing falls out without a number.
with courses as (
    select
        course_id,
        sum(n_events) + sum(n_registrations) as n_rows
    from {{ ref('int_activity__course_monthly') }}
    group by course_id
),

exercises as (
    select
        exercise_id,
        sum(n_attempted) + sum(n_results) as n_rows
    from {{ ref('int_activity__exercise_half_year') }}
    group by exercise_id
)

select
    'persons' as source,
    status as reason,
    count(*) as n_rows
from {{ ref('int_persons') }}
where not is_in_statistics
group by status
union all
select
    'learning' as source,
    'unknown_course' as reason,
    coalesce(cast(sum(n_rows) as bigint), 0) as n_rows
from courses
where course_id not in {{ codes('course') }}
union all
select
    'learning' as source,
    'unknown_exercise' as reason,
    coalesce(cast(sum(n_rows) as bigint), 0) as n_rows
from exercises
where exercise_id not in {{ codes('exercise') }}
union all
select
    'learning' as source,
    'unknown_project' as reason,
    count(*) as n_rows
from (
    select distinct
        identity_key,
        project_id
    from {{ ref('int_activity__project') }}
) as submitted
where project_id not in {{ codes('project') }}
union all
-- These answers count in the row of all paths only.
select
    'nps' as source,
    'unknown_path' as reason,
    count(*) as n_rows
from {{ ref('int_nps_responses') }}
where path_id is null or path_id not in {{ codes('path') }}
union all
select
    'salary' as source,
    'unknown_diploma' as reason,
    count(*) as n_rows
from {{ ref('int_salary_responses') }}
where
    diploma_id is null
    or diploma_id not in {{ codes('diploma') }}
union all
select
    'salary' as source,
    salary_reason as reason,
    count(*) as n_rows
from {{ ref('int_salary_quarantine') }}
group by salary_reason

-- What the history holds and no mart counts, by reason: nothing falls out without a number.
-- A statement whose object the catalogue learned later is out no more: its repeat takes it away again.
with unmatched as (
    select
        object_kind,
        sum(
            if(
                is_repeat, if(had_object, 0, -1),
                if(coalesce(course_id, exercise_id, project_id) is null, 1, 0)
            )
        ) as n_rows
    from (
        select
            object_kind,
            if(object_kind = 'course', course_id, null) as course_id,
            if(object_kind = 'exercise', exercise_id, null) as exercise_id,
            if(object_kind = 'project', project_id, null) as project_id,
            coalesce(is_repeat, false) as is_repeat,
            coalesce(had_object, false) as had_object
        from {{ ref('int_events') }}
        where object_kind in ('course', 'exercise', 'project')
    ) as events
    group by object_kind
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
    'unknown_' || kinds.object_kind as reason,
    coalesce(cast(if(unmatched.n_rows > 0, unmatched.n_rows, 0) as bigint), 0) as n_rows
from (
    select 'course' as object_kind
    union all
    select 'exercise' as object_kind
    union all
    select 'project' as object_kind
) as kinds
left join unmatched
    on kinds.object_kind = unmatched.object_kind
union all
-- These answers count in the row of all paths only.
select
    'nps' as source,
    'unknown_path' as reason,
    count(*) as n_rows
from {{ ref('int_nps_responses') }}
where path_id is null or path_id not in (select paths.item_id from {{ items_of('path') }} as paths)
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
-- Of a path of which no enrolment has an outcome path_outcome tells nothing.
select
    'enrolments' as source,
    'path_without_outcome' as reason,
    coalesce(sum(if(n_outcomes = 0, n_rows, 0)), 0) as n_rows
from (
    select
        paths.code,
        count(enrolments.outcome) as n_outcomes,
        count(*) as n_rows
    from {{ ref('int_enrolments') }} as enrolments
    inner join {{ items_of('path') }} as paths
        on enrolments.path_id = paths.item_id
    group by paths.code
) as outcomes
union all
-- Whoever graduated on an unknown day is not in path_outcome's row of the path.
select
    'enrolments' as source,
    'graduated_on_unknown_day' as reason,
    count(*) as n_rows
from {{ ref('int_enrolments') }} as enrolments
where {{ is_undated_graduation('enrolments') }}
union all
-- An answer makes no graduate: only an enrolment does, with this diploma and the outcome graduated.
select
    'salary' as source,
    'not_a_graduate' as reason,
    count(*) as n_rows
from {{ ref('int_salary_responses') }} as responses
inner join {{ ref('int_identities') }} as identities
    on responses.identity_key = identities.identity_key
left join (
    select distinct
        person_key,
        diploma_id
    from {{ ref('int_graduates') }}
) as graduates
    on
        identities.person_key = graduates.person_key
        and responses.diploma_id = graduates.diploma_id
where
    responses.diploma_id in {{ codes('diploma') }}
    and graduates.person_key is null
union all
-- Who studies, has a work-study contract or is unable to work: in no figure of respondents.
select
    'salary' as source,
    'set_apart' as reason,
    count(*) as n_rows
from {{ ref('int_salary_responses') }}
where is_set_apart
union all
select
    'salary' as source,
    salary_reason as reason,
    count(*) as n_rows
from {{ ref('int_salary_quarantine') }}
group by salary_reason

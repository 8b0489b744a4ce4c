{{ config(incremental_strategy='append') }}

-- Kept here because the vault forgets raw rows after their term, and marts need the codes for longer.
with placements as (
    select distinct
        load_no,
        path_id,
        course_id,
        chapter_id,
        exercise_id,
        project_id
    from {{ ref('stg_catalogue__items') }}
    where {{ new_loads() }}
)

select
    load_no,
    'path' as item_kind,
    path_id as item_id,
    cast(null as varchar) as path_id,
    cast(null as varchar) as course_id,
    cast(null as varchar) as chapter_id
from placements
where path_id is not null
union
select
    load_no,
    'course' as item_kind,
    course_id as item_id,
    path_id,
    null as course_id,
    null as chapter_id
from placements
where course_id is not null
union
select
    load_no,
    'chapter' as item_kind,
    chapter_id as item_id,
    path_id,
    course_id,
    null as chapter_id
from placements
where chapter_id is not null
union
select
    load_no,
    'exercise' as item_kind,
    exercise_id as item_id,
    path_id,
    course_id,
    chapter_id
from placements
where exercise_id is not null
union
select
    load_no,
    'project' as item_kind,
    project_id as item_id,
    path_id,
    course_id,
    chapter_id
from placements
where project_id is not null

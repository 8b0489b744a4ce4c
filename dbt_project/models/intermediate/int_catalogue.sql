-- Where an item has no course or path of its own, its chapter's or its course's holds.
with items as (
    select * from {{ ref('stg_catalogue__items') }}
),

chapters as (
    select
        item_id as chapter_id,
        course_id
    from items
    where item_kind = 'chapter'
),

courses as (
    select
        item_id as course_id,
        path_id
    from items
    where item_kind = 'course'
)

select
    items.item_kind,
    items.item_id,
    items.code,
    if(items.item_kind = 'path', items.item_id, coalesce(items.path_id, courses.path_id)) as path_id,
    if(
        items.item_kind = 'course', items.item_id, coalesce(items.course_id, chapters.course_id)
    ) as course_id,
    if(items.item_kind = 'chapter', items.item_id, items.chapter_id) as chapter_id
from items
left join chapters
    on items.chapter_id = chapters.chapter_id
left join courses
    on coalesce(items.course_id, chapters.course_id) = courses.course_id

-- An item that stands in several places counts in one, the first by course, chapter and path, in every build.
with ranked as (
    select
        item_kind,
        item_id,
        path_id,
        course_id,
        chapter_id,
        row_number() over (
            partition by item_kind, item_id
            order by course_id nulls last, chapter_id nulls last, path_id nulls last
        ) as place_no
    from {{ ref('int_catalogue_placements') }}
),

items as (
    select
        item_kind,
        item_id,
        path_id,
        course_id,
        chapter_id
    from ranked
    where place_no = 1
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

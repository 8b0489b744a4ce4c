select
    item_kind,
    item_key as item_id,
    code,
    path_key as path_id,
    course_key as course_id,
    chapter_key as chapter_id
from {{ source('catalogue', 'items') }}

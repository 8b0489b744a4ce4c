select
    named,
    named_type,
    role,
    item_kind,
    item_key as item_id,
    course_key as course_id
from {{ source('catalogue', 'matches') }}

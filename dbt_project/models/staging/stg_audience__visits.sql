select
    load_no,
    visitor,
    page_type,
    course_id,
    visited_on
from {{ source('audience', 'visits') }}

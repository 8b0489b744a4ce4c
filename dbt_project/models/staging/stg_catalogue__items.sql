select
    load_no,
    path_id,
    course_id,
    chapter_id,
    exercise_id,
    project_id
from {{ source('raw', 'catalogue') }}

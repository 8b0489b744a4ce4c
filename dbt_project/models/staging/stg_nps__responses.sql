select
    load_no,
    response_id,
    identifier,
    path_id,

    comment,

    score,

    asked_at,
    answered_at
from {{ source('answers', 'nps') }}

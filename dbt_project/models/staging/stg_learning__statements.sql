select
    load_no,
    statement_id,
    actor as identifier,

    verb_id,
    object_id,
    object_type,
    parent_id,
    grouping_id,

    success as is_success,
    completion as is_completion,
    score_scaled,
    progress,

    occurred_at
from {{ source('raw', 'learning') }}

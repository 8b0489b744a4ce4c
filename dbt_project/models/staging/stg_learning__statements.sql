select
    -- A statement whose course or object the catalogue learned later comes again under a newer load.
    admitted_no as load_no,
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

    coalesce(is_use, true) as is_use,
    coalesce(form, 'xapi') as form,
    coalesce(is_repeat, false) as is_repeat,
    coalesce(had_course, false) as had_course,
    coalesce(had_object, false) as had_object,

    occurred_at
from {{ source('raw', 'learning') }}
-- The others wait for the register to name their person.
where admitted_no is not null

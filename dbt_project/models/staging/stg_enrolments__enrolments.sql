select
    load_no,
    identifier,
    path_id,
    diploma_id,

    outcome,

    started_on,
    ended_on,
    graduated_on
from {{ source('raw', 'enrolments') }}

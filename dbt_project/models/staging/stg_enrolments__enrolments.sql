select
    admitted_no as load_no,
    load_no as delivered_no,
    identifier,
    path_id,
    diploma_id,

    outcome,
    route,

    started_on,
    ended_on,
    graduated_on
from {{ source('raw', 'enrolments') }}
where admitted_no is not null

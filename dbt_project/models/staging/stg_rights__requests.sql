select
    request_id,
    identifier,

    kind as request_kind,
    details,

    coalesce(identity_verified, false) as is_identity_verified,
    kind in ('object', 'restrict') and coalesce(lower(trim(details)) = 'lift', false) as is_lift,
    received_at
from {{ source('rights', 'requests') }} as requests
where not exists (
    select 1 from {{ source('rights', 'steps') }} as steps
    where steps.request_id = requests.request_id and steps.state = 'refused'
)

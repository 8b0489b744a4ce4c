select
    request_id,
    identifier,

    kind as request_kind,
    details,

    coalesce(identity_verified, false) as is_identity_verified,
    kind = 'erase'
    or (
        kind = 'death'
        and coalesce({{ text_or_json_entry('details', 'directive') }} = 'erase', false)
    ) as is_erasure,
    kind in ('object', 'restrict') and coalesce(lower(trim(details)) = 'lift', false) as is_lift,
    received_at
from {{ source('rights', 'requests') }} as requests
where
    identifier is not null
    and not exists (
        select 1 from {{ source('rights', 'steps') }} as steps
        where steps.request_id = requests.request_id and steps.state = 'refused'
    )
union all
-- What holds on after the request was answered and no longer tells who asked.
select
    null as request_id,
    identifier,

    kind as request_kind,
    if(is_lift, 'lift', null) as details,

    true as is_identity_verified,
    false as is_erasure,
    is_lift,
    received_at
from {{ source('rights', 'standing') }}

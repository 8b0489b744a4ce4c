select
    request_id,
    identifier,

    kind as request_kind,
    details,

    identity_verified as is_identity_verified,
    received_at
from {{ source('rights', 'requests') }}

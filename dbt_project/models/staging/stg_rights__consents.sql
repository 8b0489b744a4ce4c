select
    identifier,
    purpose,
    status,
    {{ adapter.quote("at") }} as recorded_at
from {{ source('rights', 'consents') }}

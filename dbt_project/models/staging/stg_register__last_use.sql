select
    identifier,
    first_use_at,
    last_use_at
from {{ source('register', 'last_use') }}

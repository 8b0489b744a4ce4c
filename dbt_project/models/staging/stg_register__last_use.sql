select
    identifier,
    last_use_at
from {{ source('register', 'last_use') }}

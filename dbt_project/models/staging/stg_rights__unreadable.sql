select distinct identifier
from {{ source('rights', 'unreadable_names') }}
where identifier is not null

select
    identifier,
    kind as identifier_kind,
    person_id
from {{ source('register', 'identities') }}

select
    learner_id,
    identifier,

    role,

    birth_date as born_on,
    registered_at,
    left_at,
    last_login_at
from {{ source('register', 'learners') }}

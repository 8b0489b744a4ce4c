select
    load_no,
    response_id,
    identifier,
    diploma_id,

    job_title,
    contract_type,
    working_time,
    country,
    salary_currency,
    salary_period,
    salary_basis,
    situation,

    coalesce(employed, situation = 'employed') as is_employed,
    job_in_field as is_in_field,
    salary_amount,

    graduated_on,
    answered_at
from {{ source('raw', 'salary') }}

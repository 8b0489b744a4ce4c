select
    response_key,
    salary_reason
from {{ ref('int_salary_responses') }}
where salary_reason is not null and salary_reason not in ('not_stated', 'not_employed')

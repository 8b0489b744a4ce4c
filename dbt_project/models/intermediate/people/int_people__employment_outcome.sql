select
    graduates.diploma_id,
    graduates.graduation_year,
    families.job_family,
    persons.pseudonym,
    persons.record_key,
    persons.closing_on,
    graduates.job_family = families.job_family as has_family
from {{ ref('int_graduates') }} as graduates
inner join {{ ref('int_persons') }} as persons
    on graduates.person_key = persons.person_key
cross join {{ ref('job_families') }} as families
where
    persons.is_in_statistics
    and graduates.diploma_id in {{ codes('diploma') }}
    and graduates.months_after = 6
    and graduates.is_employed

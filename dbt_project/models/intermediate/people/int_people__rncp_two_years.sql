select
    graduates.diploma_id,
    graduates.graduation_year as promotion_year,
    persons.pseudonym,
    persons.record_key,
    persons.closing_on,
    graduates.has_answered as answered_24m,
    graduates.is_in_field as in_field_24m
from {{ ref('int_graduates') }} as graduates
inner join {{ ref('int_persons') }} as persons
    on graduates.person_key = persons.person_key
where
    persons.is_in_statistics
    and graduates.diploma_id in {{ codes('diploma') }}
    and graduates.months_after = 24

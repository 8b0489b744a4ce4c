-- One answer per person and quarter, the last one given: it counts in each theme that its comment raises.
with ranked as (
    select
        quarter,
        person_key,
        score,
        themes,
        row_number() over (
            partition by quarter, person_key
            order by counted_at desc, response_key
        ) as newest_no
    from {{ ref('int_nps_counted') }}
    where has_answered
)

select
    themes.theme,
    ranked.quarter,
    persons.pseudonym,
    persons.record_key,
    persons.closing_on,
    ranked.score >= 9 as is_positive,
    ranked.score <= 6 as is_negative
from ranked
inner join {{ ref('themes') }} as themes
    on {{ list_holds('ranked.themes', 'themes.theme') }}
inner join {{ ref('int_persons') }} as persons
    on ranked.person_key = persons.person_key
where ranked.newest_no = 1

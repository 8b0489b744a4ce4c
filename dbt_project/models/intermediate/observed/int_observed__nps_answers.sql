-- One answer per person, path and quarter, the last one given: once for each theme that its comment raises,
-- and once where it raises none.
with ranked as (
    select
        counted.person_key,
        counted.quarter,
        counted.themes,
        paths.code as path_id,
        row_number() over (
            partition by paths.code, counted.quarter, counted.person_key
            order by counted.counted_at desc, counted.response_key
        ) as newest_no
    from {{ ref('int_nps_counted') }} as counted
    left join {{ items_of('path') }} as paths
        on counted.path_id = paths.item_id
    where counted.has_answered
)

select
    ranked.person_key,
    ranked.quarter as observed_on,
    ranked.path_id,
    themes.theme
from ranked
left join {{ ref('themes') }} as themes
    on {{ list_holds('ranked.themes', 'themes.theme') }}
where ranked.newest_no = 1

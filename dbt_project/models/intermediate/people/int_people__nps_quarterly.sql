with of_paths as (
    select
        paths.code as path_id,
        counted.quarter,
        counted.person_key,
        counted.response_key,
        counted.has_answered,
        counted.score,
        counted.counted_at
    from {{ ref('int_nps_counted') }} as counted
    inner join {{ items_of('path') }} as paths
        on counted.path_id = paths.item_id
    union all
    select
        'all' as path_id,
        quarter,
        person_key,
        response_key,
        has_answered,
        score,
        counted_at
    from {{ ref('int_nps_counted') }}
),

-- One answer per person and cell: the last one given.
ranked as (
    select
        of_paths.*,
        row_number() over (
            partition by path_id, quarter, person_key
            order by has_answered desc, counted_at desc, response_key
        ) as newest_no
    from of_paths
)

select
    ranked.path_id,
    ranked.quarter,
    persons.pseudonym,
    persons.record_key,
    persons.closing_on,
    ranked.has_answered,
    coalesce(ranked.score >= 9, false) as is_promoter,
    coalesce(ranked.score between 7 and 8, false) as is_passive,
    coalesce(ranked.score <= 6, false) as is_detractor
from ranked
inner join {{ ref('int_persons') }} as persons
    on ranked.person_key = persons.person_key
where ranked.newest_no = 1

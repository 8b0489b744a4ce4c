{{ config(materialized='view') }}

-- The vault keeps page views for their whole term, so nothing of them is kept here a second time.
select
    visitor,
    page_type,
    course_id,
    {{ period_start('visited_on', 'month') }} as month,
    visited_on,
    count(*) as n_pages
from {{ ref('stg_audience__visits') }}
group by visitor, page_type, course_id, visited_on

-- Visitors of the public site are persons whom nobody can find: they are joined with no learner (P-AUDIENCE).
-- What tells one from another is a keyed hash already, so its first bits carry the noise.
with types as (
    select distinct page_type
    from {{ ref('int_visits') }}
    union
    select 'all' as page_type
),

-- A course that is called as a type of page, or as all pages, counts by its type: one page is in one row.
courses as (
    select
        item_id,
        code
    from {{ items_of('course') }} as listed
    where code not in (select types.page_type from types)
),

pages as (
    select
        visits.visitor,
        visits.month,
        visits.visited_on,
        coalesce(courses.code, visits.page_type) as page,
        sum(visits.n_pages) as n_pages
    from {{ ref('int_visits') }} as visits
    left join courses
        on visits.course_id = courses.item_id
    group by visits.visitor, visits.month, visits.visited_on, coalesce(courses.code, visits.page_type)
),

-- Of a visitor the first pages of a month count, over all types, and no more than the policy allows.
in_order as (
    select
        pages.*,
        coalesce(sum(n_pages) over (
            partition by visitor, month
            order by visited_on, page
            rows between unbounded preceding and 1 preceding
        ), 0) as n_before
    from pages
),

bounded as (
    select
        visitor,
        month,
        visited_on,
        page,
        least(n_pages, {{ policy('audience', 'largest_pages') }} - n_before) as n_pages
    from in_order
    where n_before < {{ policy('audience', 'largest_pages') }}
),

-- Whoever comes back comes back, also after the last page that counts.
days as (
    select
        page,
        month,
        visitor,
        count(distinct visited_on) as n_days
    from pages
    group by page, month, visitor
    union all
    select
        'all' as page,
        month,
        visitor,
        count(distinct visited_on) as n_days
    from pages
    group by month, visitor
),

cells as (
    select
        page,
        month,
        visitor,
        visited_on,
        n_pages
    from bounded
    union all
    select
        'all' as page,
        month,
        visitor,
        visited_on,
        n_pages
    from bounded
),

visitors as (
    select
        page,
        month,
        visitor,
        count(distinct visited_on) as visits,
        sum(n_pages) as pages
    from cells
    group by page, month, visitor
)

select
    visitors.page,
    visitors.month,
    visitors.visitor as pseudonym,
    {{ first_32_bits('visitors.visitor') }} as record_key,
    {{ add_months('visitors.month', policy('purposes', 'P-AUDIENCE', 'keep_months')) }} as closing_on,
    days.n_days > 1 as is_returning,
    cast(visitors.visits as double) as visits,
    cast(visitors.pages as double) as pages
from visitors
inner join days
    on visitors.page = days.page and visitors.month = days.month and visitors.visitor = days.visitor
where {{ add_months('visitors.month', policy('purposes', 'P-AUDIENCE', 'keep_months')) }} >= {{ as_of() }}

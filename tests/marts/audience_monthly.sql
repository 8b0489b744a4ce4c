WITH first_twenty AS (  -- by day, then type: those of a visitor after the twentieth of the month count nowhere
    SELECT * FROM page_views
    QUALIFY row_number() OVER (PARTITION BY visitor, month ORDER BY day, page) <= 20
),

rows_of_pages AS (
    SELECT unnest(['all', page]) AS page, month, visitor, day FROM first_twenty
),

by_visitor AS (
    SELECT page, month, visitor, count(*) AS pages, count(DISTINCT day) AS visits FROM rows_of_pages GROUP BY ALL
),

days AS (  -- whoever comes back comes back, also after the twentieth page
    SELECT unnest(['all', page]) AS page, month, visitor, day FROM page_views
),

came_back AS (
    SELECT page, month, visitor, count(DISTINCT day) > 1 AS is_back FROM days GROUP BY ALL
)

SELECT
    page,
    month,
    count(*) AS n_visitors,
    count(*) FILTER (is_back) AS n_returning,
    avg(pages) AS pages_per_visitor,
    avg(visits) AS visits_per_visitor
FROM by_visitor INNER JOIN came_back USING (page, month, visitor)
WHERE is_closed(last_day(month), 0)
GROUP BY ALL

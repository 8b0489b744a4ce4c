SELECT
    diploma_id,
    year AS promotion_year,
    count(*) AS n_certified,
    count(*) FILTER (has_answered) AS n_answered_24m,
    count(*) FILTER (is_in_field) AS n_in_field_24m
FROM outcomes
WHERE diploma_id <> 'all' AND year_from = year AND months_after = 24 AND is_closed(make_date(year, 12, 31), 30)
GROUP BY ALL

SELECT
    diploma_id,
    year AS promotion_year,
    count(*) AS n_certified,
    count(*) FILTER (is_by_vae) AS n_certified_vae,
    count(*) FILTER (has_answered) AS n_answered_6m,
    count(*) FILTER (is_employed) AS n_employed_6m,
    count(*) FILTER (is_in_field) AS n_in_field_6m
FROM outcomes
WHERE diploma_id <> 'all' AND year_from = year AND months_after = 6 AND is_closed(make_date(year, 12, 31), 9)
GROUP BY ALL

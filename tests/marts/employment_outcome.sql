WITH employed AS (
    SELECT diploma_id, year AS graduation_year, learner_id, family
    FROM outcomes
    WHERE diploma_id <> 'all' AND year_from = year AND months_after = 6 AND is_employed
)

SELECT
    diploma_id,
    graduation_year,
    job_family,
    count(*) AS n_employed,
    count(*) FILTER (family = job_family) AS n_respondents
FROM employed, read_csv(getvariable('seeds') || '/job_families.csv')
WHERE is_closed(make_date(graduation_year, 12, 31), 9)
GROUP BY ALL

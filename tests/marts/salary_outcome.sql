SELECT
    diploma_id,
    year AS graduation_year,
    year_from AS graduation_year_from,
    months_after,
    count(*) AS n_graduates,
    count(*) FILTER (has_answered) AS n_respondents,
    count(*) FILTER (is_employed) AS n_employed,
    count(*) FILTER (is_in_field) AS n_in_field,
    count(salary_eur_year) AS with_salary_eur_year,
    quantile_cont(salary_eur_year, 0.25) AS salary_p25,
    quantile_cont(salary_eur_year, 0.5) AS salary_p50,
    quantile_cont(salary_eur_year, 0.75) AS salary_p75
FROM outcomes
WHERE is_closed(make_date(year, 12, 31), CASE months_after WHEN 6 THEN 9 ELSE 30 END)
GROUP BY ALL

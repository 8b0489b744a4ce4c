SELECT
    diploma_id,
    year AS graduation_year,
    months_after,
    count(contract) AS n_contracts,
    count(*) FILTER (contract = 'permanent') AS n_permanent,
    count(*) FILTER (contract = 'fixed_term') AS n_fixed_term,
    count(*) FILTER (contract = 'self_employed') AS n_self_employed,
    count(*) FILTER (contract = 'other') AS n_other
FROM outcomes
WHERE contract IS NOT NULL AND year_from = year AND is_closed(make_date(year, 12, 31), CASE months_after WHEN 6 THEN 9 ELSE 30 END)
GROUP BY ALL

WITH active AS (
    SELECT DISTINCT learner_id, date_trunc('month', day)::DATE AS month FROM counted WHERE verb NOT IN ('registered', 'unregistered')
),

firsts AS (SELECT learner_id, min(month) AS first_month FROM active GROUP BY ALL),

periods AS (
    SELECT 1 AS n_months, month AS from_month, * FROM active
    UNION ALL
    SELECT 3, quarter_of(month), * FROM active
    UNION ALL
    SELECT 12, date_trunc('year', month)::DATE, * FROM active
)

SELECT
    from_month,
    n_months,
    count(DISTINCT learner_id) AS n_active_learners,
    count(DISTINCT learner_id) FILTER (month = first_month) AS n_new_learners
FROM periods
JOIN firsts USING (learner_id)
WHERE is_closed(last_day(from_month), n_months - 1)
GROUP BY ALL

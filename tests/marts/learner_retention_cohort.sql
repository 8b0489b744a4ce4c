WITH active AS (
    SELECT DISTINCT learner_id, date_trunc('month', day)::DATE AS month FROM counted
    WHERE verb NOT IN ('registered', 'unregistered')
),

cohorts AS (
    SELECT learner_id, min(month) AS first_month, quarter_of(first_month) AS cohort_quarter FROM active GROUP BY ALL
)

SELECT
    cohort_quarter,
    months_since_start,
    count(DISTINCT learner_id) AS n_cohort,
    count(DISTINCT learner_id) FILTER (month = first_month + to_months(months_since_start::INTEGER)) AS n_learners
FROM cohorts
JOIN active USING (learner_id), range(25) AS months (months_since_start)
WHERE is_closed(last_day(cohort_quarter + INTERVAL 2 MONTH), months_since_start)
GROUP BY ALL

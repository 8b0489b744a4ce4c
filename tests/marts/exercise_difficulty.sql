WITH said AS (
    SELECT
        course_id,
        code AS exercise_id,
        half_year_of(day) AS half_year,
        learner_id,
        CASE WHEN verb IN ('passed', 'failed') THEN 'judged' ELSE verb END AS what,
        verb IN ('attempted', 'answered', 'evaluated') AND (success IS NOT NULL OR score IS NOT NULL) AS has_result,
        count(*) AS n_times,
        bool_or(success OR verb = 'passed') AS has_succeeded,
        max(score) AS score
    FROM counted
    WHERE
        kind = 'exercise'
        AND (
            verb IN ('attempted', 'submitted', 'answered', 'evaluated', 'passed', 'failed', 'completed')
            OR success IS NOT NULL OR score IS NOT NULL
        )
    GROUP BY ALL
),

by_learner AS (
    SELECT
        course_id, exercise_id, half_year, learner_id,
        least(max(n_times), 50) AS n_attempts, bool_or(has_succeeded) AS has_succeeded, max(score) AS score
    FROM said
    GROUP BY ALL
)

SELECT
    course_id,
    exercise_id,
    half_year,
    count(*) AS n_learners,
    count(*) FILTER (has_succeeded) AS n_succeeded,
    avg(n_attempts) AS attempts_per_learner,
    count(score) AS with_score,
    quantile_cont(score, 0.25) AS score_p25,
    quantile_cont(score, 0.5) AS score_p50,
    quantile_cont(score, 0.75) AS score_p75
FROM by_learner
WHERE is_closed(last_day(half_year + INTERVAL 5 MONTH), 0)
GROUP BY ALL

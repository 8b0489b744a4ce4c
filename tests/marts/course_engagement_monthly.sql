WITH by_learner AS (
    SELECT
        course_id,
        date_trunc('month', day)::DATE AS month,
        learner_id,
        bool_or(verb NOT IN ('registered', 'unregistered')) AS is_active,
        bool_or(kind = 'course' AND verb = 'registered') AS is_registered,
        bool_or(kind = 'course' AND verb IN ('completed', 'passed')) AS is_completed,
        max(CASE WHEN verb = 'progressed' THEN progress WHEN verb IN ('completed', 'passed') THEN 100 END)
            FILTER (kind = 'course') AS progress
    FROM counted
    WHERE course_id IS NOT NULL
    GROUP BY ALL
)

SELECT
    course_id,
    month,
    count(*) FILTER (is_active) AS n_active_learners,
    count(*) FILTER (is_registered) AS n_registrations,
    count(*) FILTER (is_completed) AS n_completions,
    count(progress) AS with_progress,
    quantile_cont(progress, 0.5) AS median_progress
FROM by_learner
WHERE is_closed(last_day(month), 0) AND (is_active OR is_registered OR is_completed)
GROUP BY ALL

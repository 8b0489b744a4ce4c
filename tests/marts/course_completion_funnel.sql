WITH starts AS (
    SELECT course_id, learner_id, min(day) AS start_on
    FROM counted
    WHERE course_id IS NOT NULL AND verb <> 'unregistered'
    GROUP BY ALL
),

reached AS (
    SELECT
        course_id,
        quarter_of(start_on) AS start_quarter,
        learner_id,
        bool_or(verb NOT IN ('registered', 'unregistered')) AS has_started,
        max(CASE WHEN verb = 'progressed' THEN progress WHEN verb IN ('completed', 'passed') THEN 100 END)
            FILTER (kind = 'course') AS progress
    FROM starts
    LEFT JOIN counted USING (course_id, learner_id)
    WHERE day <= start_on + INTERVAL 6 MONTH
    GROUP BY ALL
)

SELECT
    course_id,
    start_quarter,
    step,
    count(*) AS n_registered,
    count(*) FILTER (
        CASE step
            WHEN 'registered' THEN true
            WHEN 'started' THEN has_started
            WHEN 'completed' THEN progress = 100
            ELSE progress >= step::INTEGER
        END
    ) AS n_learners
FROM reached, (VALUES ('registered'), ('started'), ('25'), ('50'), ('75'), ('completed')) AS steps (step)
WHERE is_closed(last_day(start_quarter + INTERVAL 2 MONTH), 6)
GROUP BY ALL

WITH by_learner AS (
    SELECT
        course_id,
        chapter_id,
        learner_id,
        min(day) AS start_on,
        min(day) FILTER (kind = 'chapter' AND verb = 'completed') AS completed_on
    FROM counted
    WHERE chapter_id IS NOT NULL AND verb NOT IN ('registered', 'unregistered')
    GROUP BY ALL
)

SELECT
    course_id,
    chapter_id,
    quarter_of(start_on) AS start_quarter,
    count(*) AS n_started,
    count(*) FILTER (completed_on <= start_on + INTERVAL 6 MONTH) AS n_completed
FROM by_learner
WHERE is_closed(last_day(start_quarter + INTERVAL 2 MONTH), 6)
GROUP BY ALL

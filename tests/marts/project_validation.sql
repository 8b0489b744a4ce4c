WITH submitted AS (
    SELECT path_id, code AS project_id, learner_id, min(day) AS submitted_on
    FROM counted
    WHERE kind = 'project' AND (verb IN ('submitted', 'completed', 'evaluated', 'passed', 'failed') OR success IS NOT NULL)
    GROUP BY ALL
),

validated AS (
    SELECT code AS project_id, learner_id, day AS validated_on
    FROM counted
    WHERE kind = 'project' AND (verb = 'passed' OR success)
),

by_learner AS (
    SELECT
        path_id, submitted.project_id, half_year_of(submitted_on) AS half_year, submitted.learner_id,
        min(date_diff('day', submitted_on, validated_on)) AS days
    FROM submitted
    LEFT JOIN validated
        ON submitted.project_id = validated.project_id AND submitted.learner_id = validated.learner_id
        AND validated_on BETWEEN submitted_on AND submitted_on + INTERVAL 3 MONTH
    GROUP BY ALL
)

SELECT
    path_id,
    project_id,
    half_year,
    count(*) AS n_submitted,
    count(days) AS n_validated,
    count(days) AS with_days,
    quantile_cont(days, 0.5) AS median_days
FROM by_learner
WHERE is_closed(last_day(half_year + INTERVAL 5 MONTH), 3)
GROUP BY ALL

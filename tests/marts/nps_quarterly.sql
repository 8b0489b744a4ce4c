WITH consented AS (  -- nothing was ever declared, or consent stands and was not withdrawn after the answer
    SELECT * FROM asked
    WHERE
        coalesce((SELECT arg_max(status, "at") FROM choices WHERE choices.learner_id = asked.learner_id), 'granted') = 'granted'
        AND NOT EXISTS (
            FROM choices WHERE choices.learner_id = asked.learner_id AND status = 'withdrawn' AND "at" > said_at
        )
),

by_path AS (
    SELECT unnest(CASE WHEN path_id IS NULL THEN ['all'] ELSE ['all', path_id] END) AS path_id, * EXCLUDE (path_id)
    FROM consented
),

by_learner AS (
    SELECT path_id, quarter, learner_id, arg_max(score, said_at) FILTER (score IS NOT NULL) AS score
    FROM by_path
    GROUP BY ALL
)

SELECT
    path_id,
    quarter,
    count(*) AS n_invited,
    count(score) AS n_respondents,
    count(*) FILTER (score >= 9) AS n_promoters,
    count(*) FILTER (score IN (7, 8)) AS n_passives,
    count(*) FILTER (score <= 6) AS n_detractors
FROM by_learner
WHERE is_closed(last_day(quarter + INTERVAL 2 MONTH), 1)
GROUP BY ALL

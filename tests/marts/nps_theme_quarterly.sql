WITH consented AS (  -- a comment is kept only while consent stands, and not for an answer from before a withdrawal
    SELECT * FROM asked
    WHERE
        (SELECT arg_max(status, "at") FROM choices WHERE choices.learner_id = asked.learner_id) = 'granted'
        AND NOT EXISTS (
            FROM choices WHERE choices.learner_id = asked.learner_id AND status = 'withdrawn' AND "at" > said_at
        )
),

last_answers AS (
    SELECT DISTINCT ON (quarter, learner_id) quarter, learner_id, score, comment
    FROM consented
    WHERE score IS NOT NULL
    ORDER BY quarter, learner_id, said_at DESC
)

SELECT
    theme,
    quarter,
    count(*) AS n_respondents,
    count(*) FILTER (score >= 9) AS n_positive,
    count(*) FILTER (score <= 6) AS n_negative
FROM last_answers
JOIN (VALUES  -- themes of the school's comments, labelled by hand
    ('Le mentor est formidable', 'mentoring'),
    ('Trop cher, et mon mentor absent', 'mentoring'),
    ('Trop cher, et mon mentor absent', 'price'),
    ('Too expensive', 'price'),
    ('La plateforme plante', 'platform')
) AS labels (comment, theme) USING (comment)
WHERE is_closed(last_day(quarter + INTERVAL 2 MONTH), 1)
GROUP BY ALL

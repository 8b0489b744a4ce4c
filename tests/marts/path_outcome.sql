WITH on_paths AS (  -- enrolments that count, on paths of the catalogue
    SELECT
        path_id, learner_id, started_on, outcome, ended_on,
        coalesce(graduated_on, ended_on) AS graduated_on  -- the end of the enrolment where it has no day
    FROM enrolments
    JOIN persons USING (learner_id)
    WHERE
        path_id IN (SELECT path_id FROM catalogue)
        AND path_id IN (SELECT path_id FROM enrolments WHERE outcome IS NOT NULL)
        AND started_on BETWEEN counts_from_on AND getvariable('as_of')
        AND is_of_age(birth_date, started_on)
),

starts AS (
    SELECT path_id, learner_id, min(started_on) AS start_on, start_on + INTERVAL 24 MONTH AS observed_to
    FROM on_paths
    GROUP BY ALL
),

ends AS (
    SELECT
        path_id,
        learner_id,
        start_on,
        min(graduated_on) FILTER (outcome = 'graduated' AND graduated_on <= observed_to) AS first_on,
        bool_and(coalesce(outcome = 'abandoned', false) AND coalesce(ended_on <= observed_to, true)) AS has_left
    FROM starts
    JOIN on_paths USING (path_id, learner_id)
    WHERE started_on <= observed_to
    GROUP BY ALL
    HAVING count(*) FILTER (outcome = 'graduated' AND graduated_on IS NULL) = 0
),

outcomes_on_paths AS (
    SELECT
        path_id,
        quarter_of(start_on) AS start_quarter,
        first_on IS NOT NULL AS has_graduated,
        has_left AND NOT has_graduated AS has_abandoned,
        -- A diploma from before the start is one, and took no days.
        CASE WHEN first_on >= start_on THEN first_on - start_on END AS days
    FROM ends
)

SELECT
    path_id,
    start_quarter,
    count(*) AS n_enrolled,
    count(*) FILTER (has_graduated) AS n_graduated,
    count(*) FILTER (has_abandoned) AS n_abandoned,
    count(*) FILTER (NOT has_graduated AND NOT has_abandoned) AS n_still_in,
    count(days) AS with_days,
    quantile_cont(days, 0.5) AS median_days
FROM outcomes_on_paths
WHERE is_closed(last_day(start_quarter + INTERVAL 2 MONTH), 24)
GROUP BY ALL

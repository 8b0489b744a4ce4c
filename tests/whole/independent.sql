-- An independent count, from the files as they were delivered: no model, macro or table of the product. {landing} and {as_of} are filled in.
CREATE MACRO paris_day(moment) AS ((moment AT TIME ZONE 'UTC') AT TIME ZONE 'Europe/Paris')::DATE;

-- The learner register, from every file that holds it: the files of the years and the odd deliveries beside them.
CREATE TABLE learners AS
WITH rows AS (
    SELECT learner_id, account_name, email, birth_date, last_login_at
    FROM read_csv(['{landing}/learners/learners-20*.csv', '{landing}/learners/learners-20*.csv.gz'], all_varchar = true, union_by_name = true)
    UNION ALL
    SELECT learner_id, account_name, email, birth_date::VARCHAR, last_login_at::VARCHAR
    FROM read_json(['{landing}/learners/learners-20*json*'], columns = {{
        learner_id: 'VARCHAR', account_name: 'VARCHAR', email: 'VARCHAR', birth_date: 'VARCHAR', last_login_at: 'VARCHAR'}})
    UNION ALL
    SELECT learner_id, account_name, email, birth_date::VARCHAR, last_login_at::VARCHAR FROM read_parquet('{landing}/learners/learners-20*.parquet')
)
SELECT learner_id, any_value(account_name) AS account, lower(any_value(email)) AS email, any_value(nullif(birth_date, '')::DATE) AS born_on,
    max(CASE WHEN last_login_at LIKE '%Z' THEN last_login_at::TIMESTAMPTZ AT TIME ZONE 'UTC' ELSE nullif(last_login_at, '')::TIMESTAMP END) AS login_at
FROM rows GROUP BY learner_id;

-- An account, an address in any capitals, or the hash of an address as it was typed or in small letters; an OpenID is claimed by nobody.
CREATE TABLE names AS
SELECT account AS name, learner_id FROM learners
UNION SELECT email, learner_id FROM learners
UNION SELECT sha1('mailto:' || email), learner_id FROM learners;

CREATE TABLE statements AS
WITH texts AS (
    SELECT json FROM read_json_objects('{landing}/learning/*ndjson*', format = 'newline_delimited', ignore_errors = true)
    UNION ALL
    SELECT json FROM read_json_objects('{landing}/learning/*.json', format = 'array')
),
read AS (
    SELECT DISTINCT ON (coalesce(lower(json ->> '$.id'), md5(json::VARCHAR)))
        lower(coalesce(json ->> '$.actor.account.name', regexp_replace(json ->> '$.actor.mbox', '^mailto:', ''), json ->> '$.actor.mbox_sha1sum')) AS name,
        regexp_extract(json ->> '$.verb.id', '[^/]+$') AS verb, json ->> '$.object.id' AS object_id,
        json ->> '$.context.contextActivities.parent[0].id' AS parent_id,
        coalesce(try_cast(json ->> '$.timestamp' AS TIMESTAMPTZ), CASE WHEN (json ->> '$.timestamp') IS NULL THEN try_cast(json ->> '$.stored' AS TIMESTAMPTZ) END)
            AT TIME ZONE 'UTC' AS occurred_at,
        (json ->> '$.result.extensions."https://w3id.org/xapi/cmi5/result/extensions/progress"')::DOUBLE AS progress,
        (json ->> '$.result.completion')::BOOLEAN AS completion
    FROM texts
    WHERE json_type(json) = 'OBJECT' AND ((json ->> '$.id') IS NULL OR try_cast(json ->> '$.id' AS UUID) IS NOT NULL)
)
SELECT names.learner_id, verb, object_id, parent_id, occurred_at, paris_day(occurred_at) AS day, progress, completion
FROM read INNER JOIN names ON names.name = read.name
WHERE occurred_at IS NOT NULL AND verb IS NOT NULL AND object_id IS NOT NULL;

CREATE TABLE connections AS
SELECT learner_id, connected_at::TIMESTAMPTZ AT TIME ZONE 'UTC' AS used_at
FROM read_csv(['{landing}/connections/connections-20*.csv', '{landing}/connections/connections-20*.csv.gz'], all_varchar = true)
UNION ALL SELECT learner_id, connected_at FROM read_parquet('{landing}/connections/connections-20*.parquet');

-- Who is out: five years after the last use, under fifteen, no use known, an objection, a restriction, an erasure, a withdrawal for statistics.
CREATE TABLE requests AS
SELECT learner_id, email, kind, details FROM read_csv('{landing}/rights/requests-desk.csv', all_varchar = true)
UNION ALL
SELECT learner_id, email, kind, details FROM read_json('{landing}/rights/requests-mail.ndjson', columns = {{
    learner_id: 'VARCHAR', email: 'VARCHAR', kind: 'VARCHAR', details: 'VARCHAR'}});

CREATE TABLE persons AS
WITH uses AS (
    SELECT learner_id, occurred_at AS used_at FROM statements
    UNION ALL SELECT learner_id, used_at FROM connections
    UNION ALL SELECT learner_id, login_at FROM learners
),
last_uses AS (SELECT learner_id, max(paris_day(used_at)) AS last_on FROM uses GROUP BY learner_id),
out_by_right AS (
    SELECT learners.learner_id FROM learners INNER JOIN requests
        ON requests.learner_id = learners.learner_id OR lower(requests.email) = learners.email
    WHERE kind IN ('object', 'restrict', 'erase') OR (kind = 'death' AND details ILIKE '%erase%')
    UNION
    SELECT learner_id FROM read_csv('{landing}/consents/consents.csv', all_varchar = true) WHERE purpose = 'P-STAT' AND status = 'withdrawn'
)
SELECT learner_id FROM learners LEFT JOIN last_uses USING (learner_id)
WHERE last_on + INTERVAL 5 YEAR >= DATE '{as_of}' AND coalesce(born_on + INTERVAL 15 YEAR <= DATE '{as_of}', true)
    AND learner_id NOT IN (SELECT learner_id FROM out_by_right);

-- What the school teaches: the catalogue's code, the id that a platform gives it, and the course around it.
CREATE TABLE things AS
WITH items AS (
    SELECT unnest(['course', 'chapter', 'exercise']) AS kind, unnest([course_id, chapter_id, exercise_id]) AS code, unnest([course_title, chapter_title, exercise_title]) AS title,
        unnest([course_aliases, chapter_aliases, exercise_aliases]) AS alias, course_id
    FROM read_json('{landing}/catalogue/catalogue.json', columns = {{course_id: 'VARCHAR', chapter_id: 'VARCHAR', exercise_id: 'VARCHAR', course_title: 'VARCHAR',
        chapter_title: 'VARCHAR', exercise_title: 'VARCHAR', course_aliases: 'VARCHAR', chapter_aliases: 'VARCHAR', exercise_aliases: 'VARCHAR'}})
)
SELECT DISTINCT kind, code, coalesce(alias, '/' || code) AS alias, course_id FROM items WHERE title IS NOT NULL;

CREATE TABLE deeds AS
WITH placed AS (
    SELECT statements.*, things.kind, things.code,
        coalesce(things.course_id, (SELECT any_value(around.code) FROM things AS around WHERE around.kind = 'course' AND ends_with(parent_id, around.alias))) AS course_id
    FROM statements LEFT JOIN things ON ends_with(statements.object_id, things.alias)
)
SELECT placed.* FROM placed SEMI JOIN persons USING (learner_id);

-- The figures, counted over persons.
CREATE TABLE course_engagement_monthly AS
SELECT course_id, date_trunc('month', day)::DATE AS month,
    count(DISTINCT learner_id) FILTER (verb NOT IN ('registered', 'unregistered')) AS n_active_learners,
    count(DISTINCT learner_id) FILTER (kind = 'course' AND verb = 'registered') AS n_registrations
FROM deeds WHERE course_id IS NOT NULL GROUP BY ALL;

CREATE TABLE ways AS
WITH firsts AS (
    SELECT learner_id, course_id, min(day) FILTER (verb <> 'unregistered') AS start_on, min(day) FILTER (verb NOT IN ('registered', 'unregistered')) AS started_on,
        min(day) FILTER (kind = 'course' AND (verb = 'completed' OR completion OR (verb = 'progressed' AND progress >= 50))) AS half_on,
        min(day) FILTER (kind = 'course' AND (verb = 'completed' OR completion)) AS completed_on
    FROM deeds WHERE course_id IS NOT NULL GROUP BY ALL
)
SELECT *, start_on + INTERVAL 6 MONTH AS last_on FROM firsts WHERE start_on IS NOT NULL;

CREATE TABLE course_completion_funnel AS
SELECT course_id, date_trunc('quarter', start_on)::DATE AS start_quarter, step,
    count(*) FILTER (CASE step WHEN 'registered' THEN true WHEN 'started' THEN started_on <= last_on WHEN '50' THEN half_on <= last_on ELSE completed_on <= last_on END) AS n_learners
FROM ways CROSS JOIN (SELECT unnest(['registered', 'started', '50', 'completed']) AS step) GROUP BY ALL;

CREATE TABLE learner_retention_cohort AS
WITH months AS (SELECT DISTINCT learner_id, date_trunc('month', day)::DATE AS month FROM deeds WHERE verb NOT IN ('registered', 'unregistered')),
firsts AS (SELECT learner_id, min(month) AS first_month FROM months GROUP BY ALL),
cohorts AS (SELECT date_trunc('quarter', first_month)::DATE AS cohort_quarter, count(*) AS n_cohort FROM firsts GROUP BY ALL)
SELECT cohort_quarter, datediff('month', first_month, month) AS months_since_start, count(*) AS n_learners, count(*) / any_value(n_cohort) AS share_active
FROM months INNER JOIN firsts USING (learner_id) INNER JOIN cohorts ON cohort_quarter = date_trunc('quarter', first_month)
WHERE months_since_start <= 24 GROUP BY ALL;

CREATE TABLE exercise_difficulty AS
SELECT course_id, code AS exercise_id, make_date(year(day), CASE WHEN month(day) <= 6 THEN 1 ELSE 7 END, 1) AS half_year, count(DISTINCT learner_id) AS n_learners
FROM deeds WHERE kind = 'exercise' AND verb IN ('answered', 'passed', 'failed', 'attempted') GROUP BY ALL;

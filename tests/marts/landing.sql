-- What was delivered, as it was delivered: one table for each source, the second delivery after the first.
-- docs/sources.md says what the columns mean, how times are written and how things are named.

CREATE MACRO moment(text) AS  -- a time without an offset is UTC
    CASE WHEN text SIMILAR TO '.*(Z|[+-]\d\d:\d\d)' THEN text ELSE text || 'Z' END::TIMESTAMPTZ;
CREATE MACRO paris(instant) AS (instant AT TIME ZONE 'Europe/Paris')::DATE;
CREATE MACRO quarter_of(day) AS date_trunc('quarter', day)::DATE;
CREATE MACRO half_year_of(day) AS make_date(year(day), CASE WHEN month(day) < 7 THEN 1 ELSE 7 END, 1);
-- A cell closes so many months of observation after the last day of its period, and a delay for late data later.
CREATE MACRO is_closed(last_day, months) AS last_day + 1 + to_months(months::INTEGER) + INTERVAL 29 DAY <= getvariable('as_of');

CREATE TABLE learners AS
SELECT DISTINCT ON (learner_id) *
FROM read_json(getvariable('landing') || '/learners/*.ndjson', columns = {
    learner_id: 'VARCHAR', email: 'VARCHAR', account_home_page: 'VARCHAR', account_name: 'VARCHAR',
    birth_date: 'DATE', role: 'VARCHAR', is_test: 'BOOLEAN'}, filename = true)
ORDER BY learner_id, filename DESC;

CREATE TABLE requests AS
SELECT DISTINCT kind, learner_id, lower(email) AS email, moment(received_at) AS received_at, identity_verified, details
FROM read_json(getvariable('landing') || '/rights/*.ndjson', columns = {
    kind: 'VARCHAR', learner_id: 'VARCHAR', email: 'VARCHAR', received_at: 'VARCHAR', identity_verified: 'BOOLEAN',
    details: 'VARCHAR'});

CREATE TABLE consents AS
SELECT DISTINCT learner_id, purpose, status, moment("at") AS "at"
FROM read_json(getvariable('landing') || '/consents/*.ndjson', columns = {
    learner_id: 'VARCHAR', purpose: 'VARCHAR', status: 'VARCHAR', "at": 'VARCHAR'});

CREATE TABLE enrolments AS  -- of one enrolment the row that first came last holds; in one file, that with an end
WITH versions AS (
    SELECT
        learner_id, path_id, started_on, ended_on, outcome, diploma_id, graduated_on, route, min(filename) AS first_delivered
    FROM read_json(getvariable('landing') || '/enrolments/*.ndjson', columns = {
        learner_id: 'VARCHAR', path_id: 'VARCHAR', started_on: 'DATE', ended_on: 'DATE', outcome: 'VARCHAR',
        diploma_id: 'VARCHAR', graduated_on: 'DATE', route: 'VARCHAR'}, filename = true)
    GROUP BY ALL
)

SELECT DISTINCT ON (learner_id, path_id, started_on) *
FROM versions
ORDER BY learner_id, path_id, started_on, first_delivered DESC, outcome = 'in_progress', graduated_on DESC NULLS LAST;

CREATE TABLE questions AS  -- the row with an answer takes the place of the one without
SELECT DISTINCT ON (response_id)
    response_id, learner_id, lower(email) AS email, path_id, moment(asked_at) AS asked_at,
    moment(answered_at) AS answered_at, coalesce(right_score, score) AS score, comment
FROM read_json(getvariable('landing') || '/nps/*.ndjson', columns = {
    response_id: 'VARCHAR', learner_id: 'VARCHAR', email: 'VARCHAR', path_id: 'VARCHAR', asked_at: 'VARCHAR',
    answered_at: 'VARCHAR', score: 'INTEGER', comment: 'VARCHAR'})
LEFT JOIN (
    SELECT details ->> '$.key.response_id' AS response_id, (details ->> '$.set.score')::INTEGER AS right_score
    FROM requests WHERE kind = 'rectify'
) USING (response_id)
ORDER BY response_id, answered_at NULLS LAST;

CREATE TABLE salaries AS
SELECT DISTINCT
    response_id, learner_id, lower(email) AS email, diploma_id, moment(answered_at) AS answered_at, employed,
    job_in_field, job_title, working_time, salary_amount, salary_period, salary_basis, contract_type, situation
FROM read_json(getvariable('landing') || '/salary/*.ndjson', columns = {
    response_id: 'VARCHAR', learner_id: 'VARCHAR', email: 'VARCHAR', diploma_id: 'VARCHAR', answered_at: 'VARCHAR',
    employed: 'BOOLEAN', job_in_field: 'BOOLEAN', job_title: 'VARCHAR', working_time: 'VARCHAR',
    salary_amount: 'DOUBLE', salary_period: 'VARCHAR', salary_basis: 'VARCHAR', contract_type: 'VARCHAR',
    situation: 'VARCHAR'});

CREATE TABLE catalogue AS
SELECT DISTINCT *
FROM read_json(getvariable('landing') || '/catalogue/*.ndjson', columns = {
    path_id: 'VARCHAR', course_id: 'VARCHAR', course_aliases: 'VARCHAR', chapter_id: 'VARCHAR',
    exercise_id: 'VARCHAR', project_id: 'VARCHAR'});

-- A thing of the catalogue and the things that it stands under.
CREATE TABLE things AS
SELECT 'course' AS kind, course_id AS code, course_aliases AS alias, NULL AS chapter_id, course_id, path_id FROM catalogue
WHERE course_id IS NOT NULL AND coalesce(chapter_id, exercise_id, project_id) IS NULL
UNION ALL
SELECT 'chapter', chapter_id, NULL, chapter_id, course_id, NULL FROM catalogue WHERE chapter_id IS NOT NULL AND exercise_id IS NULL
UNION ALL
SELECT 'exercise', exercise_id, NULL, chapter_id, course_id, NULL FROM catalogue WHERE exercise_id IS NOT NULL
UNION ALL
SELECT 'project', project_id, NULL, chapter_id, course_id, path_id FROM catalogue WHERE project_id IS NOT NULL;

-- Pages that a visitor of the public site looked at, by the day in Paris: docs/sources.md (Visits of the public
-- site), expectations/audience.yml. One that a log says twice, or that two logs say, is one.
CREATE TABLE page_views AS
WITH lines AS (
    SELECT DISTINCT unnest(string_split(content, chr(10))) AS line FROM read_text(getvariable('landing') || '/audience/*.log')
),

parts AS (
    SELECT regexp_extract(
        line,
        '^(\d+\.\d+\.\d+)\.\d+ - - \[(.*?)\] "(\w+) ([^ ?]*)[^ ]* HTTP/1.1" (\d+) \d+ "-" "(.*)"$',
        ['address', 'at', 'method', 'page', 'status', 'browser']
    ) AS part
    FROM lines WHERE line <> ''
)

SELECT
    paris(strptime(part.at, '%d/%b/%Y:%H:%M:%S %z')) AS day,
    date_trunc('month', day)::DATE AS month,
    part.address || '|' || part.browser AS visitor,
    CASE
        WHEN part.page = '/' THEN 'home'
        WHEN part.page = '/courses' THEN 'catalogue'
        WHEN part.page LIKE '/courses/%' THEN coalesce(
            (SELECT code FROM things WHERE kind = 'course' AND split_part(part.page, '/', 3) IN (code, alias)), 'course'
        )
        WHEN part.page LIKE '/paths/%' THEN 'path'
        WHEN part.page LIKE '/blog/%' THEN 'article'
        WHEN part.page = '/contact' THEN 'contact'
        ELSE 'other'
    END AS page
FROM parts
WHERE
    part.method = 'GET' AND (part.status LIKE '2__' OR part.status = '304')
    AND part.page NOT LIKE '%.css' AND part.browser NOT ILIKE '%bot%'
    -- Thirteen months after the first day of their month they are over their term.
    AND month + INTERVAL 13 MONTH > getvariable('as_of');

CREATE TABLE delivered AS
SELECT DISTINCT ON (id) *
FROM read_json(getvariable('landing') || '/learning/*.ndjson', columns = {
    id: 'VARCHAR', timestamp: 'VARCHAR', actor: 'JSON', verb: 'JSON', object: 'JSON', result: 'JSON'});

CREATE TABLE statements AS  -- neither what was voided nor what voids it
WITH verbs AS (
    SELECT DISTINCT verb_id, verb AS word FROM read_csv(getvariable('seeds') || '/verbs.csv')
)

SELECT
    id,
    moment(timestamp) AS happened_at,
    paris(moment(timestamp)) AS day,
    CASE
        WHEN actor ->> '$.account' IS NOT NULL
            THEN 'account:' || rtrim(actor ->> '$.account.homePage', '/') || '|' || (actor ->> '$.account.name')
        WHEN actor ->> '$.mbox' IS NOT NULL THEN 'email:' || lower(substr(actor ->> '$.mbox', 8))
        ELSE 'sha1:' || (actor ->> '$.mbox_sha1sum')
    END AS actor,
    coalesce(word, 'other') AS verb,
    things.kind,
    things.code,
    things.chapter_id,
    things.course_id,
    things.path_id,
    (result ->> '$.success')::BOOLEAN AS success,
    100 * (result ->> '$.score.scaled')::DOUBLE AS score,
    (result -> 'extensions' ->> '$."https://w3id.org/xapi/cmi5/result/extensions/progress"')::DOUBLE AS progress
FROM delivered
LEFT JOIN verbs ON verb_id = (verb ->> '$.id')
LEFT JOIN things
    ON (object ->> '$.id') = 'https://campus.example/xapi/' || things.kind || '/' || things.code
    OR (object ->> '$.id') = 'https://lms.example/course/' || things.alias
WHERE
    (verb ->> '$.id') <> 'http://adlnet.gov/expapi/verbs/voided'
    AND id NOT IN (
        SELECT object ->> '$.id' FROM delivered WHERE (verb ->> '$.id') = 'http://adlnet.gov/expapi/verbs/voided'
    );

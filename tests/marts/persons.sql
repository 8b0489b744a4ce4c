-- Who is in the statistics on the day, and from which day on: ../shared/POLICY.md, docs/window.md, docs/law.md.

-- Nobody under the age is in the register of learners, and an executed erasure leaves nothing of a person.
CREATE TABLE known AS
SELECT * FROM learners
WHERE
    (birth_date IS NULL OR birth_date + INTERVAL 15 YEAR <= getvariable('as_of'))
    AND learner_id NOT IN (SELECT learner_id FROM requests WHERE kind = 'erase' AND identity_verified AND learner_id IS NOT NULL);

-- An e-mail of two learners is nobody's; dots and tags of one that nobody claims are read loosely.
CREATE TABLE addresses AS
SELECT lower(email) AS email, any_value(learner_id) AS learner_id FROM known GROUP BY ALL HAVING count(DISTINCT learner_id) = 1;
CREATE MACRO loosely(email) AS
    replace(regexp_replace(split_part(email, '@', 1), '\+.*', ''), '.', '') || '@' || split_part(email, '@', 2);
CREATE TABLE spelled AS
SELECT loosely(email) AS email, any_value(learner_id) AS learner_id FROM addresses GROUP BY ALL HAVING count(*) = 1;

CREATE TABLE identifiers AS
SELECT 'account:' || account_home_page || '|' || account_name AS identifier, learner_id FROM known
UNION ALL
SELECT 'email:' || email, learner_id FROM addresses
UNION ALL
SELECT 'sha1:' || sha1('mailto:' || email), learner_id FROM addresses;

-- R-MINOR: a row about somebody under the age on its day, in UTC, is refused.
CREATE MACRO is_of_age(birth_date, day) AS birth_date IS NULL OR birth_date + INTERVAL 15 YEAR <= day;

CREATE TABLE deeds AS
SELECT known.learner_id, statements.* EXCLUDE (actor)
FROM statements
JOIN identifiers ON identifiers.identifier = statements.actor
JOIN known USING (learner_id)
WHERE is_of_age(known.birth_date, statements.happened_at::DATE);

-- Each deed is use of the site. A use five years and a day after the one before begins a new activity period.
CREATE TABLE activity_periods AS
WITH uses AS (SELECT DISTINCT learner_id, day FROM deeds WHERE day <= getvariable('as_of')),

gaps AS (
    SELECT *, lag(day) OVER by_day AS before, coalesce(day > before + INTERVAL 5 YEAR, false) AS is_new
    FROM uses WINDOW by_day AS (PARTITION BY learner_id ORDER BY day)
)

SELECT
    learner_id,
    max(day) AS last_use_on,
    (max(before + INTERVAL 5 YEAR) FILTER (is_new))::DATE + 1 AS counts_from_on
FROM gaps GROUP BY learner_id;

CREATE TABLE asking AS  -- whose request stands
SELECT learner_id FROM requests
WHERE kind IN ('object', 'restrict', 'erase') AND coalesce(details, '') <> 'lift' AND learner_id IS NOT NULL
UNION
SELECT addresses.learner_id FROM requests JOIN addresses USING (email)
WHERE kind IN ('object', 'restrict', 'erase') AND coalesce(details, '') <> 'lift'
EXCEPT
(
    SELECT learner_id FROM requests WHERE details = 'lift' AND identity_verified AND learner_id IS NOT NULL
    UNION
    SELECT addresses.learner_id FROM requests JOIN addresses USING (email) WHERE details = 'lift' AND identity_verified
);

CREATE TABLE persons AS
SELECT learner_id, birth_date, coalesce(counts_from_on, DATE '1900-01-01') AS counts_from_on
FROM known JOIN activity_periods USING (learner_id)
WHERE
    role <> 'instructor' AND NOT is_test
    AND last_use_on + INTERVAL 5 YEAR >= getvariable('as_of')
    AND learner_id NOT IN (FROM asking)
    -- Consent to statistics that was withdrawn at last is an objection.
    AND learner_id NOT IN (
        SELECT learner_id FROM consents WHERE purpose = 'P-STAT' GROUP BY ALL HAVING arg_max(status, "at") = 'withdrawn'
    );

-- What counts of the deeds, and of the answers to surveys (the answer's day, or that of the question).
CREATE TABLE counted AS
SELECT deeds.* FROM deeds JOIN persons USING (learner_id) WHERE day >= counts_from_on;

CREATE TABLE choices AS  -- consents to surveys
SELECT consents.* FROM consents JOIN known USING (learner_id)
WHERE purpose = 'P-SURVEY' AND is_of_age(birth_date, "at"::DATE)
UNION ALL BY NAME
SELECT coalesce(requests.learner_id, addresses.learner_id) AS learner_id, 'withdrawn' AS status, received_at AS "at"
FROM requests LEFT JOIN addresses USING (email)
WHERE kind = 'withdraw';

CREATE TABLE asked AS
SELECT
    persons.learner_id,
    response_id,
    path_id,
    quarter_of(paris(asked_at)) AS quarter,
    comment,
    coalesce(answered_at, asked_at) AS said_at,
    -- Who answers later than in the month after the quarter has not answered in time.
    CASE WHEN paris(answered_at) < quarter_of(paris(asked_at)) + INTERVAL 4 MONTH THEN score END AS score
FROM questions
LEFT JOIN addresses USING (email)
LEFT JOIN spelled ON spelled.email = loosely(questions.email)
JOIN persons ON persons.learner_id = coalesce(questions.learner_id, addresses.learner_id, spelled.learner_id)
WHERE
    is_of_age(persons.birth_date, coalesce(answered_at, asked_at)::DATE)
    AND paris(asked_at) >= counts_from_on;

CREATE TABLE jobs AS
SELECT persons.learner_id, salaries.* EXCLUDE (learner_id, email), paris(answered_at) AS answered_on
FROM salaries
LEFT JOIN addresses USING (email)
JOIN persons ON persons.learner_id = coalesce(salaries.learner_id, addresses.learner_id)
WHERE is_of_age(persons.birth_date, answered_at::DATE) AND answered_on >= counts_from_on;

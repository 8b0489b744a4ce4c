-- Graduates, and what each of them said after 6 and after 24 months: docs/sources.md (Who counts, Salaries), the
-- description of salary_outcome.

CREATE TABLE graduates AS
WITH codes AS (  -- a diploma is a code when it looks like one and three learners were enrolled for it
    SELECT diploma_id FROM enrolments JOIN known USING (learner_id)
    WHERE regexp_full_match(diploma_id, '[A-Za-z0-9._-]+') AND is_of_age(birth_date, started_on)
    GROUP BY ALL HAVING count(DISTINCT learner_id) >= 3
),

diplomas AS (  -- whoever has one twice has it since the first day
    SELECT learner_id, diploma_id AS earned, route, graduated_on, min(graduated_on) OVER (PARTITION BY learner_id, diploma_id) AS first_on
    FROM enrolments
    JOIN persons USING (learner_id)
    WHERE
        outcome = 'graduated' AND diploma_id IS NOT NULL AND graduated_on BETWEEN counts_from_on AND getvariable('as_of')
        AND is_of_age(birth_date, started_on)
)

SELECT
    learner_id,
    earned,
    graduated_on,
    coalesce(bool_or(route = 'vae'), false) AS is_by_vae,
    unnest(CASE WHEN earned IN (FROM codes) THEN ['all', earned] ELSE ['all'] END) AS diploma_id
FROM diplomas
WHERE graduated_on = first_on
GROUP BY learner_id, earned, graduated_on;

CREATE TABLE outcomes_of_a_year AS
WITH spans AS (FROM (VALUES (6, 4, 9), (24, 21, 30)) AS spans (months_after, from_months, to_months)),

-- Of each diploma the last answer in the span counts.
last_answers AS (
    SELECT DISTINCT ON (graduates.diploma_id, year, months_after, learner_id, earned)
        graduates.*, year(graduated_on) AS year, months_after, jobs.* EXCLUDE (learner_id, diploma_id)
    FROM graduates
    CROSS JOIN spans
    LEFT JOIN jobs
        ON jobs.learner_id = graduates.learner_id AND jobs.diploma_id = earned
        AND answered_on BETWEEN graduated_on + to_months(from_months) AND graduated_on + to_months(to_months)
    ORDER BY
        graduates.diploma_id, year, months_after, learner_id, earned, answered_at DESC
),

-- Who says that they study, cannot work or have a work-study contract, where the situation was asked, counts as a
-- graduate who has not answered.
situations AS (
    SELECT
        *,
        coalesce(employed, situation = 'employed') AS has_job,
        coalesce(
            situation IN ('studying', 'unable') OR (situation IS NOT NULL AND contract_type IN ('Alternance', 'contrat d''apprentissage')),
            false
        ) AS is_apart,
        CASE  -- classes of the school's contracts, by hand; who says only the hours says no contract
            WHEN contract_type IN ('CDI', 'Fonctionnaire') THEN 'permanent'
            WHEN contract_type IN ('CDD', 'Intérim', 'Stage', 'Alternance', 'contrat d''apprentissage') THEN 'fixed_term'
            WHEN contract_type IN ('Freelance', 'auto-entrepreneur') THEN 'self_employed'
            WHEN contract_type IN ('Mystère', 'CDI et freelance') THEN 'other'
        END AS contract
    FROM last_answers
),

-- A person counts once in a cell: with the last diploma of which they are a respondent, else with one.
once AS (
    SELECT DISTINCT ON (diploma_id, year, months_after, learner_id) *, response_id IS NOT NULL AND NOT is_apart AS is_respondent
    FROM situations
    ORDER BY diploma_id, year, months_after, learner_id, NOT is_respondent, graduated_on DESC, earned
),

amounts AS (  -- EUR, gross, a year; as much as full time would bring, but an hour is paid the same at any working time
    SELECT
        *,
        salary_amount
        * CASE salary_period WHEN 'year' THEN 1 WHEN 'month' THEN 12 WHEN 'hour' THEN 35 * 52 END
        * CASE salary_basis WHEN 'net' THEN 1.28 ELSE 1 END
        / CASE WHEN salary_period = 'hour' OR working_time = 'full_time' THEN 1 WHEN working_time = 'part_time_80' THEN 0.8 END
            AS amount
    FROM once
),

salaries_told AS (
    SELECT *, CASE WHEN has_job AND is_respondent AND amount BETWEEN 5000 AND 500000 THEN amount END AS salary FROM amounts
),

large AS (  -- diplomas with eleven salaries and more, and who is in them
    SELECT diploma_id, year, months_after FROM salaries_told
    WHERE diploma_id <> 'all' GROUP BY ALL HAVING count(salary) >= 11
),

of_large AS (
    SELECT DISTINCT year, months_after, learner_id FROM salaries_told JOIN large USING (diploma_id, year, months_after)
    WHERE salary IS NOT NULL
),

few AS (  -- where the others have fewer than eleven salaries together, these leave the salaries of all
    SELECT year, months_after FROM salaries_told ANTI JOIN of_large USING (year, months_after, learner_id)
    WHERE diploma_id = 'all' GROUP BY ALL HAVING count(salary) < 11
)

SELECT
    diploma_id, year, months_after, learner_id,
    is_by_vae,
    is_respondent AS has_answered,
    coalesce(has_job AND is_respondent, false) AS is_employed,
    is_employed AND coalesce(job_in_field, false) AS is_in_field,
    CASE
        WHEN diploma_id <> 'all' OR (year, months_after) NOT IN (FROM few) OR (year, months_after, learner_id) IN (FROM of_large)
            THEN salary
    END AS salary_eur_year,
    CASE WHEN is_employed THEN contract END AS contract,
    coalesce(families.job_family, 'other') AS family
FROM salaries_told
LEFT JOIN (VALUES  -- families of the school's job titles, labelled by hand
    ('Data analyst', 'data'),
    ('Analyste de données', 'data'),
    ('Développeuse web', 'development'),
    ('UX designer', 'design'),
    ('Chef de projet digital', 'project_management'),
    ('Boulanger', 'other')
) AS families (job_title, job_family) USING (job_title);

-- An ordinary row has one year, a pool two or three; somebody who is in several of them counts once, with the last.
CREATE TABLE outcomes AS
SELECT DISTINCT ON (diploma_id, year, year_from, months_after, learner_id)
    outcomes_of_a_year.* EXCLUDE (year), year + later AS year, year + later - longer AS year_from
FROM outcomes_of_a_year, range(3) AS longers (longer), range(longer + 1) AS laters (later)
ORDER BY diploma_id, year, year_from, months_after, learner_id, outcomes_of_a_year.year DESC;

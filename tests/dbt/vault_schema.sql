-- The vault as ingest leaves it, as far as the models read it.
CREATE SCHEMA IF NOT EXISTS vault.raw;
CREATE SCHEMA IF NOT EXISTS vault.answers;
CREATE SCHEMA IF NOT EXISTS vault.register;
CREATE SCHEMA IF NOT EXISTS vault.rights;
CREATE SCHEMA IF NOT EXISTS vault.ledger;
CREATE TABLE vault.raw.learning (
    load_no BIGINT, statement_id UUID, actor VARCHAR, verb_id VARCHAR, object_id VARCHAR, object_type VARCHAR,
    parent_id VARCHAR, grouping_id VARCHAR, occurred_at TIMESTAMP, success BOOLEAN, completion BOOLEAN,
    score_scaled DOUBLE, progress DOUBLE
);
CREATE TABLE vault.raw.enrolments (
    load_no BIGINT, identifier VARCHAR, path_id VARCHAR, started_on DATE, ended_on DATE, outcome VARCHAR,
    diploma_id VARCHAR, graduated_on DATE
);
CREATE TABLE vault.raw.catalogue (
    load_no BIGINT, path_id VARCHAR, course_id VARCHAR, chapter_id VARCHAR, exercise_id VARCHAR, project_id VARCHAR,
    path_title VARCHAR, course_title VARCHAR, chapter_title VARCHAR, exercise_title VARCHAR, project_title VARCHAR
);
CREATE TABLE vault.raw.salary (
    load_no BIGINT, response_id VARCHAR, identifier VARCHAR, diploma_id VARCHAR, graduated_on DATE,
    answered_at TIMESTAMP, employed BOOLEAN, job_in_field BOOLEAN, job_title VARCHAR, employer VARCHAR,
    contract_type VARCHAR, working_time VARCHAR, country VARCHAR, salary_amount DOUBLE, salary_currency VARCHAR,
    salary_period VARCHAR, salary_basis VARCHAR
);
CREATE TABLE vault.answers.nps (
    load_no BIGINT, response_id VARCHAR, identifier VARCHAR, path_id VARCHAR, asked_at TIMESTAMP,
    answered_at TIMESTAMP, score INTEGER, comment VARCHAR
);
CREATE TABLE vault.register.learners (
    load_no BIGINT, learner_id VARCHAR, identifier VARCHAR, email VARCHAR, given_name VARCHAR, family_name VARCHAR,
    account_home_page VARCHAR, account_name VARCHAR, birth_date DATE, registered_at TIMESTAMP, left_at TIMESTAMP,
    last_login_at TIMESTAMP
);
CREATE TABLE vault.register.identities (identifier VARCHAR, kind VARCHAR, person_id VARCHAR);
CREATE TABLE vault.register.last_use (identifier VARCHAR, last_use_at TIMESTAMP);
CREATE TABLE vault.rights.consents (
    load_no BIGINT, identifier VARCHAR, purpose VARCHAR, status VARCHAR, "at" TIMESTAMP
);
CREATE TABLE vault.rights.requests (
    load_no BIGINT, request_id VARCHAR, kind VARCHAR, identifier VARCHAR, received_at TIMESTAMP,
    identity_verified BOOLEAN, details VARCHAR
);
CREATE TABLE vault.ledger.closed_periods (mart VARCHAR, period_key VARCHAR, release_id VARCHAR);

"""The tables of the vault. `SCHEMA` and `AUDIT` are the one place where they are made."""

from __future__ import annotations

from functools import cache

import duckdb

from anonymart import versions
from anonymart.errors import UsageError
from anonymart.keys import Keys
from anonymart.migrate import steps
from anonymart.rows import one_row

AUDIT = """
CREATE TABLE IF NOT EXISTS vault.ledger.audit_head (entry_no BIGINT, hash VARCHAR);
CREATE TABLE IF NOT EXISTS vault.ledger.audit_open (entry_no BIGINT, entry VARCHAR);
"""
SCHEMA = """
CREATE SCHEMA IF NOT EXISTS vault.raw;
CREATE SCHEMA IF NOT EXISTS vault.answers;
CREATE SCHEMA IF NOT EXISTS vault.register;
CREATE SCHEMA IF NOT EXISTS vault.rights;
CREATE SCHEMA IF NOT EXISTS vault.catalogue;
CREATE SCHEMA IF NOT EXISTS vault.audience;
CREATE SCHEMA IF NOT EXISTS vault.ledger;

CREATE TABLE IF NOT EXISTS vault.raw.learning (
    load_no BIGINT, row_hash UBIGINT, reason VARCHAR,
    statement_id UUID, actor VARCHAR, verb_id VARCHAR, object_id VARCHAR, object_type VARCHAR,
    parent_id VARCHAR, grouping_id VARCHAR, occurred_at TIMESTAMP, success BOOLEAN, completion BOOLEAN,
    score_scaled DOUBLE, progress DOUBLE, is_use BOOLEAN, form VARCHAR, admitted_no BIGINT, is_repeat BOOLEAN,
        had_course BOOLEAN, had_object BOOLEAN
);
CREATE TABLE IF NOT EXISTS vault.raw.enrolments (
    load_no BIGINT, row_hash UBIGINT, identifier VARCHAR, path_id VARCHAR, started_on DATE, ended_on DATE,
    outcome VARCHAR, diploma_id VARCHAR, graduated_on DATE, admitted_no BIGINT, route VARCHAR
);
CREATE TABLE IF NOT EXISTS vault.raw.catalogue (
    load_no BIGINT, row_hash UBIGINT, path_id VARCHAR, course_id VARCHAR, chapter_id VARCHAR,
        exercise_id VARCHAR,
    project_id VARCHAR, path_title VARCHAR, course_title VARCHAR, chapter_title VARCHAR,
        exercise_title VARCHAR,
    project_title VARCHAR, path_aliases VARCHAR, course_aliases VARCHAR, chapter_aliases VARCHAR,
    exercise_aliases VARCHAR, project_aliases VARCHAR, line BIGINT
);
CREATE TABLE IF NOT EXISTS vault.catalogue.items (
    item_kind VARCHAR, item_key VARCHAR, code VARCHAR, title VARCHAR, is_derived BOOLEAN, path_key VARCHAR,
        course_key VARCHAR,
    chapter_key VARCHAR, load_no BIGINT
);
CREATE TABLE IF NOT EXISTS vault.catalogue.aliases (
    item_kind VARCHAR, alias VARCHAR, object_key VARCHAR, item_key VARCHAR, load_no BIGINT
);
CREATE TABLE IF NOT EXISTS vault.catalogue.matches (
    named VARCHAR, named_type VARCHAR, role VARCHAR, item_kind VARCHAR, item_key VARCHAR, course_key VARCHAR
);
CREATE TABLE IF NOT EXISTS vault.catalogue.refused_diplomas (diploma_id VARCHAR, reason VARCHAR);
CREATE TABLE IF NOT EXISTS vault.catalogue.settled (load_no BIGINT, as_of DATE);
CREATE TABLE IF NOT EXISTS vault.ledger.replaced_codes (
    as_of DATE, load_no BIGINT, line BIGINT, item_kind VARCHAR, reason VARCHAR, became VARCHAR
);
CREATE TABLE IF NOT EXISTS vault.ledger.unmatched (
    as_of DATE, load_no BIGINT, item_kind VARCHAR, shape VARCHAR, n_statements BIGINT, n_ids BIGINT
);
CREATE TABLE IF NOT EXISTS vault.raw.salary (
    load_no BIGINT, row_hash UBIGINT, response_id VARCHAR, identifier VARCHAR, diploma_id VARCHAR,
    graduated_on DATE, answered_at TIMESTAMP, employed BOOLEAN, job_in_field BOOLEAN, job_title VARCHAR,
    employer VARCHAR, contract_type VARCHAR, working_time VARCHAR, country VARCHAR, salary_amount DOUBLE,
    salary_currency VARCHAR, salary_period VARCHAR, salary_basis VARCHAR, situation VARCHAR
);
CREATE TABLE IF NOT EXISTS vault.answers.nps (
    load_no BIGINT, row_hash UBIGINT, response_id VARCHAR, identifier VARCHAR, path_id VARCHAR,
    asked_at TIMESTAMP, answered_at TIMESTAMP, score INTEGER, comment VARCHAR
);
CREATE TABLE IF NOT EXISTS vault.audience.visits (
    load_no BIGINT, row_hash UBIGINT, visited_on DATE, page_type VARCHAR, course_id VARCHAR, visitor VARCHAR
);
CREATE TABLE IF NOT EXISTS vault.audience.month_keys (month DATE, visitor_key BLOB);
CREATE TABLE IF NOT EXISTS vault.register.learners (
    load_no BIGINT, row_hash UBIGINT, learner_id VARCHAR, identifier VARCHAR, email VARCHAR,
        given_name VARCHAR,
    family_name VARCHAR, account_home_page VARCHAR, account_name VARCHAR, birth_date DATE,
        registered_at TIMESTAMP,
    left_at TIMESTAMP, last_login_at TIMESTAMP, role VARCHAR
);
CREATE TABLE IF NOT EXISTS vault.register.connections (
    load_no BIGINT, row_hash UBIGINT, identifier VARCHAR, connected_at TIMESTAMP, admitted_no BIGINT
);
CREATE TABLE IF NOT EXISTS vault.register.identities (
    identifier VARCHAR, kind VARCHAR, group_key VARCHAR, is_user BOOLEAN, anchor VARCHAR, person_id VARCHAR
);
CREATE TABLE IF NOT EXISTS vault.register.claims (learner VARCHAR, identifier VARCHAR);
CREATE TABLE IF NOT EXISTS vault.register.last_use (
    identifier VARCHAR, first_use_at TIMESTAMP, last_use_at TIMESTAMP
);
CREATE TABLE IF NOT EXISTS vault.register.minors (identifier_hash UBIGINT, of_age_on DATE);
CREATE TABLE IF NOT EXISTS vault.rights.consents (
    load_no BIGINT, row_hash UBIGINT, identifier VARCHAR, purpose VARCHAR, status VARCHAR, "at" TIMESTAMP
);
CREATE TABLE IF NOT EXISTS vault.rights.requests (
    load_no BIGINT, row_hash UBIGINT, request_id VARCHAR, kind VARCHAR, identifier VARCHAR,
        received_at TIMESTAMP,
    identity_verified BOOLEAN, details VARCHAR, who UBIGINT
);
CREATE TABLE IF NOT EXISTS vault.rights.standing (
    identifier VARCHAR, kind VARCHAR, is_lift BOOLEAN, received_at TIMESTAMP
);
CREATE TABLE IF NOT EXISTS vault.rights.corrections (
    request_id VARCHAR, identifier VARCHAR, source VARCHAR, row_key VARCHAR, column_name VARCHAR,
        wrong_hash UBIGINT,
    right_value VARCHAR, decided_on DATE
);
CREATE TABLE IF NOT EXISTS vault.rights.unreadable (
    unreadable_id VARCHAR, row_hash UBIGINT, load_no BIGINT, source VARCHAR, file_name VARCHAR, line BIGINT,
        reason VARCHAR,
    raw_row VARCHAR, kind VARCHAR, first_seen_on DATE, state VARCHAR, decided_on DATE, decided_by VARCHAR,
        note VARCHAR,
    request_id VARCHAR, who UBIGINT[]
);
CREATE TABLE IF NOT EXISTS vault.rights.unreadable_names (unreadable_id VARCHAR, identifier VARCHAR);
CREATE TABLE IF NOT EXISTS vault.rights.steps (request_id VARCHAR, state VARCHAR, "at" DATE, note VARCHAR);

CREATE TABLE IF NOT EXISTS vault.ledger.loads (
    load_no BIGINT, source VARCHAR, file_name VARCHAR, file_mark VARCHAR, as_of DATE, status VARCHAR,
        reason VARCHAR,
    delivered BIGINT, loaded BIGINT, refused BIGINT, quarantined BIGINT, duplicate BIGINT,
        unknown_columns VARCHAR[], waiting BIGINT
);
CREATE TABLE IF NOT EXISTS vault.ledger.landings (folder VARCHAR);
CREATE TABLE IF NOT EXISTS vault.ledger.account_hosts (host VARCHAR);
CREATE TABLE IF NOT EXISTS vault.ledger.reasons (load_no BIGINT, disposition VARCHAR, reason VARCHAR,
    n_rows BIGINT);
CREATE TABLE IF NOT EXISTS vault.ledger.quarantine (load_no BIGINT, line BIGINT, reason VARCHAR);
CREATE TABLE IF NOT EXISTS vault.ledger.row_hashes (
    source VARCHAR, row_hash UBIGINT, about_on DATE, identifier_mark UBIGINT
);
CREATE TABLE IF NOT EXISTS vault.ledger.lrs_cursors (
    endpoint VARCHAR, part_no BIGINT, since_at TIMESTAMP, reached_at TIMESTAMP, more VARCHAR,
        newest_at TIMESTAMP, is_ordered BOOLEAN
);
CREATE TABLE IF NOT EXISTS vault.ledger.unknown_names (load_no BIGINT, kind VARCHAR, name VARCHAR,
    n_rows BIGINT);
CREATE TABLE IF NOT EXISTS vault.ledger.changes (
    as_of DATE, source VARCHAR, load_no BIGINT, kind VARCHAR, name VARCHAR, was VARCHAR, became VARCHAR
);
CREATE TABLE IF NOT EXISTS vault.ledger.seen (
    source VARCHAR, layout VARCHAR, series UBIGINT, part VARCHAR, name VARCHAR, type VARCHAR,
        is_always BOOLEAN, last_load_no BIGINT
);
CREATE TABLE IF NOT EXISTS vault.ledger.register_pulls (
    pull_no BIGINT, base_no BIGINT, as_of DATE, origin VARCHAR, file_name VARCHAR, file_mark VARCHAR,
        read_to TIMESTAMP, n_rows BIGINT, table_rows BIGINT
);
CREATE TABLE IF NOT EXISTS vault.ledger.key_marks (name VARCHAR, mark VARCHAR);
CREATE TABLE IF NOT EXISTS vault.ledger.releases (
    release_id VARCHAR, as_of DATE, manifest_sha256 VARCHAR, new_cells BIGINT, carried_cells BIGINT,
        noise VARCHAR
);
CREATE TABLE IF NOT EXISTS vault.ledger.closed_periods (mart VARCHAR, period_key VARCHAR, release_id VARCHAR);
CREATE TABLE IF NOT EXISTS vault.ledger.withdrawals (
    release_id VARCHAR, as_of DATE, why VARCHAR, marts VARCHAR[], named_id VARCHAR, replaced_by VARCHAR
);
CREATE TABLE IF NOT EXISTS vault.ledger.withdrawn_periods (
    mart VARCHAR, period_key VARCHAR, release_id VARCHAR, last_release_id VARCHAR
);
CREATE TABLE IF NOT EXISTS vault.ledger.approvals (
    release_id VARCHAR, as_of DATE, candidate_sha256 VARCHAR, because VARCHAR[], since VARCHAR, state VARCHAR,
        decided_by VARCHAR, reason VARCHAR,
    "at" VARCHAR, rights_mark VARCHAR, manifest_sha256 VARCHAR, manifest VARCHAR, shown_sha256 VARCHAR
);
CREATE TABLE IF NOT EXISTS vault.ledger.held_marts (mart VARCHAR, decided_by VARCHAR, reason VARCHAR,
    "at" VARCHAR);
CREATE TABLE IF NOT EXISTS vault.ledger.orders (
    mart VARCHAR, content VARCHAR, state VARCHAR, sent_by VARCHAR, since VARCHAR, charge VARCHAR,
    decided_by VARCHAR, reason VARCHAR, "at" VARCHAR
);
CREATE TABLE IF NOT EXISTS vault.ledger.candidates (release_id VARCHAR, rights_state VARCHAR);
CREATE TABLE IF NOT EXISTS vault.ledger.for_reviewer (release_id VARCHAR, name VARCHAR, told VARCHAR);
CREATE TABLE IF NOT EXISTS vault.ledger.runs (as_of DATE);
CREATE TABLE IF NOT EXISTS vault.ledger.confirmed_days (as_of DATE, decided_by VARCHAR, reason VARCHAR);
CREATE TABLE IF NOT EXISTS vault.ledger.retention_hold (kind VARCHAR, since DATE, last_on DATE);
CREATE TABLE IF NOT EXISTS vault.ledger.removals (
    removal_no BIGINT, as_of DATE, place VARCHAR, rows_before BIGINT, rows_after BIGINT
);
CREATE TABLE IF NOT EXISTS vault.ledger.rewrites (removal_no BIGINT, as_of DATE, is_done BOOLEAN);
CREATE TABLE IF NOT EXISTS vault.ledger.receipt_head (receipt_no BIGINT, hash VARCHAR);
CREATE TABLE IF NOT EXISTS vault.ledger.schema_version (version INTEGER);
"""


def create(connection: duckdb.DuckDBPyConnection, keys: Keys) -> None:
    """Make what is missing in the vault attached to write, migrate an older one, and note which keys it is
    kept with.

    The commands migrate, with copies, before they come here; this also serves whoever uses the library alone.
    """
    there = _there(connection)
    if not there:
        _make(connection)
    elif any(column[:3] not in there for column in _columns()):
        connection.execute(f"{SCHEMA} {AUDIT}")
        _add_missing_columns(connection)
    steps.apply(connection, "vault")
    if not one_row(connection.execute("SELECT count(*) FROM vault.ledger.key_marks"))[0]:
        connection.executemany(
            "INSERT INTO vault.ledger.key_marks VALUES (?, ?)", list(key_digests(keys).items())
        )


def _make(connection: duckdb.DuckDBPyConnection) -> None:
    """A new vault is of the newest version, in one transaction: a hundred small ones cost more than all that
    is in them.
    """
    connection.execute(f"BEGIN; {SCHEMA} {AUDIT}")
    versions.write(connection, "vault", versions.NEWEST)
    connection.execute("COMMIT")


def _there(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str, str]]:
    """Schema, table and column of every column of the vault attached."""
    rows = connection.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE database_name = "
        "'vault' AND NOT internal"
    ).fetchall()
    return set(rows)


def _add_missing_columns(connection: duckdb.DuckDBPyConnection) -> None:
    """Columns that the schema lists and an older vault lacks, empty, at the end of their tables: insert by
    name, not by position.
    """
    there = _there(connection)
    for schema, table, column, kind in _columns():
        if (schema, table, column) not in there:
            connection.execute(
                f'ALTER TABLE vault.{schema}.{table} ADD COLUMN IF NOT EXISTS "{column}" {kind}'
            )


@cache
def _columns() -> tuple[tuple[str, str, str, str], ...]:
    """Schema, table, column and type of every column of a new vault, in order."""
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH ':memory:' AS vault; {SCHEMA} {AUDIT}")
        return tuple(
            connection.execute("""
            SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns()
            WHERE database_name = 'vault' AND NOT internal
            ORDER BY schema_name, table_name, column_index
        """).fetchall()
        )


def check_keys(connection: duckdb.DuckDBPyConnection, keys: Keys) -> None:
    """Raise UsageError when a key is not the one that the vault attached is kept with: its people would not
    be found again.
    """
    known = one_row(
        connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'vault' AND schema_name = "
            "'ledger' AND table_name = 'key_marks'"
        )
    )[0]
    if not known:
        return
    digests = key_digests(keys)
    for name, digest in connection.execute("SELECT name, mark FROM vault.ledger.key_marks").fetchall():
        if digests.get(name) != digest:
            raise UsageError(
                f"The key '{name}' is not the one that this vault is kept with: restore the old key file."
            )


def key_digests(keys: Keys) -> dict[str, str]:
    """For each key that ties rows to people, what tells it from another and gives nothing of it away."""
    return {name: keys.digest(name) for name in ("person", "pseudonym", "record")}

"""The state of rights: one digest of every request, consent, objection and removal that a vault knows
(P-RIGHTS, S-ANON).

A release is made from one state. The build notes the state that it read, a candidate carries it, and gate and
publication compare it with the vault's own: whoever's request was taken in or carried out meanwhile is in no
figure that leaves.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date

import duckdb

from anonymart import engine
from anonymart.definitions import definitions
from anonymart.erasure import receipts
from anonymart.errors import Superseded
from anonymart.rows import one_row
from anonymart.session import Session

MOVED = "A request, a consent or a removal came after the build, so what was built counts no longer"
# Table and what of it a right may change. Of whom a row names, the person as the register knows them today: a
# register that arrives late
# may give an old request its person.
_PEOPLE = ("requests", "standing", "consents", "unreadable_names")
_OTHERS = (
    ("rights", "steps", 'request_id, state, "at"'),
    ("rights", "unreadable", "unreadable_id, state"),
    ("register", "minors", "identifier_hash, of_age_on"),
)
_BUILT = "warehouse.main.built_from"
_CANDIDATES = "vault.ledger.candidates"


def of_vault(connection: duckdb.DuckDBPyConnection) -> str:
    """The digest of the vault attached as `vault`: 32 hexadecimal digits, another one after each change. Rows
    are taken as a set.
    """
    parts = [_people(connection, table) for table in _PEOPLE] + [
        _others(connection, *other) for other in _OTHERS
    ]
    found = " UNION ALL ".join(filter(None, parts)) or "SELECT '' AS part"
    number, digest = receipts.head(connection, "vault")
    return one_row(
        connection.execute(
            f"SELECT md5(string_agg(part, ' ' ORDER BY part) || ' ' || $1) FROM ({found})",
            [f"{number} {digest}"],
        )
    )[0]


def last_day(connection: duckdb.DuckDBPyConnection) -> date | None:
    """The newest day of a step of a request; None when there was none."""
    if not engine.table_exists(connection, "rights", "steps"):
        return None
    return one_row(connection.execute('SELECT max("at") FROM vault.rights.steps'))[0]


def drop_built(connection: duckdb.DuckDBPyConnection) -> None:
    """A build begins: until it has ended, the warehouse attached to write tells no state."""
    connection.execute(
        f"CREATE OR REPLACE TABLE {_BUILT} "
        "(rights_state VARCHAR, inputs VARCHAR, as_of DATE, definitions VARCHAR)"
    )


def note_built(
    connection: duckdb.DuckDBPyConnection,
    state: str,
    inputs: str | None = None,
    as_of: date | None = None,
) -> None:
    """The warehouse attached to write was built wholly from this state and these inputs, for this day, by the
    definitions of this process.
    """
    drop_built(connection)
    connection.execute(f"INSERT INTO {_BUILT} VALUES (?, ?, ?, ?)", [state, inputs, as_of, defined()])


def forget_inputs(connection: duckdb.DuckDBPyConnection) -> None:
    """The warehouse attached to write no longer holds all that its build has made, though nothing wrong: the
    next run builds, whatever has come.
    """
    connection.execute(f"UPDATE {_BUILT} SET inputs = NULL")


def built(connection: duckdb.DuckDBPyConnection) -> str | None:
    """The state that the warehouse was built from; None after a build that failed, was killed or left models
    out.
    """
    if not engine.table_exists(connection, "main", "built_from", database="warehouse"):
        return None
    row = connection.execute(f"SELECT rights_state FROM {_BUILT}").fetchone()
    return row[0] if row else None


def built_inputs(connection: duckdb.DuckDBPyConnection) -> tuple[str, date] | None:
    """The digest of the inputs of the last whole build and its day; None where it told none."""
    columns = connection.execute(
        "SELECT count(*) FROM duckdb_columns() WHERE database_name = 'warehouse' AND schema_name = 'main' "
        "AND table_name = 'built_from' AND column_name IN ('inputs', 'as_of')"
    )
    if one_row(columns)[0] != 2:
        return None
    row = connection.execute(f"SELECT inputs, as_of FROM {_BUILT} WHERE inputs IS NOT NULL").fetchone()
    return (row[0], row[1]) if row else None


def is_built(session: Session) -> bool:
    """Whether the warehouse was built from the vault's present state and by the definitions of this process:
    the gate must not judge by other figures than the build.
    """
    if not session.home.warehouse.exists():
        return False
    with session.connect(vault="ro", warehouse="ro") as connection:
        return built(connection) == of_vault(connection) and _built_by(connection) == defined()


def note_candidate(connection: duckdb.DuckDBPyConnection, release_id: str) -> None:
    """The candidate of this id is exported from the warehouse as it is: it has the state that was built.
    `vault` is attached to write.
    """
    connection.execute(f"DELETE FROM {_CANDIDATES} WHERE release_id = ?", [release_id])
    connection.execute(
        f"INSERT INTO {_CANDIDATES} (release_id, rights_state) VALUES (?, ?)", [release_id, built(connection)]
    )


def check_candidate(connection: duckdb.DuckDBPyConnection, release_id: str) -> None:
    """Raise Superseded when the vault attached is in another state than the one that the candidate was built
    from.
    """
    known = engine.table_exists(connection, "ledger", "candidates")
    row = (
        connection.execute(
            f"SELECT rights_state FROM {_CANDIDATES} WHERE release_id = ?", [release_id]
        ).fetchone()
        if known
        else None
    )
    if row is None or row[0] != of_vault(connection):
        raise Superseded(f"{MOVED}: `anonymart publish` builds, gates and publishes anew.")


def defined() -> str:
    """One digest of all definitions, the policy among them."""
    return hashlib.sha256(json.dumps(definitions()).encode()).hexdigest()


def _built_by(connection: duckdb.DuckDBPyConnection) -> str | None:
    """The definitions that the warehouse was built by; None where a build of before did not tell."""
    columns = connection.execute(
        "SELECT column_name FROM duckdb_columns() "
        "WHERE database_name = 'warehouse' AND table_name = 'built_from'"
    ).fetchall()
    if ("definitions",) not in columns:
        return None
    row = connection.execute(f"SELECT definitions FROM {_BUILT}").fetchone()
    return row[0] if row else None


def _people(connection: duckdb.DuckDBPyConnection, table: str) -> str | None:
    if not engine.table_exists(connection, "rights", table):
        return None
    rows = (
        f"SELECT rights, identities.person_id FROM vault.rights.{table} AS rights LEFT JOIN "
        f"vault.register.identities AS identities USING (identifier)"
    )
    return _sum(table, rows, "rights, person_id")


def _others(connection: duckdb.DuckDBPyConnection, schema: str, table: str, columns: str) -> str | None:
    return (
        _sum(table, f"FROM vault.{schema}.{table}", columns)
        if engine.table_exists(connection, schema, table)
        else None
    )


def _sum(table: str, rows: str, columns: str) -> str:
    return (
        f"SELECT '{table} ' || count(*) || ' ' || coalesce(sum(hash({columns})::HUGEINT), 0) AS part FROM "
        f"({rows})"
    )

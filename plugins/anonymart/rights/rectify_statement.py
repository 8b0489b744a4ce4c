"""R-RECTIFY of learning: a statement is taken back, as xAPI does, and another one tells what is right
(1.0.3 part two, 2.3.2).

The details of the request are JSON: {"source": "learning", "key": {"statement_id": "…"}, "set":
{"score_scaled": 0.9}}; {"voided": true} takes it back without another one.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from anonymart import crash
from anonymart.engine import literal, table_exists
from anonymart.erasure import purged, taken_back
from anonymart.erasure.zones import Zones
from anonymart.errors import UsageError
from anonymart.ingest.counts import Counts
from anonymart.ingest.identities import first_64_bits
from anonymart.ingest.load import write_ledger
from anonymart.rows import one_row
from anonymart.session import Session
from anonymart.temp_tables import OWN_IDENTIFIERS

SOURCE = "learning"
VOIDED = "voided"
_TABLE = "vault.raw.learning"
_HISTORY = "warehouse.intermediate.int_events"
_SETS: Mapping[str, tuple[float, float] | None] = {
    "success": None,
    "completion": None,
    "score_scaled": (-1, 1),
    "progress": (0, 100),
}
_SAY_HOW = (
    'A rectification of learning is {"source": "learning", "key": {"statement_id": "..."}, "set": {...}}; it '
    "may set success and completion (true or false), score_scaled (-1 to 1) and progress (0 to 100), or "
    "voided (true) alone."
)


@dataclass(frozen=True)
class Statement:
    """Which statement is wrong, and the right texts by column; none where it is only taken back."""

    statement_id: str
    right: Mapping[str, str | None]


def checked(key: Mapping[str, Any], right: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str | None]]:
    """Key and right texts of the details. Raises UsageError, without a value, for what cannot be right."""
    try:
        named = {"statement_id": str(uuid.UUID(str(key["statement_id"])))}
    except (KeyError, ValueError):
        raise UsageError(_SAY_HOW) from None
    if right == {VOIDED: True} and len(key) == 1:
        return named, {}
    if len(key) != 1 or not right or not all(_is_right(name, value) for name, value in right.items()):
        raise UsageError(_SAY_HOW)
    return named, {name: None if value is None else str(value).lower() for name, value in right.items()}


def _is_right(name: str, value: Any) -> bool:
    if name not in _SETS:
        return False
    limits = _SETS[name]
    if value is None or limits is None:
        return value is None or isinstance(value, bool)
    return isinstance(value, int | float) and not isinstance(value, bool) and limits[0] <= value <= limits[1]


def plan(session: Session, request_id: str, statement: Statement) -> dict[str, int]:
    """Rows that would be taken back, by place. Raises UsageError when it cannot be carried out as it is."""
    with Zones(session) as zones:
        return _count(zones.connection, request_id, statement)


def carry_out(session: Session, request_id: str, statement: Statement) -> dict[str, int]:
    """Take the statement back, and store the one that replaces it; a second time finds nothing to change."""
    with Zones(session) as zones:
        found = _count(zones.connection, request_id, statement)
        if found and not _is_remembered(zones.connection, request_id):
            _write(zones, request_id, statement)
    taken_back.settle(session)
    return found


def find_own(connection: duckdb.DuckDBPyConnection, request_id: str) -> None:
    """Make the TEMP table `own_identifiers`: every identifier of the person who asks."""
    connection.execute(
        OWN_IDENTIFIERS.made_of(
            """
        SELECT linked.identifier
        FROM vault.rights.requests AS requests
        INNER JOIN vault.register.identities AS identities USING (identifier)
        INNER JOIN vault.register.identities AS linked
            ON coalesce(linked.anchor, linked.identifier)
                = coalesce(identities.anchor, identities.identifier)
        WHERE requests.request_id = $1
        """
        ),
        [request_id],
    )


def _count(connection: duckdb.DuckDBPyConnection, request_id: str, statement: Statement) -> dict[str, int]:
    find_own(connection, request_id)
    for purge in purged.all_of(connection):
        if purge.source == SOURCE and purge.column in statement.right and not purge.from_at:
            raise UsageError(
                f"The column {purge.column} of learning was purged as what should never have come, and "
                "nothing of it is held: refuse the request, or take it without this column."
            )
    ours = f"statement_id = {literal(statement.statement_id)}::UUID AND actor IN (FROM own_identifiers)"
    found = {_TABLE: _number(connection, f"{_TABLE} WHERE {ours}")}
    if table_exists(connection, "intermediate", "int_events", database="warehouse"):
        key = first_64_bits("pseudonym_hash(actor)")
        found[_HISTORY] = _number(
            connection,
            f"{_HISTORY} SEMI JOIN (SELECT {key} AS identity_key, occurred_at, admitted_no AS load_no "
            f"FROM {_TABLE} WHERE {ours}) AS wrong USING (identity_key, occurred_at, load_no)",
        )
    if not found[_TABLE] and not _is_remembered(connection, request_id):
        raise UsageError(
            "The vault holds no such statement of this person any more: its raw rows leave after their term, "
            "and the history has no ids. Let the learning record store void it before, or refuse the request."
        )
    return {place: n_rows for place, n_rows in found.items() if n_rows}


def _is_remembered(connection: duckdb.DuckDBPyConnection, request_id: str) -> bool:
    return bool(_number(connection, f"vault.rights.corrections WHERE request_id = {literal(request_id)}"))


def _number(connection: duckdb.DuckDBPyConnection, rows: str) -> int:
    return one_row(connection.execute(f"SELECT count(*) FROM {rows}"))[0]


def _write(zones: Zones, request_id: str, statement: Statement) -> None:
    """One transaction: what replaces the statement, under a load of its own; the hash of the one that is
    taken back, so that it stays out; and the correction itself.
    """
    connection, as_of = zones.connection, zones.session.as_of
    wrong = f"statement_id = {literal(statement.statement_id)}::UUID AND actor IN (FROM own_identifiers)"
    load_no = one_row(connection.execute("SELECT coalesce(max(load_no), 0) + 1 FROM vault.ledger.loads"))[0]
    connection.execute("BEGIN")
    connection.execute(
        f"""
        INSERT INTO vault.rights.corrections
        SELECT {literal(request_id)}, actor, '{SOURCE}', statement_id::VARCHAR, unnest($1::VARCHAR[]), NULL,
            unnest($2::VARCHAR[]), $3 FROM {_TABLE} WHERE {wrong}
    """,
        [
            list(statement.right or {VOIDED: None}),
            list((statement.right or {VOIDED: "true"}).values()),
            as_of,
        ],
    )
    connection.execute(f"""
        INSERT INTO vault.ledger.row_hashes BY NAME
        SELECT '{VOIDED}' AS source, row_hash, occurred_at::DATE AS about_on FROM {_TABLE} WHERE {wrong}
    """)
    if statement.right:
        _replace(connection, wrong, statement, load_no, uuid.uuid5(uuid.NAMESPACE_OID, request_id))
    counts = Counts(SOURCE, "rectification", delivered=1, loaded=int(bool(statement.right)))
    counts.refused = 1 - counts.loaded
    write_ledger(connection, load_no, f"rectification {load_no}", as_of, counts)
    crash.point("rectify.before_commit")
    connection.execute("COMMIT")
    crash.point("rectify.after_commit")


def _replace(
    connection: duckdb.DuckDBPyConnection, wrong: str, statement: Statement, load_no: int, made: uuid.UUID
) -> None:
    sets = ", ".join(f"{_sql(value)} AS {name}" for name, value in statement.right.items())
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE replacement AS
        SELECT * REPLACE ({load_no} AS load_no, row_hash('{made}') AS row_hash,
            '{made}'::UUID AS statement_id,
            if(admitted_no IS NULL, NULL, {load_no}) AS admitted_no, false AS is_repeat,
            false AS had_course, false AS had_object, {sets})
        FROM {_TABLE} WHERE {wrong} LIMIT 1;
        INSERT INTO {_TABLE} BY NAME FROM replacement;
        INSERT INTO vault.ledger.row_hashes BY NAME
        SELECT '{SOURCE}' AS source, row_hash, occurred_at::DATE AS about_on,
            identifier_mark(actor) AS identifier_mark FROM replacement
    """)


def _sql(value: str | None) -> str:
    return "NULL" if value is None else value

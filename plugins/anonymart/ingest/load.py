"""One file into the vault, in one transaction: read, check, refuse, deduplicate, identify, store, account for."""

from __future__ import annotations

import re
from datetime import date

import duckdb

from anonymart import crash, surveys
from anonymart.engine import literal
from anonymart.forget import door
from anonymart.ingest import (
    changes,
    corrections,
    identities,
    learning,
    lines,
    lives,
    parsers,
    refusals,
    request_ids,
    voided,
)
from anonymart.ingest.contracts import TABULAR, Column, Contract
from anonymart.ingest.counts import Counts
from anonymart.ingest.files import FileRefused, Landed, reader, safe_name, unknown_columns
from anonymart.policy import Policy

# Planned days, and the clock of somebody else's server.
_MAY_LIE_AHEAD = ("ended_on", "left_at", "graduated_on", "updated_at")


def load(connection: duckdb.DuckDBPyConnection, landed: Landed, load_no: int, as_of: date, policy: Policy) -> Counts:
    """Load one file within the transaction that the caller has begun. Raises FileRefused; the caller rolls back."""
    try:
        door.start(connection)
        if landed.source == "learning":
            return _load_learning(connection, landed, load_no, as_of, policy)
        return _load_tabular(connection, TABULAR[landed.source], landed, load_no, as_of, policy)
    except duckdb.InvalidInputException as error:
        raise FileRefused(_unreadable(str(error))) from None
    except (duckdb.IOException, duckdb.ConversionException) as error:
        text = str(error).lower()
        if any(word in text for word in ("gzip", "zlib", "inflate", "parquet", "miniz", "decompress")):
            raise FileRefused("a damaged or incomplete file") from None
        raise


def _unreadable(message: str) -> str:
    if "maximum_object_size" in message or "maximum line size" in message.lower():
        return "one line is longer than 16 MiB"
    return "its rows cannot be read as what its first line promised"


def _load_learning(
    connection: duckdb.DuckDBPyConnection, landed: Landed, load_no: int, as_of: date, policy: Policy
) -> Counts:
    counts = Counts("learning", safe_name(landed.path))
    counts.unknown_columns = unknown_columns(landed, learning.known_names(landed))
    _forget_rejects(connection)
    connection.execute(f"INSERT INTO vault.raw.learning {learning.select(landed, load_no, as_of)}")
    crash.point("ingest.after_insert")
    table, ours = "vault.raw.learning", f"load_no = {load_no}"
    counts.delivered = connection.execute(f"SELECT count(*) FROM {table} WHERE {ours}").fetchone()[0]
    if connection.execute(f"SELECT count(*) FROM {table} WHERE {ours} AND reason IS NOT NULL").fetchone()[0]:
        connection.execute(f"""
            CREATE OR REPLACE TEMP TABLE bad AS
            SELECT rowid - (SELECT min(rowid) FROM {table} WHERE {ours}) + 1 AS ordinal, reason
            FROM {table} WHERE {ours} AND reason IS NOT NULL
        """)
        learning.shapes(connection, landed)
        _quarantine(connection, landed, load_no, counts)
        connection.execute(f"DELETE FROM {table} WHERE {ours} AND reason IS NOT NULL")
    _add_rejects(connection, landed, load_no, counts)
    voided.leave_out(connection, load_no, counts)
    refusals.refuse_erased(connection, table, "actor", "occurred_at", ours, load_no, counts)
    identities.register(connection, f"SELECT DISTINCT actor FROM {table} WHERE {ours}", is_user=True)
    refusals.refuse_minors(connection, table, "actor", "occurred_at", ours, policy, load_no, counts, as_of)
    _drop_duplicates(connection, "learning", table, ours, counts)
    _remember(connection, "learning", table, "actor", "occurred_at", ours)
    lives.note(connection, f"SELECT actor, occurred_at FROM {table} WHERE {ours}", policy)
    return _account(connection, table, ours, load_no, landed, as_of, counts)


def _load_tabular(
    connection: duckdb.DuckDBPyConnection, contract: Contract, landed: Landed, load_no: int, as_of: date, policy: Policy
) -> Counts:
    counts = Counts(contract.source, safe_name(landed.path))
    counts.unknown_columns = unknown_columns(landed, contract.names)
    for column in contract.columns:
        if column.required and column.name not in landed.columns:
            raise FileRefused(f"the column {column.name} is missing")
    if not any(name in landed.columns for name in contract.names):
        raise FileRefused("it has no column of this source")
    if landed.kind != "survey":
        _forget_rejects(connection)
    connection.execute(incoming(contract, landed, as_of))
    counts.delivered = connection.execute("SELECT count(*) FROM incoming").fetchone()[0]
    changes.read_contents(connection, contract.source)
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE bad AS
        SELECT rowid - (SELECT min(rowid) FROM incoming) + 1 AS ordinal, reason FROM incoming WHERE reason IS NOT NULL"""
    )
    _quarantine(connection, landed, load_no, counts)
    _add_rejects(connection, landed, load_no, counts)
    connection.execute("DELETE FROM incoming WHERE reason IS NOT NULL")
    everything = "true"
    if landed.kind == "survey":
        counts.duplicate += surveys.drop_superseded(connection)
        if n_unclear := surveys.n_unclear(connection, landed.source):
            counts.reasons[surveys.UNCLEAR] = n_unclear
    _drop_duplicates(connection, contract.source, "incoming", everything, counts)
    refusals.refuse_erased_people(connection, contract, landed, load_no, counts)
    if contract.source == "rights":
        request_ids.hide(connection)
        # Delivered again, it would tell anew who had asked.
        known = "request_id IN (SELECT request_id FROM vault.rights.requests WHERE identifier IS NULL)"
        refusals.refuse(connection, "incoming", known, "answered already (P-RIGHTS)", load_no, counts)
        refusals.refuse(connection, "incoming", request_ids.IS_ANOTHERS, "the request_id of another request: give it one of its own (P-RIGHTS)", load_no, counts)
    corrections.apply(connection, contract)
    refusals.refuse_young_learners(connection, contract, policy, as_of, load_no, counts)
    if contract.person:
        identities.register(connection, "SELECT identifier FROM incoming", is_user=contract.makes_user)
        if contract.person == "learner_or_email" and {"learner_id", "email"} <= set(landed.columns):
            identities.claim_pairs(connection, "SELECT identifier, email FROM incoming WHERE learner_id IS NOT NULL")
    if contract.event_time:
        refusals.refuse_minors(connection, "incoming", "identifier", contract.event_time, everything, policy, load_no, counts, as_of)
    if contract.source == "nps":
        refusals.keep_only_agreed_comments(connection)
    _remember(connection, contract.source, "incoming", "identifier", contract.event_time, everything)
    _store(connection, contract, load_no)
    crash.point("ingest.after_insert")
    if contract.source == "learners":
        identities.claim_from_learners(connection, load_no)
    if contract.is_use:
        uses = f"SELECT identifier, {contract.is_use} FROM incoming WHERE {contract.is_use} IS NOT NULL"
        lives.note(connection, uses, policy)
    return _account(connection, "incoming", everything, load_no, landed, as_of, counts)


def incoming(contract: Contract, landed: Landed, as_of: date) -> str:
    """Typed rows of the file in its order, with identifier, row hash and reason."""
    present = [column for column in contract.columns if column.name in landed.columns or landed.kind in ("ndjson", "array")]
    absent = [column for column in contract.columns if column not in present]
    values = [f"{parsers.value(column)} AS \"{column.name}\"" for column in present]
    values += [f"NULL::{_type(column)} AS \"{column.name}\"" for column in absent]
    reasons = [parsers.reason(column) for column in present]
    hashed = ", ".join(f'"{column.name}"' for column in present)
    if contract.person == "learner_or_email":
        reasons.append("CASE WHEN learner_id IS NULL AND email IS NULL THEN 'neither learner_id nor email' END")
    elif contract.person is None:
        reasons.append(f"CASE WHEN coalesce({hashed}) IS NULL THEN 'an empty row' END")
    if contract.source == "nps":
        reasons.append("CASE WHEN asked_at IS NULL AND answered_at IS NULL THEN 'neither asked_at nor answered_at' END")
        reasons.append("CASE WHEN score IS NOT NULL AND answered_at IS NULL THEN 'a score without answered_at' END")
        reasons.append("CASE WHEN score IS NULL AND answered_at IS NOT NULL THEN 'answered_at without a score' END")
    reasons += [
        f"CASE WHEN \"{column.name}\" >= DATE {literal(str(as_of))} + INTERVAL 2 DAY THEN '{column.name} is after the date of the run' END"
        for column in present
        if column.kind in ("time", "date") and column.name not in _MAY_LIE_AHEAD
    ]
    identifier = {
        "learner": "'learner:' || learner_id",
        "learner_or_email": "coalesce('learner:' || learner_id, 'email:' || email)",
        None: "NULL::VARCHAR",
    }[contract.person]
    empty_line = " AND ".join(f'"{column.name}" IS NULL' for column in present)
    broken = "'not an object of JSON'" if landed.kind in ("ndjson", "array") else "NULL"
    of_survey = ["survey_reason"] if landed.kind == "survey" else []
    # Aliases shadow the delivered columns: the reasons that compare parsed values stand in the outer query.
    inner = ", ".join([*values, f"row_hash({_row_text(contract, present)}) AS row_hash", f"({empty_line}) AS is_empty",
                       f"coalesce({', '.join([*of_survey, *reasons[:len(present)]]) or 'NULL'}, NULL) AS reason_of_text"])
    outer = ", ".join(reasons[len(present):]) or "NULL"
    return f"""
        CREATE OR REPLACE TEMP TABLE incoming AS
        SELECT * EXCLUDE (is_empty, reason_of_text), {identifier} AS identifier,
            CASE WHEN is_empty AND {broken} IS NOT NULL THEN {broken} ELSE coalesce(reason_of_text, {outer}) END AS reason
        FROM (SELECT {inner} FROM {reader(landed, contract.names)})
    """


def _row_text(contract: Contract, present: list) -> str:
    """The content of a row as one text: the same for every file kind and every spelling of a date or number."""
    parts = ", ".join(_part(column, column in present) for column in contract.columns)
    return f"concat_ws('|', {literal(contract.source)}, {parts})"


def _part(column: Column, is_present: bool) -> str:
    text = _normal_text(column) if is_present else "''"
    # concat_ws leaves a NULL out.
    return f"nullif({text}, '')" if column.is_version else text


def _normal_text(column: Column) -> str:
    text = parsers.text_of(column.name)
    if column.kind == "text":
        return f"coalesce({text}, '')"
    return f"coalesce(({parsers.value(column)})::VARCHAR, {text}, '')"


def _type(column: Column) -> str:
    kinds = {"date": "DATE", "time": "TIMESTAMP", "integer": "INTEGER", "number": "DOUBLE", "boolean": "BOOLEAN"}
    return kinds.get(column.kind, "VARCHAR")


def _quarantine(connection: duckdb.DuckDBPyConnection, landed: Landed, load_no: int, counts: Counts) -> None:
    rows = connection.execute("SELECT reason, count(*) FROM bad GROUP BY reason ORDER BY reason").fetchall()
    if not rows:
        return
    for reason, n_rows in rows:
        counts.quarantined += n_rows
        counts.reasons[reason] = counts.reasons.get(reason, 0) + n_rows
    lines.make(connection, landed)
    connection.execute(
        f"""
        INSERT INTO vault.ledger.quarantine
        SELECT {load_no}, coalesce(line_of_row.line, bad.ordinal), bad.reason
        FROM bad LEFT JOIN line_of_row USING (ordinal)
        """
    )


def _forget_rejects(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")


def _add_rejects(connection: duckdb.DuckDBPyConnection, landed: Landed, load_no: int, counts: Counts) -> None:
    """Rows that DuckDB's CSV reader could not take: counted and quarantined by line, without their content."""
    if landed.kind != "csv" and not landed.is_csv:
        return
    rejected = connection.execute("""
        SELECT line, min_by(error_type, column_idx) AS error FROM reject_errors GROUP BY line ORDER BY line
    """).fetchall()
    if not rejected:
        return
    names = {
        "INVALID ENCODING": "bytes that are not UTF-8",
        "MISSING COLUMNS": "too few columns",
        "TOO MANY COLUMNS": "too many columns",
        "UNQUOTED VALUE": "a quote that is not closed",
        "LINE SIZE OVER MAXIMUM": "a line that is too long",
    }
    lines.make(connection, landed)
    physical = dict(connection.execute("SELECT record, line FROM line_of_record").fetchall())
    found = [(load_no, physical.get(line, line), names.get(error, "a row that cannot be read")) for line, error in rejected]
    connection.executemany("INSERT INTO vault.ledger.quarantine VALUES (?, ?, ?)", found)
    counts.delivered += len(found)
    counts.quarantined += len(found)
    for _, _, reason in found:
        counts.reasons[reason] = counts.reasons.get(reason, 0) + 1


def _drop_duplicates(
    connection: duckdb.DuckDBPyConnection, source: str, table: str, ours: str, counts: Counts
) -> None:
    """Rows already in the ledger, and all but the first of equal rows within the file."""
    total, distinct = connection.execute(
        f"SELECT count(*), count(DISTINCT row_hash) FROM {table} WHERE {ours}"
    ).fetchone()
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE double AS
        SELECT row_hash, false AS keep_first FROM {table}
        SEMI JOIN (SELECT row_hash FROM vault.ledger.row_hashes WHERE source = {literal(source)}) AS known USING (row_hash)
        WHERE {ours}
    """)
    dropped = connection.execute(f"""
        DELETE FROM {table} WHERE {ours} AND row_hash IN (SELECT row_hash FROM double)
    """).fetchone()[0]
    if total != distinct:
        dropped += connection.execute(f"""
            DELETE FROM {table} WHERE {ours} AND rowid NOT IN (
                SELECT min(rowid) FROM {table} WHERE {ours} GROUP BY row_hash
            )
        """).fetchone()[0]
    counts.duplicate += dropped


def _remember(
    connection: duckdb.DuckDBPyConnection, source: str, table: str, identifier: str, about: str | None, ours: str
) -> None:
    # A keyed hash for each identifier, not for each row.
    connection.execute(f"""
        INSERT INTO vault.ledger.row_hashes BY NAME
        WITH marks AS (
            SELECT named, identifier_mark(named) AS identifier_mark
            FROM (SELECT DISTINCT {identifier} AS named FROM {table} WHERE {ours})
        )
        SELECT {literal(source)} AS source, row_hash, {f"({about})::DATE" if about else "NULL"} AS about_on, marks.identifier_mark
        FROM {table} AS rows LEFT JOIN marks ON marks.named = rows.{identifier}
        WHERE {ours}
    """)


def _store(connection: duckdb.DuckDBPyConnection, contract: Contract, load_no: int) -> None:
    """Move the rows that are left into their table; a newer row takes the place of the older of its key."""
    target = f"vault.{contract.table}"
    named = {row[0] for row in connection.execute("DESCRIBE incoming").fetchall()} | {"load_no"}
    columns = [row[0] for row in connection.execute(f"DESCRIBE {target}").fetchall() if row[0] in named]
    if contract.replaces:
        key = ", ".join(contract.replaces)
        connection.execute(f"""
            DELETE FROM incoming WHERE rowid NOT IN (SELECT max(rowid) FROM incoming GROUP BY {key}, CASE WHEN ({key}) IS NULL THEN rowid END);
            DELETE FROM {target} WHERE ({key}) IN (SELECT {key} FROM incoming)
        """)
    chosen = ", ".join(str(load_no) if name == "load_no" else f'"{name}"' for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    connection.execute(f"INSERT INTO {target} ({names}) SELECT {chosen} FROM incoming")


def _account(
    connection: duckdb.DuckDBPyConnection, table: str, ours: str, load_no: int, landed: Landed, as_of: date, counts: Counts
) -> Counts:
    counts.loaded = counts.delivered - counts.refused - counts.quarantined - counts.duplicate
    write_ledger(connection, load_no, landed.mark, as_of, counts)
    return counts


def write_ledger(connection: duckdb.DuckDBPyConnection, load_no: int, mark: str, as_of: date, counts: Counts) -> None:
    """The line of the load ledger for a file, and its reasons."""
    connection.execute(
        "INSERT INTO vault.ledger.loads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [load_no, counts.source, counts.file_name, mark, as_of, counts.status, counts.reason, counts.delivered,
         counts.loaded, counts.refused, counts.quarantined, counts.duplicate, counts.unknown_columns],
    )
    for reason, n_rows in counts.reasons.items():
        # The amount alone is kept out: the answer counts among those that are loaded.
        disposition = "set aside" if reason == surveys.UNCLEAR else "refused" if re.search(r"\((R|P)-[A-Z]+\)$", reason) else "quarantined"
        connection.execute("INSERT INTO vault.ledger.reasons VALUES (?, ?, ?, ?)", [load_no, disposition, reason, n_rows])

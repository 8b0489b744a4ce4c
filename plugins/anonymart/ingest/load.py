"""One file into the vault, in one transaction: read, check, refuse, deduplicate, identify, store, account
for.
"""

from __future__ import annotations

import re
from datetime import date

import duckdb

from anonymart import crash, surveys, times
from anonymart.audience import load as audience
from anonymart.detect import phones
from anonymart.engine import literal
from anonymart.erasure import admission, purged
from anonymart.files.landed import FileRefused, Landed, safe_name
from anonymart.ingest import (
    activity_periods,
    changes,
    corrections,
    identities,
    known_as,
    late,
    learners,
    learning,
    lines,
    parsers,
    refusals,
    request_ids,
    unknown,
    unreadable,
    voided,
    waiting,
)
from anonymart.ingest.contracts import TABULAR, Column, Contract
from anonymart.ingest.counts import Counts
from anonymart.ingest.files import reader, unknown_columns
from anonymart.policy import Policy
from anonymart.rows import one_row
from anonymart.surveys import salary_figures
from anonymart.temp_tables import BAD, INCOMING, PLATFORM_PAIRS

# Planned days, and the clock of somebody else's server.
_MAY_LIE_AHEAD = ("ended_on", "left_at", "graduated_on", "updated_at")


def load(
    connection: duckdb.DuckDBPyConnection, landed: Landed, load_no: int, as_of: date, policy: Policy
) -> Counts:
    """Load one file within the transaction that the caller has begun. Raises FileRefused; the caller rolls
    back.
    """
    try:
        admission.start(connection)
        if landed.source == "learning":
            return _load_learning(connection, landed, load_no, as_of, policy)
        if landed.source == "audience":
            counts = audience.load(connection, landed, load_no, as_of, policy)
            write_ledger(connection, load_no, landed.mark, as_of, counts)
            return counts
        return _load_tabular(connection, TABULAR[landed.source], landed, load_no, as_of, policy)
    except duckdb.Error as error:
        if is_fault_of_ours(error):
            raise
        raise FileRefused(_unreadable(str(error))) from None


# DuckDB's errors that say nothing of the file: the next file would meet them too.
_OURS = (
    duckdb.OutOfMemoryException,
    duckdb.FatalException,
    duckdb.InternalException,
    duckdb.InterruptException,
    duckdb.TransactionException,
    duckdb.ConnectionException,
    duckdb.PermissionException,
    duckdb.DependencyException,
    duckdb.CatalogException,
    duckdb.ConstraintException,
)
_OF_THE_DISK = re.compile(
    r"no space|disk|could not (write|truncate|move|create|remove)|failed to (write|allocate)|lock on "
    r"file|[.]duckdb|[.]wal|encrypt"
)


def is_fault_of_ours(error: duckdb.Error) -> bool:
    """Whether the vault, the disk or the memory failed, and not the file that was read: then the run stops,
    else only the file is refused.
    """
    if isinstance(error, duckdb.IOException):
        return bool(_OF_THE_DISK.search(str(error).lower()))
    return isinstance(error, _OURS)


def _unreadable(message: str) -> str:
    """The reason why a file is refused, by DuckDB's message, which may quote a value and is never shown."""
    text = message.lower()
    if "maximum_object_size" in text or "maximum line size" in text:
        return "one line is longer than 16 MiB"
    if any(word in text for word in ("gzip", "zlib", "inflate", "parquet", "miniz", "decompress")):
        return "a damaged or incomplete file"
    if "no files found" in text or "cannot open file" in text:
        return "it could not be opened, or went away while it was read"
    return "its rows cannot be read as what its first line promised"


def _load_learning(
    connection: duckdb.DuckDBPyConnection, landed: Landed, load_no: int, as_of: date, policy: Policy
) -> Counts:
    counts = Counts("learning", safe_name(landed.path))
    _drop_rejects(connection)
    has_pairs = _note_pairs(connection, landed)
    connection.execute(
        f"INSERT INTO vault.raw.learning BY NAME SELECT *, {load_no} AS admitted_no FROM "
        f"({learning.select(landed, load_no, as_of)})"
    )
    crash.point("ingest.after_insert")
    table, ours = "vault.raw.learning", f"load_no = {load_no}"
    counts.delivered = one_row(connection.execute(f"SELECT count(*) FROM {table} WHERE {ours}"))[0]
    if one_row(connection.execute(f"SELECT count(*) FROM {table} WHERE {ours} AND reason IS NOT NULL"))[0]:
        connection.execute(
            BAD.made_of(f"""
            SELECT rowid - (SELECT min(rowid) FROM {table} WHERE {ours}) + 1 AS ordinal, reason
            FROM {table} WHERE {ours} AND reason IS NOT NULL
        """)
        )
        learning.shapes(connection, landed)
        _quarantine(connection, landed, load_no, counts)
        connection.execute(f"DELETE FROM {table} WHERE {ours} AND reason IS NOT NULL")
    _add_rejects(connection, landed, load_no, counts)
    voided.leave_out(connection, load_no, counts)
    identities.to_normal_form(connection, table, "actor", ours)
    purged.keep_out(connection, "learning", table, ours, load_no, counts)
    purged.blank(connection, "learning", table, ours)
    refusals.refuse_erased(connection, table, "actor", "occurred_at", ours, load_no, counts)
    identities.register(connection, f"SELECT DISTINCT actor FROM {table} WHERE {ours}", is_user=True)
    if has_pairs:
        identities.link(connection, "SELECT identifier, alias FROM platform_pairs")
    refusals.refuse_minors(
        connection, refusals.Rows(table, "actor", "occurred_at", ours), policy, load_no, counts, as_of
    )
    _drop_duplicates(connection, "learning", table, ours, counts)
    purged.keep_rows_out(connection, "learning", table, ours, load_no, counts)
    _remember(connection, "learning", table, "actor", "occurred_at", ours)
    unknown.note(connection, load_no, counts)
    counts.waiting = waiting.hold(connection, "learning", table, ours)
    # A grade or an enrolment by somebody else is no use of the site by the person whom it is about (P-STAT).
    activity_periods.note(
        connection,
        f"SELECT actor, occurred_at FROM {table} WHERE {ours} AND is_use AND admitted_no IS NOT NULL",
        policy,
    )
    waiting.admit(connection, load_no, policy, as_of)
    counts.late_rows, counts.late = late.count(connection, "learning", f"{table} WHERE {ours}", policy)
    counts.unknown_columns = unknown_columns(connection, landed, learning.known_names(landed))
    return _account(connection, table, ours, load_no, landed, as_of, counts)


def _note_pairs(connection: duckdb.DuckDBPyConnection, landed: Landed) -> bool:
    """Make the TEMP table platform_pairs (identifier, alias): two names of one account, by this log or an
    earlier one. False: the format has none.
    """
    found = learning.pairs(landed)
    connection.execute(PLATFORM_PAIRS.empty)
    if found is None:
        return False
    connection.execute(f"""
        INSERT INTO platform_pairs {identities.LINKED};
        INSERT INTO platform_pairs
        SELECT min(identifier), alias FROM ({found}) AS found ANTI JOIN platform_pairs USING (alias)
        GROUP BY alias HAVING count(*) = 1
    """)
    admission.reveal(
        connection,
        "SELECT identifier, alias FROM platform_pairs UNION SELECT alias, identifier FROM platform_pairs",
    )
    return True


def _load_tabular(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    landed: Landed,
    load_no: int,
    as_of: date,
    policy: Policy,
) -> Counts:
    counts = Counts(contract.source, safe_name(landed.path))
    for column in contract.columns:
        if column.required and column.name not in landed.columns:
            raise FileRefused(f"the column {column.name} is missing")
    if not any(name in landed.columns for name in contract.names):
        raise FileRefused("it has no column of this source")
    if landed.kind != "survey":
        _drop_rejects(connection)
    read_incoming(connection, contract, landed, as_of)
    counts.delivered = one_row(connection.execute("SELECT count(*) FROM incoming"))[0]
    if contract.source == "rights":
        # Under the spelling that was delivered, and below under that of the register.
        request_ids.hide(connection)
    known_as.find(connection, contract.source)
    changes.read_contents(connection, contract.source)
    connection.execute(
        BAD.made_of("""
        SELECT rowid - (SELECT min(rowid) FROM incoming) + 1 AS ordinal, reason FROM incoming
            WHERE reason IS NOT NULL""")
    )
    _quarantine(connection, landed, load_no, counts)
    rejects = _add_rejects(connection, landed, load_no, counts)
    counts.unreadable = unreadable.keep_rows(connection, landed, load_no, as_of, rejects)
    connection.execute("DELETE FROM incoming WHERE reason IS NOT NULL")
    everything = "true"
    purged.keep_out(connection, contract.source, "incoming", everything, load_no, counts)
    if landed.kind == "survey":
        counts.duplicate += surveys.drop_superseded(connection)
    _drop_duplicates(connection, contract.source, "incoming", everything, counts)
    purged.keep_rows_out(connection, contract.source, "incoming", everything, load_no, counts)
    if contract.source == "learners":
        learners.prepare(connection, landed)
    refusals.refuse_erased_people(connection, contract, landed, load_no, counts)
    if contract.source == "rights":
        request_ids.hide(connection)
        # Delivered again, it would tell anew who had asked.
        known = "request_id IN (SELECT request_id FROM vault.rights.requests WHERE identifier IS NULL)"
        refusals.refuse(connection, "incoming", known, "answered already (P-RIGHTS)", load_no, counts)
        refusals.refuse(
            connection,
            "incoming",
            request_ids.IS_ANOTHERS,
            "the request_id of another request: give it one of its own (P-RIGHTS)",
            load_no,
            counts,
        )
    corrections.apply(connection, contract)
    refusals.refuse_young_learners(connection, contract, policy, as_of, load_no, counts)
    if contract.person:
        identities.register(connection, "SELECT identifier FROM incoming", is_user=contract.makes_user)
        if contract.person == "learner_or_email" and {"learner_id", "email"} <= set(landed.columns):
            identities.claim_pairs(
                connection, "SELECT identifier, email FROM incoming WHERE learner_id IS NOT NULL"
            )
    if contract.event_time:
        refusals.refuse_minors(
            connection,
            refusals.Rows("incoming", "identifier", contract.event_time, everything),
            policy,
            load_no,
            counts,
            as_of,
        )
    purged.blank(connection, contract.source, "incoming", everything)
    if contract.source == "nps":
        refusals.keep_only_agreed_comments(connection)
        phones.mask(connection, "incoming")
    _remember(connection, contract.source, "incoming", "identifier", contract.event_time, everything)
    if contract.source == "catalogue":
        _number_lines(connection, landed)
    if contract.source in waiting.TABLES:
        connection.execute(
            f"ALTER TABLE incoming ADD COLUMN admitted_no BIGINT; UPDATE incoming SET admitted_no = {load_no}"
        )
        counts.waiting = waiting.hold(connection, contract.source, "incoming", everything)
    if contract.source == "learners":
        identities.find_claims(connection)
    _store(connection, contract, load_no)
    if contract.source == "salary":
        counts.salaries = salary_figures.count(connection, "incoming")
    crash.point("ingest.after_insert")
    if contract.source == "learners":
        identities.claim_from_learners(connection)
    if contract.is_use:
        is_known = " AND admitted_no IS NOT NULL" if contract.source in waiting.TABLES else ""
        uses = (
            f"SELECT identifier, {contract.is_use} FROM incoming WHERE {contract.is_use} IS NOT "
            f"NULL{is_known}"
        )
        activity_periods.note(connection, uses, policy)
    if contract.person:
        waiting.admit(connection, load_no, policy, as_of)
    counts.late_rows, counts.late = late.count(connection, contract.source, "incoming", policy)
    # Not before: the names of those whom the file itself makes known are not shown either.
    counts.unknown_columns = unknown_columns(connection, landed, contract.names)
    return _account(connection, "incoming", everything, load_no, landed, as_of, counts)


def read_incoming(
    connection: duckdb.DuckDBPyConnection, contract: Contract, landed: Landed, as_of: date
) -> None:
    """Make the TEMP table `incoming`. Where slashed dates do not tell themselves, the others of their column
    are asked for the order.
    """
    connection.execute(incoming(contract, landed, as_of))
    if not one_row(
        connection.execute(
            f"SELECT count(*) FROM incoming WHERE ends_with(reason, {literal(times.NO_ORDER)})"
        )
    )[0]:
        return
    dated = [
        column.name
        for column in contract.columns
        if column.kind in ("time", "date") and column.name in landed.columns
    ]
    asked = ", ".join(times.sql_orders(f'"{name}"') for name in dated)
    found = one_row(connection.execute(f"SELECT {asked} FROM {reader(landed, contract.names)}"))
    # Read once more, each reject is noted again.
    if landed.kind != "survey":
        _drop_rejects(connection)
    connection.execute(
        incoming(
            contract, landed, as_of, {name: order for name, order in zip(dated, found, strict=True) if order}
        )
    )


def incoming(contract: Contract, landed: Landed, as_of: date, orders: dict[str, str] | None = None) -> str:
    """Typed rows of the file in its order, with identifier, row hash and reason; `orders` are those of
    slashed dates by column.
    """
    orders = orders or {}
    present = [
        column
        for column in contract.columns
        if column.name in landed.columns or landed.kind in ("ndjson", "array")
    ]
    absent = [column for column in contract.columns if column not in present]
    values = [
        f'{_value(column, landed, orders.get(column.name, ""))} AS "{column.name}"' for column in present
    ]
    values += [f'NULL::{_type(column)} AS "{column.name}"' for column in absent]
    reasons = [
        _missing(column)
        if column.name in landed.typed
        else parsers.reason(column, orders.get(column.name, ""))
        for column in present
    ]
    hashed = ", ".join(f'"{column.name}"' for column in present)
    if contract.person == "learner_or_email":
        reasons.append(
            "CASE WHEN learner_id IS NULL AND email IS NULL THEN 'neither learner_id nor email' END"
        )
    elif contract.person is None:
        reasons.append(f"CASE WHEN coalesce({hashed}) IS NULL THEN 'an empty row' END")
    if contract.source == "nps":
        reasons.append(
            "CASE WHEN asked_at IS NULL AND answered_at IS NULL THEN 'neither asked_at nor answered_at' END"
        )
        reasons.append(
            "CASE WHEN score IS NOT NULL AND answered_at IS NULL THEN 'a score without answered_at' END"
        )
        reasons.append(
            "CASE WHEN score IS NULL AND answered_at IS NOT NULL THEN 'answered_at without a score' END"
        )
    reasons += [
        f'CASE WHEN "{column.name}" >= DATE {literal(str(as_of))} + INTERVAL 2 DAY THEN '
        f"'{column.name} is after the date of the run' END"
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
    # Counted here, since rows leave before their lines are asked for.
    outer_ordinal = "row_number() OVER () AS ordinal, " if contract.source == "catalogue" else ""
    inner = ", ".join(
        [
            *values,
            f"row_hash({_row_text(contract, landed, present, orders)}) AS row_hash",
            f"({empty_line}) AS is_empty",
            (
                f"coalesce({', '.join([*of_survey, *reasons[: len(present)]]) or 'NULL'}, NULL) AS "
                f"reason_of_text"
            ),
        ]
    )
    outer = ", ".join(reasons[len(present) :]) or "NULL"
    return INCOMING.made_of(f"""
        SELECT {outer_ordinal}* EXCLUDE (is_empty, reason_of_text), {identifier} AS identifier,
            CASE WHEN is_empty AND {broken} IS NOT NULL THEN {broken} ELSE coalesce(reason_of_text,
                {outer}) END AS reason
        FROM (SELECT {inner} FROM {reader(landed, contract.names)})
    """)


def _value(column: Column, landed: Landed, order: str) -> str:
    return f'"{column.name}"' if column.name in landed.typed else parsers.value(column, order)


def _missing(column: Column) -> str:
    return (
        f"CASE WHEN \"{column.name}\" IS NULL THEN '{column.name} is missing' END"
        if column.required
        else "NULL"
    )


def _row_text(contract: Contract, landed: Landed, present: list[Column], orders: dict[str, str]) -> str:
    """The content of a row as one text: the same for every file kind and every spelling of a date or
    number.
    """
    parts = ", ".join(
        _part(
            column, _normal_text(column, landed, orders.get(column.name, "")) if column in present else "''"
        )
        for column in contract.columns
    )
    return f"concat_ws('|', {literal(contract.source)}, {parts})"


def _part(column: Column, text: str) -> str:
    # concat_ws leaves a NULL out.
    return f"nullif({text}, '')" if column.is_version else text


def _normal_text(column: Column, landed: Landed, order: str) -> str:
    if column.name in landed.typed:
        return f"coalesce(\"{column.name}\"::VARCHAR, '')"
    text = parsers.text_of(column.name)
    if column.kind == "text":
        return f"coalesce({text}, '')"
    return f"coalesce(({parsers.value(column, order)})::VARCHAR, {text}, '')"


def _type(column: Column) -> str:
    kinds = {
        "date": "DATE",
        "time": "TIMESTAMP",
        "integer": "INTEGER",
        "number": "DOUBLE",
        "boolean": "BOOLEAN",
    }
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


def _drop_rejects(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")


def _add_rejects(
    connection: duckdb.DuckDBPyConnection, landed: Landed, load_no: int, counts: Counts
) -> list[tuple[int, str]]:
    """Rows that DuckDB's CSV reader could not take: counted and quarantined by line, without their content;
    gives record and reason.
    """
    if landed.kind != "csv" and not landed.is_csv:
        return []
    rejected = connection.execute("""
        SELECT line, min_by(error_type, column_idx) AS error FROM reject_errors GROUP BY line ORDER BY line
    """).fetchall()
    if not rejected:
        return []
    names = {
        "INVALID ENCODING": "bytes that are not UTF-8",
        "MISSING COLUMNS": "too few columns",
        "TOO MANY COLUMNS": "too many columns",
        "UNQUOTED VALUE": "a quote that is not closed",
        "LINE SIZE OVER MAXIMUM": "a line that is too long",
    }
    lines.make(connection, landed)
    physical = dict(connection.execute("SELECT record, line FROM line_of_record").fetchall())
    found = [
        (load_no, physical.get(line, line), names.get(error, "a row that cannot be read"))
        for line, error in rejected
    ]
    connection.executemany("INSERT INTO vault.ledger.quarantine VALUES (?, ?, ?)", found)
    counts.delivered += len(found)
    counts.quarantined += len(found)
    for _, _, reason in found:
        counts.reasons[reason] = counts.reasons.get(reason, 0) + 1
    return [(record, reason) for (record, _), (_, _, reason) in zip(rejected, found, strict=True)]


def _drop_duplicates(
    connection: duckdb.DuckDBPyConnection, source: str, table: str, ours: str, counts: Counts
) -> None:
    """Rows already in the ledger, and all but the first of equal rows within the file."""
    total, distinct = one_row(
        connection.execute(f"SELECT count(*), count(DISTINCT row_hash) FROM {table} WHERE {ours}")
    )
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE double AS
        SELECT row_hash, false AS keep_first FROM {table}
        SEMI JOIN (SELECT row_hash FROM vault.ledger.row_hashes
        WHERE source = {literal(source)}) AS known USING (row_hash)
        WHERE {ours}
    """)
    dropped = one_row(
        connection.execute(f"""
        DELETE FROM {table} WHERE {ours} AND row_hash IN (SELECT row_hash FROM double)
    """)
    )[0]
    if total != distinct:
        dropped += one_row(
            connection.execute(f"""
            DELETE FROM {table} WHERE {ours} AND rowid NOT IN (
                SELECT min(rowid) FROM {table} WHERE {ours} GROUP BY row_hash
            )
        """)
        )[0]
    counts.duplicate += dropped


def _remember(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    table: str,
    identifier: str,
    about: str | None,
    ours: str,
) -> None:
    # A keyed hash for each identifier, not for each row.
    connection.execute(f"""
        INSERT INTO vault.ledger.row_hashes BY NAME
        WITH marks AS (
            SELECT named, identifier_mark(named) AS identifier_mark
            FROM (SELECT DISTINCT {identifier} AS named FROM {table} WHERE {ours})
        )
        SELECT {literal(source)} AS source, row_hash, {f"({about})::DATE" if about else "NULL"} AS about_on,
            marks.identifier_mark
        FROM {table} AS rows LEFT JOIN marks ON marks.named = rows.{identifier}
        WHERE {ours}
    """)


def _number_lines(connection: duckdb.DuckDBPyConnection, landed: Landed) -> None:
    """Give each row of the catalogue its line in the file, so that a code that is refused later can be
    found.
    """
    connection.execute(BAD.made_of("SELECT ordinal, NULL AS reason FROM incoming"))
    lines.make(connection, landed)
    connection.execute("ALTER TABLE incoming ADD COLUMN line BIGINT")
    connection.execute("UPDATE incoming SET line = ordinal")
    connection.execute(
        "UPDATE incoming SET line = line_of_row.line FROM line_of_row WHERE line_of_row.ordinal = "
        "incoming.ordinal"
    )


def _store(connection: duckdb.DuckDBPyConnection, contract: Contract, load_no: int) -> None:
    """Move the rows that are left into their table; a newer row takes the place of the older of its key."""
    target = f"vault.{contract.table}"
    named = {row[0] for row in connection.execute("DESCRIBE incoming").fetchall()} | {"load_no"}
    columns = [row[0] for row in connection.execute(f"DESCRIBE {target}").fetchall() if row[0] in named]
    if contract.replaces:
        key = ", ".join(contract.replaces)
        connection.execute(f"""
            DELETE FROM incoming WHERE ({key}) IS NOT NULL AND rowid NOT IN (
                SELECT max(rowid) FROM incoming WHERE ({key}) IS NOT NULL GROUP BY {key}
            );
            DELETE FROM {target} WHERE ({key}) IN (SELECT {key} FROM incoming)
        """)
    chosen = ", ".join(str(load_no) if name == "load_no" else f'"{name}"' for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    connection.execute(f"INSERT INTO {target} ({names}) SELECT {chosen} FROM incoming")


def _account(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    ours: str,
    load_no: int,
    landed: Landed,
    as_of: date,
    counts: Counts,
) -> Counts:
    counts.loaded = counts.delivered - counts.refused - counts.quarantined - counts.duplicate
    write_ledger(connection, load_no, landed.mark, as_of, counts)
    return counts


def write_ledger(
    connection: duckdb.DuckDBPyConnection, load_no: int, mark: str, as_of: date, counts: Counts
) -> None:
    """The line of the load ledger for a file, and its reasons."""
    connection.execute(
        """
        INSERT INTO vault.ledger.loads (load_no, source, file_name, file_mark, as_of, status, reason,
            delivered,
            loaded, refused, quarantined, duplicate, unknown_columns, waiting)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
            load_no,
            counts.source,
            counts.file_name,
            mark,
            as_of,
            counts.status,
            counts.reason,
            counts.delivered,
            counts.loaded,
            counts.refused,
            counts.quarantined,
            counts.duplicate,
            counts.unknown_columns,
            counts.waiting,
        ],
    )
    for reason, n_rows in salary_figures.set_aside(counts.salaries).items():
        # The amount alone is kept out: the answer counts among those that are loaded.
        connection.execute(
            "INSERT INTO vault.ledger.reasons VALUES (?, 'set aside', ?, ?)",
            [load_no, f"salary: {reason}", n_rows],
        )
    for reason, n_rows in counts.reasons.items():
        disposition = "refused" if re.search(r"\((R|P|S)-[A-Z]+\)$", reason) else "quarantined"
        connection.execute(
            "INSERT INTO vault.ledger.reasons VALUES (?, ?, ?, ?)", [load_no, disposition, reason, n_rows]
        )

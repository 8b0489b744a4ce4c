"""What a source brings that it did not bring the time before: columns that come, go or change their type, and
new verbs of xAPI.

Each file is compared, within its own transaction, with the latest one of its series: the files of its source
whose names differ in their figures only. The ledger keeps names and types, never a value, and names of series
as keyed hashes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import duckdb

from anonymart import times
from anonymart.engine import literal
from anonymart.files import parquet
from anonymart.files.landed import Landed, safe_name
from anonymart.ingest.contracts import TABULAR
from anonymart.ingest.counts import Change, Counts
from anonymart.ingest.headers import shown_names
from anonymart.ingest.learning import known_names
from anonymart.ingest.learning_readers import format_of
from anonymart.rows import one_row
from anonymart.temp_tables import INCOMING

# TEMP tables that another module makes.
READS = (INCOMING,)

COLUMN, CONTENT, VERB = "column", "content", "verb"
# In these every row has every column; in JSON a key may stand in some rows only.
_FULL = ("csv", "parquet", "postgresql")
_SAMPLE_ROWS = 2000
_MOST_NAMES = 100
# How the reasons begin, after the column's name, that say that a text was not read.
_UNREAD = ("is not a", times.NO_ORDER, times.NO_ZONE)
_NUMBERS = ("BIGINT", "UBIGINT", "HUGEINT", "DOUBLE")
_JSON_TYPES = {
    "VARCHAR": "text",
    "BOOLEAN": "boolean",
    "OBJECT": "object",
    "ARRAY": "list",
    "NULL": "",
    **dict.fromkeys(_NUMBERS, "number"),
}


@dataclass(frozen=True)
class Seen:
    """One thing that a file has: the part that it is, its name, its type ('' where nothing tells it), whether
    every row has it.
    """

    part: str
    name: str
    type: str = ""
    is_always: bool = True


@dataclass(frozen=True)
class Series:
    """Deliveries that are compared with one another: a source, how they are laid out, and what their names
    have in common.
    """

    source: str
    layout: str
    name: str

    @classmethod
    def of(cls, landed: Landed) -> Series:
        return cls(landed.source, landed.kind, re.sub(r"\d+", "#", safe_name(landed.path)))

    @property
    def key(self) -> str:
        """SQL of the series' keyed hash: a name of a file may tell of somebody."""
        return f"identifier_hash({literal(f'series:{self.source}:{self.layout}:{self.name}')})"


def note_file(
    connection: duckdb.DuckDBPyConnection, landed: Landed, counts: Counts, load_no: int, as_of: date
) -> None:
    """Compare a file that was loaded with the one before it, and keep its shape. Within the transaction of
    its load. A log of visits has no columns, and none of its content is kept.
    """
    if landed.source == "audience":
        return
    has = _columns(connection, landed)
    if landed.source == "learning":
        has += _verbs(connection, load_no)
    else:
        has += _contents(connection, landed)
    series = Series.of(landed)
    counts.changes = compare(connection, series, has)
    write(connection, counts.changes, landed.source, load_no, as_of)
    keep(connection, series, has, load_no)


def note_refused(
    connection: duckdb.DuckDBPyConnection, landed: Landed | None, counts: Counts, load_no: int, as_of: date
) -> None:
    """Say what is other in a file that was refused whole. Its shape is not kept: the next right one is
    compared with the last right one.
    """
    if landed is None or landed.source == "audience":
        return
    try:
        counts.changes = compare(connection, Series.of(landed), _columns(connection, landed))
    except (duckdb.Error, OSError):
        return
    write(connection, counts.changes, landed.source, load_no, as_of)


def compare(connection: duckdb.DuckDBPyConnection, series: Series, has: list[Seen]) -> list[Change]:
    """What is other in `has` than in the deliveries before; nothing for the first delivery of a source."""
    before = _before(connection, series)
    found = _compare_columns(before, has, series.layout in _FULL) if before else []
    verbs = connection.execute(
        "SELECT DISTINCT name FROM vault.ledger.seen WHERE source = $1 AND part = $2", [series.source, VERB]
    ).fetchall()
    if verbs:
        known = {name for (name,) in verbs}
        found += [
            Change("new verb", thing.name) for thing in has if thing.part == VERB and thing.name not in known
        ]
    return found


def keep(connection: duckdb.DuckDBPyConnection, series: Series, has: list[Seen], load_no: int) -> None:
    """Keep the shape of a delivery; what every row always had must have been in every row of this one too."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE shape (part VARCHAR, name VARCHAR, type VARCHAR, is_always BOOLEAN)"
    )
    if not has:
        return
    connection.executemany(
        "INSERT INTO shape VALUES (?, ?, ?, ?)",
        [(each.part, each.name, each.type, each.is_always) for each in has],
    )
    ours = (
        f"source = {literal(series.source)} AND layout = {literal(series.layout)} AND series = {series.key}"
    )
    connection.execute(f"""
        UPDATE vault.ledger.seen AS seen SET last_load_no = {load_no},
            is_always = seen.is_always AND shape.is_always
        FROM shape WHERE {ours} AND seen.part = shape.part AND seen.name = shape.name
            AND seen.type = shape.type;
        INSERT INTO vault.ledger.seen
        SELECT {literal(series.source)}, {literal(series.layout)}, {series.key}, part, name, type, is_always,
            {load_no}
        FROM shape WHERE (part, name, type) NOT IN (SELECT (part, name, type) FROM vault.ledger.seen
        WHERE {ours})
    """)


def write(
    connection: duckdb.DuckDBPyConnection,
    changes: Iterable[Change],
    source: str,
    load_no: int | None,
    as_of: date,
) -> None:
    """Lines of the ledger's table of changes."""
    for each in changes:
        connection.execute(
            "INSERT INTO vault.ledger.changes VALUES (?, ?, ?, ?, ?, ?, ?)",
            [as_of, source, load_no, each.kind, each.name, each.was, each.became],
        )


def _before(connection: duckdb.DuckDBPyConnection, series: Series) -> list[tuple[Seen, bool]]:
    """What the series had, each with whether its latest delivery did; of a new series, what the source's
    latest one of this layout had.
    """
    where = f"source = {literal(series.source)} AND layout = {literal(series.layout)} AND part <> '{VERB}'"
    rows = connection.execute(f"""
        WITH related AS (SELECT * FROM vault.ledger.seen WHERE {where}),
        chosen AS (
            SELECT coalesce(
                max(series) FILTER (series = {series.key}),
                max_by(series, last_load_no)
            ) AS series FROM related
        )
        SELECT related.part, related.name, related.type, related.is_always,
            related.last_load_no = max(related.last_load_no) OVER () AS is_latest
        FROM related INNER JOIN chosen USING (series) ORDER BY related.last_load_no DESC
    """).fetchall()
    return [(Seen(*row[:4]), row[4]) for row in rows]


def _compare_columns(before: list[tuple[Seen, bool]], has: list[Seen], is_full: bool) -> list[Change]:
    # In JSON whatever was ever there is known; in a table, only what the latest delivery had.
    known = [each for each, is_latest in before if is_latest or not is_full]
    latest = [each for each, is_latest in before if is_latest]
    names = {each.name for each in known if each.part == COLUMN}
    now = list(dict.fromkeys(each.name for each in has if each.part == COLUMN))
    found = [Change("new column", name) for name in now if name not in names]
    rarely = {each.name for each, _ in before if not each.is_always}
    lost = dict.fromkeys(
        each.name
        for each in latest
        if each.part == COLUMN and each.name not in rarely and each.name not in now
    )
    found += [Change("lost column", name) for name in lost]
    for part in (COLUMN, CONTENT):
        found += _compare_types(part, before, has, is_full)
    return found


def _compare_types(
    part: str, before: list[tuple[Seen, bool]], has: list[Seen], is_full: bool
) -> list[Change]:
    found = []
    for name in dict.fromkeys(each.name for each in has if each.part == part):
        # Newest first; a delivery in which nothing told the type says nothing of it.
        was = [each.type for each, _ in before if each.part == part and each.name == name and each.type]
        known = was[:1] if is_full or part == CONTENT else was
        became = sorted(
            {each.type for each in has if each.part == part and each.name == name and each.type} - set(known)
        )
        if known and became:
            found.append(Change("changed type", name, ", ".join(sorted(known)), ", ".join(became)))
    return found


def _columns(connection: duckdb.DuckDBPyConnection, landed: Landed) -> list[Seen]:
    is_log = landed.source == "learning" and format_of(landed) == "moodle_log"
    known = (
        TABULAR[landed.source].names if landed.source in TABULAR else () if is_log else known_names(landed)
    )
    names = list(
        zip(landed.columns, shown_names(connection, landed.columns, known, is_header=is_log), strict=True)
    )[:_MOST_NAMES]
    if landed.kind in ("csv", "export"):
        return [Seen(COLUMN, told) for _, told in names]
    path = literal(str(landed.path))
    if landed.kind == "parquet":
        columns = parquet.columns(connection, landed.path)
        # The type of a structure names its fields: only that it is one is told.
        types = {
            name: re.split(r"[(\[]", kind)[0] + ("[]" if kind.endswith("]") else "") for name, kind in columns
        }
        return [Seen(COLUMN, told, types.get(name, "")) for name, told in names]
    layout = "array" if landed.kind == "array" else "newline_delimited"
    errors = "" if layout == "array" else ", ignore_errors = true"
    rows = connection.execute(f"""
        WITH sample AS (
            SELECT json FROM read_json_objects({path}, format = '{layout}'{errors},
                maximum_object_size = 67108864) LIMIT {_SAMPLE_ROWS}
        ),
        keys AS (SELECT unnest(json_keys(json)) AS name, json FROM sample WHERE json_type(json) = 'OBJECT')
        SELECT name, json_type(json, '$."' || name || '"') AS type, count(*), (SELECT count(*) FROM sample
        WHERE json_type(json) = 'OBJECT')
        FROM keys WHERE NOT contains(name, '"') GROUP BY ALL ORDER BY ALL
    """).fetchall()
    return _of_json(names, rows)


def _of_json(names: list[tuple[str, str]], rows: list[tuple[str, str, int, int]]) -> list[Seen]:
    found = []
    for name, told in names:
        ours = [row for row in rows if row[0] == name]
        is_always = bool(ours) and sum(row[2] for row in ours) == ours[0][3]
        types = {_JSON_TYPES.get(row[1], "text") for row in ours} or {""}
        found += [Seen(COLUMN, told, kind, is_always) for kind in sorted(types)]
    return found


def _contents(connection: duckdb.DuckDBPyConnection, landed: Landed) -> list[Seen]:
    """For each column that must be a date, a time or a number, whether any of its texts was one; nothing of a
    column without texts.
    """
    typed = [
        column
        for column in TABULAR[landed.source].columns
        if column.kind in ("date", "time", "integer", "number", "boolean")
    ]
    rows = connection.execute("SELECT name, n_read FROM content_read").fetchall()
    read = dict(rows)
    words = {
        "date": "a date",
        "time": "a time",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "yes or no",
    }
    return [
        Seen(CONTENT, column.name, words[column.kind] if read[column.name] else f"not {words[column.kind]}")
        for column in typed
        if read.get(column.name) is not None
    ]


def read_contents(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """Make the TEMP table content_read(name, n_read) of the rows in `incoming`, those to quarantine among
    them: how many texts of a column were of its kind. A column without texts is not in it.
    """
    kinds = ("date", "time", "integer", "number", "boolean")
    typed = [column.name for column in TABULAR[source].columns if column.kind in kinds]
    connection.execute("CREATE OR REPLACE TEMP TABLE content_read (name VARCHAR, n_read BIGINT)")
    if not typed:
        return
    counted = ", ".join(f'count("{name}") AS "{name}"' for name in typed)
    n_read = one_row(connection.execute(f"SELECT {counted} FROM incoming"))
    bad = {
        reason
        for (reason,) in connection.execute(
            "SELECT DISTINCT reason FROM incoming WHERE reason IS NOT NULL"
        ).fetchall()
    }
    rows = [
        (name, number)
        for name, number in zip(typed, n_read, strict=True)
        if number or any(reason.startswith(tuple(f"{name} {start}" for start in _UNREAD)) for reason in bad)
    ]
    if rows:
        connection.executemany("INSERT INTO content_read VALUES (?, ?)", rows)


def _verbs(connection: duckdb.DuckDBPyConnection, load_no: int) -> list[Seen]:
    rows = connection.execute(
        "SELECT DISTINCT verb_id FROM vault.raw.learning WHERE load_no = $1 ORDER BY verb_id LIMIT $2",
        [load_no, _MOST_NAMES],
    ).fetchall()
    return [Seen(VERB, name) for name in dict.fromkeys(_shown_verb(verb) for (verb,) in rows)]


def _shown_verb(verb: str) -> str:
    """A verb as it may be shown: an address of words. Whatever else stands there may be somebody's."""
    if re.fullmatch(r"https?://[a-z0-9.-]{1,80}(/[A-Za-z][A-Za-z_-]{0,40}|/\d\.\d){1,8}", verb):
        return verb
    return "a verb whose name looks like data"

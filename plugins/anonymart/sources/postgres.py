"""Learners from PostgreSQL: the named columns of one table, in one read-only transaction, straight into a
file.

The server makes the CSV (COPY), so memory stays flat. No message of the server is ever shown: it may quote
the address, the login or a row, so what went wrong is told by its kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, TypeVar

import psycopg
from psycopg import sql

from anonymart.errors import AnonymartError, UsageError
from anonymart.ingest.contracts import shown
from anonymart.sources.mapping import REGISTER_COLUMNS, Mapping

T = TypeVar("T")
_CONNECT_SECONDS = 15
_LOCK_SECONDS = 30
_TIMES = ("timestamp with time zone", "timestamp without time zone")
_TEXTS = ("text", "character varying", "character", "citext", "uuid", "smallint", "integer", "bigint", "name")
_TYPES = {
    "text": _TEXTS,
    "email": _TEXTS[:4],
    "date": ("date", *_TIMES),
    "time": ("date", *_TIMES),
    "boolean": ("boolean", *_TEXTS),
    "role": _TEXTS,
}
_NO_ADDRESS = (
    "The address of the register is not one of PostgreSQL: postgresql://user:password@host:5432/database."
)
_WORDS = {
    "08": "PostgreSQL cannot be reached",
    "28": "PostgreSQL refused the login",
    "3D": "PostgreSQL has no such database",
    "25006": "the table is a view that writes, and the register is read in a read-only transaction",
    "42501": "the login may not read the table",
    "55P03": "the table is locked by somebody else",
    "57014": "the statement took longer than timeout_seconds",
    "57": "PostgreSQL is shutting down or starting",
    "53": "PostgreSQL is out of connections, disk or memory",
}


@dataclass(frozen=True)
class Found:
    """One column of the platform's table, as the catalogue has it, with its number there, which it keeps for
    good.
    """

    number: int
    name: str
    type: str
    may_read: bool


@dataclass(frozen=True)
class Table:
    """What stands in the table now: all rows, those without a time of change or with one ahead of the
    server's clock, and the newest time of change that is not ahead of it (UTC).
    """

    database: str
    n_rows: int
    n_without_time: int
    n_ahead: int
    newest: datetime | None


def reading(conninfo: str, mapping: Mapping, work: Callable[[psycopg.Connection], T]) -> T:
    """What `work` gives of a connection within one read-only snapshot. Raises UsageError for an address that
    is none, AnonymartError for what the server refuses.

    The error holds neither address nor password, and no other exception hangs on it.
    """
    try:
        with _connect(conninfo, mapping) as connection:
            return work(connection)
    except psycopg.Error as error:
        is_address = isinstance(error, psycopg.ProgrammingError) and not error.sqlstate
        failure = UsageError(_NO_ADDRESS) if is_address else _in_words(error)
    # Raised outside of the handler (and in no context manager, which runs inside one): the server's message
    # must not hang on it.
    raise failure


def _connect(conninfo: str, mapping: Mapping) -> psycopg.Connection:
    connection = psycopg.connect(
        conninfo,
        connect_timeout=_CONNECT_SECONDS,
        application_name="anonymart",
        client_encoding="UTF8",
        autocommit=True,
    )
    try:
        connection.execute("SET default_transaction_read_only = on")
        for name, seconds in (
            ("statement_timeout", mapping.timeout_seconds),
            ("lock_timeout", _LOCK_SECONDS),
        ):
            connection.execute(
                sql.SQL("SET {} = {}").format(sql.Identifier(name), sql.Literal(int(seconds * 1000)))
            )
        connection.execute("SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'")
        connection.autocommit = False
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    except BaseException:
        connection.close()
        raise
    return connection


def _in_words(error: psycopg.Error) -> AnonymartError:
    state = error.sqlstate or ("08" if isinstance(error, psycopg.OperationalError) else "")
    words = _WORDS.get(state) or _WORDS.get(state[:2]) or "PostgreSQL stopped the reading"
    # What goes wrong before the login has no code.
    if not error.sqlstate and "authentication failed" in str(error):
        words = _WORDS["28"]
    elif not error.sqlstate and re.search(r'database ".*" does not exist', str(error)):
        words = _WORDS["3D"]
    code = f" ({error.sqlstate})" if error.sqlstate else ""
    return AnonymartError(
        f"The register was not read: {words}{code}. Mend it and pull again; nothing was lost."
    )


def columns(connection: psycopg.Connection, mapping: Mapping) -> list[Found]:
    """The columns of the table in their order, with their types and whether this login may read them. Raises
    UsageError: no such table.
    """
    rows = connection.execute(
        """
        SELECT attribute.attnum, attribute.attname, format_type(coalesce(nullif(kind.typbasetype, 0),
            kind.oid), NULL), kind.typtype,
            has_schema_privilege(class.relnamespace, 'USAGE') AND has_column_privilege(class.oid,
                attribute.attnum, 'SELECT')
        FROM pg_catalog.pg_class AS class
        INNER JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
        INNER JOIN pg_catalog.pg_attribute AS attribute ON attribute.attrelid = class.oid
        INNER JOIN pg_catalog.pg_type AS kind ON kind.oid = attribute.atttypid
        WHERE namespace.nspname = %s AND class.relname = %s AND class.relkind IN ('r', 'v', 'm', 'p', 'f')
            AND attribute.attnum > 0 AND NOT attribute.attisdropped
        ORDER BY attribute.attnum
        """,
        [mapping.schema, mapping.table],
    ).fetchall()
    if not rows:
        raise UsageError(
            f"PostgreSQL has no table or view {mapping.schema}.{mapping.table}: mend the mapping."
        )
    return [
        Found(number, name, _plain(kind, is_enum == "e"), may_read)
        for number, name, kind, is_enum, may_read in rows
    ]


def _plain(kind: str, is_enum: bool) -> str:
    if is_enum:
        return "text"
    # An extension's type may be shown with its schema.
    return kind.rsplit(".", 1)[-1]


def check(found: list[Found], mapping: Mapping) -> None:
    """Raise UsageError that names the column when one of the mapping is missing, of another type than it must
    be, or closed to this login.
    """
    known = {column.name: column for column in found}
    asked = [(own, platform, _TYPES[REGISTER_COLUMNS[own].kind]) for own, platform in mapping.columns.items()]
    asked.append(("updated_at", mapping.updated_at, _TIMES))
    for own, platform, types in asked:
        column = known.get(platform)
        called = f"the column '{_shown(platform)}' for {own}"
        if column is None:
            raise UsageError(
                f"The register was not read: {called} is missing in the table: mend the mapping or ask "
                f"the platform."
            )
        if column.type not in types:
            raise UsageError(
                f"The register was not read: {called} is of the type {column.type}, not {types[0]}: "
                f"make a view that casts it, and name the view."
            )
        if not column.may_read:
            raise UsageError(
                f"The register was not read: {called} may not be read by this login: GRANT SELECT on it."
            )


def _shown(name: str) -> str:
    return name if shown(name, 0) == name or (name.isprintable() and "@" not in name) else "name not shown"


def look(connection: psycopg.Connection, mapping: Mapping, found: list[Found]) -> Table:
    """Count what stands in the table, in the same snapshot as what is copied afterwards."""
    moment = _utc(mapping.updated_at, mapping, found)
    query = sql.SQL("""
        SELECT current_database(), count(*), count(*) FILTER (WHERE {moment} IS NULL),
            count(*) FILTER (WHERE {moment} > now()),
            (max({moment}) FILTER (WHERE {moment} <= now() AND isfinite({moment}))) AT TIME ZONE 'UTC'
        FROM {table}
    """).format(moment=moment, table=_table(mapping))
    row = connection.execute(query).fetchone()
    assert row is not None  # an aggregate without groups always gives a row
    return Table(*row)


def copy(
    connection: psycopg.Connection,
    mapping: Mapping,
    found: list[Found],
    since: datetime | None,
    file: IO[bytes],
) -> int:
    """Write the rows changed after `since` (UTC; None: all) as CSV with Anonymart's names, oldest change
    first; gives their number.

    Rows without a time of change are always among them: nothing tells whether they changed.
    """
    chosen = [
        sql.SQL("{} AS {}").format(_value(platform, own, mapping, found), sql.Identifier(own))
        for own, platform in mapping.columns.items()
    ]
    chosen += [
        sql.SQL("{} AS {}").format(sql.Literal(text), sql.Identifier(own))
        for own, text in mapping.constants.items()
    ]
    chosen.append(sql.SQL("{} AS updated_at").format(_utc(mapping.updated_at, mapping, found)))
    column = sql.Identifier(mapping.updated_at)
    query = sql.SQL(
        "COPY (SELECT {chosen} FROM {table} WHERE {condition} ORDER BY {column} NULLS FIRST) TO STDOUT "
        "(FORMAT csv, HEADER)"
    ).format(
        chosen=sql.SQL(", ").join(chosen),
        table=_table(mapping),
        condition=_changed(mapping, found, since),
        column=column,
    )
    cursor = connection.cursor()
    with cursor.copy(query) as blocks:
        for block in blocks:
            file.write(block)
    return cursor.rowcount


def _changed(mapping: Mapping, found: list[Found], since: datetime | None) -> sql.Composable:
    """The column stays bare on its side, so that the platform's index on it serves."""
    if since is None:
        return sql.SQL("true")
    from_then = sql.SQL("{}::timestamptz").format(
        sql.Literal((since - timedelta(hours=mapping.overlap_hours)).isoformat() + "+00:00")
    )
    if _type(mapping.updated_at, found) == _TIMES[1]:
        from_then = sql.SQL("({} AT TIME ZONE {})").format(from_then, sql.Literal(mapping.time_zone))
    return sql.SQL("({column} >= {then} OR {column} IS NULL)").format(
        column=sql.Identifier(mapping.updated_at), then=from_then
    )


def _value(platform: str, own: str, mapping: Mapping, found: list[Found]) -> sql.Composable:
    if REGISTER_COLUMNS[own].kind == "date" and _type(platform, found) in _TIMES:
        # A birthday that is kept as a moment is the day of the platform's own clock.
        return sql.SQL("({} AT TIME ZONE {})::date").format(
            _utc(platform, mapping, found), sql.Literal(mapping.time_zone)
        )
    if _type(platform, found) == "boolean":
        return sql.SQL("{}::text").format(sql.Identifier(platform))
    return _utc(platform, mapping, found)


def _utc(platform: str, mapping: Mapping, found: list[Found]) -> sql.Composable:
    """The column, a time without a zone as the moment that it means."""
    column = sql.Identifier(platform)
    if _type(platform, found) == _TIMES[1]:
        return sql.SQL("({} AT TIME ZONE {})").format(column, sql.Literal(mapping.time_zone))
    return column


def _type(platform: str, found: list[Found]) -> str:
    return next(column.type for column in found if column.name == platform)


def _table(mapping: Mapping) -> sql.Composable:
    return sql.Identifier(mapping.schema, mapping.table)

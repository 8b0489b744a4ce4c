"""A file loaded on trial: by the very code of ingestion, into a copy of the vault's registers in memory, of
which nothing stays.

The vault is only read. The copy has what admission asks: who is who, consents, requests, corrections,
tombstones, known rows and shapes of the source; raw rows, which no count depends on, are left out.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from anonymart import engine
from anonymart.erasure import tombstones
from anonymart.files import parquet
from anonymart.files.landed import FileRefused, Landed, file_mark, refused_mark, safe_name
from anonymart.home import Home
from anonymart.ingest import changes, identities, run
from anonymart.ingest.counts import Counts
from anonymart.ingest.load import load
from anonymart.keys import KEY_NAMES, Keys
from anonymart.policy import Policy
from anonymart.session import Session
from anonymart.source_order import SOURCES
from anonymart.vault import schema

Reader = Callable[[duckdb.DuckDBPyConnection, Path, str], Landed]
ALREADY = "it was loaded already: the next ingestion only removes it"
# Large, and asked for by no check of another source's file.
_LEFT_OUT = {("raw", name) for name in ("learning", "enrolments", "salary")} | {
    ("answers", "nps"),
    ("register", "connections"),
}


@contextmanager
def scratch(source: str, home: Home | None, keys: Keys | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose `vault` and `tombstones` are copies in memory for a file of the source; empty ones
    without a home.

    Raises AnonymartError for a vault that is locked and tombstones that are an old copy, UsageError for one
    of another key or a newer version.
    """
    if home and not home.vault.exists():
        home = None
    connection = engine.memory()
    try:
        if home and keys:
            engine.connect(home, keys, vault="ro").close()
            engine.prepare(connection, home)
        else:
            # Without keys rows and people are only compared with one another.
            keys = Keys(**{name: secrets.token_hex(32) for name in KEY_NAMES})
            connection.execute(
                "SET GLOBAL TimeZone = 'UTC'; SET enable_progress_bar = false; SET "
                "preserve_insertion_order = true"
            )
            engine.install_readers(connection)
        connection.execute("ATTACH ':memory:' AS vault; ATTACH ':memory:' AS tombstones")
        connection.execute(tombstones.SCHEMA)
        schema.create(connection, keys)
        if home:
            _copy(connection, "vault", home.vault, keys, source)
            _copy(connection, "tombstones", home.tombstones, keys, source)
            tombstones.check(connection, home)
        identities.install(connection, keys)
        yield connection
    finally:
        connection.close()
        parquet.drop_unpacked()


def try_file(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    source: str,
    as_of: date,
    policy: Policy,
    read: Reader = run.inspect_file,
) -> tuple[Counts, Landed | None]:
    """What ingestion would say of the file, and how it was read (None: it cannot be). `read` replaces how
    ingestion recognises files.
    """
    if run.was_committed(connection, source, file_mark(path)):
        return Counts(source, safe_name(path), status="known", reason=ALREADY), None
    load_no = run.next_load(connection)
    landed = None
    try:
        landed = read(connection, path, source)
        connection.execute("BEGIN")
        counts = load(connection, landed, load_no, as_of, policy)
        changes.note_file(connection, landed, counts, load_no, as_of)
        connection.execute("COMMIT")
    except FileRefused as refusal:
        run.rollback(connection)
        counts = run.refuse_whole(
            connection, run.Refused(path, source, str(refusal), refused_mark(path)), landed, load_no, as_of
        )
    return counts, landed


def settle(connection: duckdb.DuckDBPyConnection, as_of: date) -> tuple[dict[str, Any], list[str]]:
    """After a file of the catalogue or of activity: what the catalogue would make of it, as plain data and in
    sentences.

    Earlier statements that the catalogue would find again are left out: raw rows are not in the copy.
    """
    from anonymart import catalogue

    nowhere = Home(Path("/nonexistent"))
    keys = Keys(**dict.fromkeys(KEY_NAMES, "00" * 32))
    done = catalogue.settle(connection, Session(nowhere, keys, given_day=as_of))
    done.n_again = 0
    told = done.as_dict()
    told.pop("matched_later")
    return told, done.sentences


def _copy(connection: duckdb.DuckDBPyConnection, zone: str, path: Path, keys: Keys, source: str) -> None:
    """Rows of the file's tables into those of the same names in memory, column by column of the same name."""
    if not path.exists():
        return
    engine.attach(connection, "held", path, keys.vault, "ro")
    columns: dict[tuple[str, str], dict[str, list[str]]] = {}
    for database, schema_name, table, column in connection.execute("""
        SELECT database_name, schema_name, table_name, column_name FROM duckdb_columns()
        WHERE database_name IN ('held', $1) AND table_name IN (SELECT table_name FROM duckdb_tables())
        ORDER BY column_index
    """, [zone]).fetchall():  # fmt: skip
        columns.setdefault((schema_name, table), {}).setdefault(database, []).append(column)
    for (schema_name, table), named in columns.items():
        if len(named) < 2 or (schema_name, table) in _LEFT_OUT:
            continue
        # Large, and only a log asks which of its lines are known.
        if schema_name == "audience" and source != "audience":
            continue
        both = ", ".join(f'"{column}"' for column in named[zone] if column in named["held"])
        # Rows of other sources are never the same row; what is kept under a name that is no source may be
        # anybody's.
        ours = (
            f" WHERE source NOT IN ({', '.join(map(engine.literal, SOURCES))}) OR source = "
            f"{engine.literal(source)}"
            if table == "row_hashes"
            else ""
        )
        connection.execute(f'DELETE FROM {zone}.{schema_name}."{table}"')
        connection.execute(
            f'INSERT INTO {zone}.{schema_name}."{table}" ({both}) SELECT {both} FROM '
            f'held.{schema_name}."{table}"{ours}'
        )
    connection.execute("DETACH held")

"""Verbs and types of activity that nobody has mapped: their statements load, and the run, the ledger and
`sources changes` report them with counts.
"""

from __future__ import annotations

import csv
import re

import duckdb

from anonymart import config, lists
from anonymart.ingest.counts import Counts
from anonymart.ingest.learning_map import load_map

VERB, TYPE = "verb", "type"
_NOT_SHOWN = {VERB: "a verb whose name looks like data", TYPE: "a type whose name looks like data"}
_MOST_NAMES = 100
# As the macro verb_key of dbt compares them: no scheme, small letters, the normal form of an IRI.
_KEY = "regexp_replace(lower(anonymart_normal_iri({})), '^https?://(www[.])?', '')"


def note(connection: duckdb.DuckDBPyConnection, load_no: int, counts: Counts) -> None:
    """Count the rows of a load by verb and type that no list knows, into `counts.unknown_names` and
    vault.ledger.unknown_names.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE known_verbs AS SELECT unnest($1::VARCHAR[]) AS verb_id",
        [list(_verbs())],
    )
    for kind, rows in (
        (VERB, _unknown_verbs(connection, load_no)),
        (TYPE, _unknown_types(connection, load_no)),
    ):
        for name, n_rows in rows:
            told = f"{kind} {shown(kind, name)}"
            counts.unknown_names[told] = counts.unknown_names.get(told, 0) + n_rows
    if not counts.unknown_names:
        return
    connection.executemany(
        "INSERT INTO vault.ledger.unknown_names (load_no, kind, name, n_rows) VALUES (?, ?, ?, ?)",
        [(load_no, *name.split(" ", 1), n_rows) for name, n_rows in counts.unknown_names.items()],
    )


def shown(kind: str, name: str) -> str:
    """A verb or a type as it may be shown: an address of words. Whatever else stands there may be
    somebody's.
    """
    if re.fullmatch(
        r"https?://[a-z0-9.-]{1,80}(/[A-Za-z][A-Za-z_-]{0,40}|/v?\d\.\d|#[A-Za-z_-]{1,40}){1,8}/?", name
    ):
        return name
    return _NOT_SHOWN[kind]


def _unknown_verbs(connection: duckdb.DuckDBPyConnection, load_no: int) -> list[tuple[str, int]]:
    return connection.execute(
        f"""
        WITH found AS (SELECT verb_id, count(*) AS n_rows FROM vault.raw.learning WHERE load_no = $1
        GROUP BY verb_id)
        SELECT verb_id, n_rows FROM found
        WHERE {_KEY.format("verb_id")} NOT IN (SELECT {_KEY.format("verb_id")} FROM known_verbs)
        ORDER BY n_rows DESC, verb_id LIMIT {_MOST_NAMES}
    """,
        [load_no],
    ).fetchall()


def _unknown_types(connection: duckdb.DuckDBPyConnection, load_no: int) -> list[tuple[str, int]]:
    mapping = load_map()
    known = (
        f"{mapping.is_of('object_type', *mapping.kinds)} OR {mapping.is_no_whole('object_type')} OR "
        f"{mapping.is_part('object_type')}"
    )
    return connection.execute(
        f"""
        WITH found AS (SELECT object_type, count(*) AS n_rows FROM vault.raw.learning
        WHERE load_no = $1 AND object_type IS NOT NULL GROUP BY object_type)
        SELECT object_type, n_rows FROM found WHERE NOT ({known} OR {mapping.is_other("object_type")})
        ORDER BY n_rows DESC, object_type LIMIT {_MOST_NAMES}
    """,
        [load_no],
    ).fetchall()


@config.kept
def _verbs() -> tuple[str, ...]:
    with lists.path("verbs").open(encoding="utf-8", newline="") as file:
        return tuple(row["verb_id"] for row in csv.DictReader(file))

"""Where in its file a row stands: worked out on bytes, and only for files that have a row to quarantine."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from anonymart.files.contents import open_bytes
from anonymart.files.landed import Landed
from anonymart.temp_tables import BAD

# TEMP tables that another module makes.
READS = (BAD,)


def make(connection: duckdb.DuckDBPyConnection, landed: Landed) -> None:
    """Make the TEMP tables line_of_row(ordinal, line) and line_of_record(record, line) for the rows in `bad`
    and the rejects.

    `ordinal` counts the rows that the reader gave, from 1; `record` counts header, rows and empty lines of
    CSV as DuckDB's rejects do; `line` counts physical lines, from 1.
    """
    ordinals = {row[0] for row in connection.execute("SELECT ordinal FROM bad").fetchall()}
    rejected: set[int] = set()
    rows: list[tuple[int, int]] = []
    records: list[tuple[int, int]] = []
    if landed.kind == "csv" or landed.is_csv:
        ordinals = {ordinal + landed.skipped for ordinal in ordinals}
        rejected = {
            row[0] for row in connection.execute("SELECT DISTINCT line FROM reject_errors").fetchall()
        }
        rows, records = _of_csv(landed, ordinals, rejected)
        rows = [(ordinal - landed.skipped, line) for ordinal, line in rows]
    elif landed.kind in ("ndjson", "lines"):
        rows = [(ordinal, line) for ordinal, line in _full_lines(landed) if ordinal in ordinals]
    for name, column, found in (("line_of_row", "ordinal", rows), ("line_of_record", "record", records)):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({column} BIGINT, line BIGINT)")
        if found:
            numbers, places = zip(*found, strict=True)
            connection.execute(
                f"INSERT INTO {name} SELECT unnest($1::BIGINT[]), unnest($2::BIGINT[])", [numbers, places]
            )


def _of_csv(
    landed: Landed, ordinals: set[int], rejected: set[int]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """A record begins where the quotes before it are even in number, and may run over several lines."""
    rows, records = [], []
    record = ordinal = quotes = 0
    for line, content in enumerate(_lines(landed), 1):
        if quotes % 2 == 0:
            record += 1
            if record in rejected:
                records.append((record, line))
            elif record > 1 and content.strip():
                ordinal += 1
                if ordinal in ordinals:
                    rows.append((ordinal, line))
        quotes += content.count(b'"')
    return rows, records


def _full_lines(landed: Landed) -> Iterator[tuple[int, int]]:
    full = (line for line, content in enumerate(_lines(landed), 1) if content.strip())
    return enumerate(full, 1)


def _lines(landed: Landed) -> Iterator[bytes]:
    with open_bytes(landed.path) as file:
        yield from file

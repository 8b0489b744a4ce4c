"""The yardstick: what DuckDB alone needs to read the same fields of a file into a plain table. Run as
`python -m anonymart.bench.plain statements|answers PLACE DATABASE`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb


def statements(landing: Path, database: Path) -> None:
    """The allow-listed fields of the statements in landing, into a plain table of an unencrypted file."""
    from anonymart.files.landed import Landed, waiting
    from anonymart.ingest import learning

    with duckdb.connect(str(database)) as connection:
        connection.execute("SET enable_progress_bar = false")
        for number, path in enumerate(waiting(landing, "learning")):
            rows = learning.statements(Landed(path, "learning", "ndjson", ()))
            verb = "CREATE TABLE statements AS" if number == 0 else "INSERT INTO statements"
            connection.execute(f"{verb} SELECT * FROM {rows}")


def answers(file: Path, database: Path) -> None:
    """The clean export of a survey, into a plain table of an unencrypted file."""
    with duckdb.connect(str(database)) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute("CREATE TABLE answers AS FROM read_csv($1)", [str(file)])


if __name__ == "__main__":
    what, place, made = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    made.unlink(missing_ok=True)
    {"statements": statements, "answers": answers}[what](place, made)

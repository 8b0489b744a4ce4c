"""Every text of a release, once: values, names of columns, comments, metadata of files. Figures are no texts
(S-ANON).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from anonymart import engine
from anonymart.contracts import MartContract
from anonymart.detect.decoding import decoded
from anonymart.gate.docs import texts_of
from anonymart.gate.spreadsheets import csv_texts, workbook_texts
from anonymart.gate.tables import insert
from anonymart.release.folder import (
    CANDIDATE_PREFIX,
    CSV_FOLDERS,
    DATA_DOCS,
    DATA_PACKAGE,
    GATE_RESULT,
    MANIFEST,
    NAMES,
    NAMES_SCHEMA,
    PAGE,
    PRIVACY_PAGE,
    PRIVACY_REPORT,
    PROCESSING_REGISTER,
    WITHDRAWN,
    WORKBOOK,
    all_files,
    csv_path,
    marts_schema,
)
from anonymart.release.name_tables import NAME_TABLES

TEXTS = "CREATE TABLE gate.texts (mart VARCHAR, column_name VARCHAR, place VARCHAR, text VARCHAR, n BIGINT)"
# On the page of the marts a figure is written out: no more digits than an amount has, so no phone number.
_FIGURE = re.compile(r"[-−+]?(?:\d{1,7}|\d{1,3}(?:[\s,]\d{3}){1,2})(?:[.,]\d{1,4})?(?:\s?%)?")
_FIGURES = "^(U?(TINY|SMALL|BIG|HUGE)?INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL.*|BOOLEAN|DATE|TIME.*|INTERVAL|BIT)$"


def make_texts(
    connection: duckdb.DuckDBPyConnection, folder: Path, contracts: Mapping[str, MartContract]
) -> None:
    """Fill gate.texts (mart, column_name, place, text, n); a place is 'value' or the kind of metadata. A
    table of names stands under `mart` too.
    """
    connection.execute(TEXTS)
    _labels(connection, contracts)
    _values(connection)
    _comments(connection)
    _parquet(connection, folder, contracts)
    rows = [
        *_json_texts(folder / DATA_PACKAGE, "datapackage"),
        *(("*", "workbook", text) for text in sorted(workbook_texts(folder / WORKBOOK))),
        *_json_texts(folder / MANIFEST, "manifest"),
        *_json_texts(folder / PRIVACY_REPORT, "privacy_report"),
        *_page_texts(folder / PRIVACY_PAGE, "privacy_report_page"),
        *(row for row in _page_texts(folder / PAGE, "page") if not is_figure(row[-1])),
        *_page_texts(folder / PROCESSING_REGISTER, "processing_register_page"),
        *_json_texts(folder / WITHDRAWN, "withdrawn"),
        *_file_names(folder),
    ]
    insert(connection, "gate.texts", [("*", *row, 1) for row in rows])
    insert(connection, "gate.texts", [(*row, 1) for row in _csv_rows(folder, contracts)])
    _decoded(connection)


def _decoded(connection: duckdb.DuckDBPyConnection) -> None:
    """What the words of each text say once they are decoded, in the place of the text; comments are compared
    word for word elsewhere.
    """
    texts = connection.execute(
        "SELECT DISTINCT text FROM gate.texts WHERE text IS NOT NULL AND NOT place LIKE '%_comment'"
    ).fetchall()
    connection.execute("CREATE TEMP TABLE decoded_texts (text VARCHAR, reading VARCHAR)")
    insert(connection, "decoded_texts", [(text, reading) for (text,) in texts for reading in decoded(text)])
    connection.execute("""
        INSERT INTO gate.texts SELECT mart, column_name, place, reading, n
        FROM gate.texts JOIN decoded_texts USING (text)
        WHERE NOT place LIKE '%_comment';
        DROP TABLE decoded_texts""")


def _labels(connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract]) -> None:
    schema = marts_schema(connection)
    columns = [
        *((schema, name, column) for name, mart in contracts.items() for column in mart.column_names),
        *((NAMES_SCHEMA, name, column) for name in NAMES for column in NAME_TABLES[name].column_names),
    ]
    connection.execute(
        "CREATE TABLE gate.listed_columns (schema_name VARCHAR, table_name VARCHAR, name VARCHAR)"
    )
    insert(connection, "gate.listed_columns", columns)
    connection.execute("""
        CREATE TABLE gate.labels AS
        SELECT real.schema_name, real.table_name, real.column_name, real.data_type, real.comment,
            CASE WHEN real.table_name IN (SELECT table_name FROM gate.listed_columns) THEN real.table_name
                ELSE 'table #' || dense_rank() OVER (ORDER BY real.table_oid) END AS mart,
            CASE WHEN listed.name IS NULL THEN '#' || real.column_index ELSE real.column_name END AS label
        FROM duckdb_columns() AS real
        LEFT JOIN gate.listed_columns AS listed
            ON listed.schema_name = real.schema_name AND listed.table_name = real.table_name
                AND listed.name = real.column_name
        WHERE real.database_name = 'release' AND NOT real.internal""")


def _values(connection: duckdb.DuckDBPyConnection) -> None:
    columns = connection.execute(
        "SELECT schema_name, table_name, column_name, mart, label FROM gate.labels WHERE NOT "
        "regexp_matches(data_type, ?)",
        [_FIGURES],
    ).fetchall()
    for schema, table, column, mart, label in columns:
        source = ".".join('"' + part.replace('"', '""') + '"' for part in ("release", schema, table))
        quoted = '"' + column.replace('"', '""') + '"'
        connection.execute(
            f"INSERT INTO gate.texts SELECT ?, ?, 'value', {quoted}::VARCHAR, count(*) FROM {source} "
            f"WHERE {quoted} IS NOT NULL GROUP BY 4",
            [mart, label],
        )


def _comments(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("""
        INSERT INTO gate.texts
        SELECT mart, label, 'column_name', column_name, 1 FROM gate.labels
        UNION ALL SELECT mart, label, 'column_comment', comment, 1 FROM gate.labels WHERE comment IS NOT NULL
        UNION ALL
        SELECT DISTINCT labels.mart, '*', 'table_comment', tables.comment, 1
        FROM duckdb_tables() AS tables JOIN gate.labels AS labels USING (schema_name, table_name)
        WHERE tables.database_name = 'release' AND tables.comment IS NOT NULL
        UNION ALL
        SELECT DISTINCT mart, '*', 'table_name', table_name, 1 FROM gate.labels
        UNION ALL
        SELECT '*', 'schema', 'schema_comment', comment, 1 FROM duckdb_schemas()
        WHERE database_name = 'release' AND comment IS NOT NULL
        UNION ALL
        SELECT '*', 'database', 'database_comment', comment, 1 FROM duckdb_databases()
        WHERE database_name = 'release' AND comment IS NOT NULL""")


def _parquet(
    connection: duckdb.DuckDBPyConnection, folder: Path, contracts: Mapping[str, MartContract]
) -> None:
    for path in sorted((folder / "parquet").glob("*")):
        mart = path.stem if path.stem in (*contracts, *NAMES) else "*"
        file = engine.literal(str(path))
        try:
            connection.execute(f"""
                INSERT INTO gate.texts
                SELECT '{mart}', '*', 'parquet_metadata', unnest([decode(key), decode(value)]), 1
                FROM parquet_kv_metadata({file})
                UNION ALL SELECT '{mart}', '*', 'parquet_metadata', created_by, 1
                FROM parquet_file_metadata({file})
                UNION ALL SELECT '{mart}', '*', 'parquet_column', name, 1 FROM parquet_schema({file})""")
        except duckdb.Error:
            connection.execute("INSERT INTO gate.parquet_states VALUES (?, 'unreadable')", [mart])


def _csv_rows(folder: Path, contracts: Mapping[str, MartContract]) -> Iterator[tuple[str, str, str, str]]:
    for form in CSV_FOLDERS:
        for name in (*contracts, *NAMES):
            for text in sorted(csv_texts(folder / csv_path(name, form))):
                yield name, "*", form, text


def _json_texts(path: Path, place: str) -> Iterator[tuple[str, str, str]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    for where, text in strings(content):
        # Checksums are proven by computing them again (altered_file), not by how they look.
        if not (place == "manifest" and _is_own_hash(where)):
            yield "*", place, text


def is_figure(text: str) -> bool:
    """Whether a text of the page of the marts is a figure and nothing else. A figure is no text there, as it
    is none in a table: a salary may equal somebody's number, and the gate writes the page again byte by byte.
    """
    return bool(_FIGURE.fullmatch(text))


def _page_texts(path: Path, place: str) -> Iterator[tuple[str, str, str]]:
    """A published page was read when it was written, and its bytes are those of the manifest: later words of
    ours may be others.
    """
    if path.is_file() and path.parent.name.startswith(CANDIDATE_PREFIX):
        yield from (("*", place, text) for _, text in texts_of(path))


def _file_names(folder: Path) -> Iterator[tuple[str, str, str]]:
    for name in all_files(folder):
        if not name.startswith(DATA_DOCS) and name != GATE_RESULT:
            yield "*", "file_name", name


def strings(content: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a JSON value with its path: keys and values, never numbers."""
    if isinstance(content, str):
        yield where, content
    elif isinstance(content, list):
        for item in content:
            yield from strings(item, where)
    elif isinstance(content, dict):
        for key, item in content.items():
            yield f"{where}.{key}".lstrip(".") + "#key", str(key)
            yield from strings(item, f"{where}.{key}".lstrip("."))


def _is_own_hash(where: str) -> bool:
    """Where the manifest has hashes of ours: each is held against what it is the hash of (folder_reading)."""
    return (
        where == "approval.candidate_sha256"
        or where.startswith("definitions.")
        or (where.startswith("files") and where.endswith(".sha256"))
    )

"""Any export as one table of texts, in DuckDB's memory: CSV through a pipe of clean UTF-8, spreadsheets, SPSS
files and JSON through Python.
"""

from __future__ import annotations

import base64
import contextlib
import csv
import io
import json
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from anonymart.engine import literal
from anonymart.files import parquet
from anonymart.files.contents import UTF16_MARKS, open_bytes, parquet_columns
from anonymart.files.encodings import Encodings, blocks_of
from anonymart.files.landed import FileRefused
from anonymart.surveys.sheets import rows_of_sheet
from anonymart.surveys.spss import MARKS, variables_and_rows

TABLE = "survey_delivered"
LARGEST_JSON = 1 << 26
_HEAD = 1 << 20


@dataclass
class Delivered:
    """What a file holds: names of its columns, the row after them, and how its rows come.

    `rows` is None for CSV and Parquet, which are streamed. `questions` are the labels of SPSS variables.
    """

    path: Path
    kind: str
    columns: tuple[str, ...]
    delimiter: str = ","
    rows: list[list[str | None]] | None = None
    encodings: Encodings = field(default_factory=Encodings)
    lines_before: int = 0
    first_row: tuple[str, ...] = ()
    second_row: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


def open_file(connection: duckdb.DuckDBPyConnection, path: Path, head: bytes) -> Delivered | None:
    """Tell what the file is by its first bytes; None for what is no table of texts. Raises FileRefused for
    damaged or huge files.
    """
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head[:2] in UTF16_MARKS:
        return (
            _json(path) if head.decode("utf-16", errors="replace").lstrip()[:1] in ("{", "[") else _csv(path)
        )
    if head[:4] in MARKS:
        return _sav(path)
    if head[:4] == b"PK\x03\x04":
        return _of_rows(path, "xlsx", rows_of_sheet(path))
    if text[:1] in (b"{", b"["):
        return _json(path)
    if head[:4] == b"PAR1":
        return _parquet(connection, path)
    if not text or text[:1] == b"<" or b"\x00" in head:
        return None
    return _csv(path)


def stage(
    connection: duckdb.DuckDBPyConnection, delivered: Delivered, wanted: Sequence[int], skipped: int
) -> None:
    """Make the TEMP table survey_delivered(ordinal, c<n> …) with the columns wanted and no other (admission
    is an allow-list).
    """
    chosen = ", ".join(f"c{number}" for number in wanted)
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    if delivered.rows is not None:
        columns = {
            f"c{number}": pa.array([row[number] for row in delivered.rows], pa.string()) for number in wanted
        }
        connection.register("survey_batch", pa.table(columns))
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {TABLE} AS SELECT row_number() OVER () AS ordinal, {chosen} "
            f"FROM survey_batch"
        )
        connection.unregister("survey_batch")
    elif delivered.kind == "parquet":
        named = [
            f'"{delivered.columns[number].replace(chr(34), chr(34) * 2)}"::VARCHAR AS c{number}'
            for number in wanted
        ]
        connection.execute(f"""
            CREATE OR REPLACE TEMP TABLE {TABLE} AS
            SELECT row_number() OVER () AS ordinal, {", ".join(named)} FROM {parquet.scan(delivered.path)}""")
    else:
        with _piped(delivered) as source:
            names = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(len(delivered.columns)))
            # DuckDB fails on a reject in a file of which it reads some columns only, so the others are looked
            # at and dropped.
            others = "".join(
                f", c{number}" for number in range(len(delivered.columns)) if number not in wanted
            )
            looked_at = f" WHERE concat('x'{others}) IS NOT NULL" if others else ""
            connection.execute(f"""
                CREATE OR REPLACE TEMP TABLE {TABLE} AS
                SELECT row_number() OVER () AS ordinal, {chosen}
                FROM read_csv({literal(source)}, auto_detect = false, header = true,
                    delim = {literal(delivered.delimiter)}, quote = '"',
                    escape = '"', strict_mode = true, columns = {{{names}}}, null_padding = false,
                        store_rejects = true, rejects_limit = 0)
                {looked_at}
            """)
    if skipped:
        connection.execute(f"DELETE FROM {TABLE} WHERE ordinal <= {skipped}")


@contextlib.contextmanager
def _piped(delivered: Delivered) -> Iterator[str]:
    """The address of a pipe that gives the file as UTF-8: nothing of it is written to a disk."""
    reading, writing = os.pipe()
    failure: list[BaseException] = []

    def feed() -> None:
        try:
            with os.fdopen(writing, "wb") as out, open_bytes(delivered.path) as file:
                for _ in range(delivered.lines_before):
                    file.readline()
                for block in delivered.encodings.clean(blocks_of(file)):
                    out.write(block)
        except BrokenPipeError:
            pass
        except BaseException as error:
            failure.append(error)

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    try:
        yield f"/dev/fd/{reading}"
    finally:
        os.close(reading)
        feeder.join()
    if failure:
        raise failure[0]


def _csv(path: Path) -> Delivered:
    encodings = Encodings()
    with open_bytes(path) as file:
        head = file.read(_HEAD)
    before, first_row, second_row = 0, [], []
    content = head.removeprefix(b"\xef\xbb\xbf")
    if content[:4].lower() == b"sep=":
        before, content = 1, content.split(b"\n", 1)[-1]
    text = encodings.text(content)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=lambda sign: _outside_quotes(first).count(sign))
    try:
        records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        names = next(records, [])
    except csv.Error:
        raise FileRefused("its first line cannot be read as names of columns") from None
    with contextlib.suppress(csv.Error):
        first_row = next(records, [])
        second_row = next(records, [])
    delivered = Delivered(
        path,
        "csv",
        tuple(name.strip() for name in names),
        delimiter,
        lines_before=before,
        first_row=tuple(first_row),
        second_row=tuple(second_row),
    )
    with path.open("rb") as file:
        if file.read(2) in UTF16_MARKS:
            delivered.encodings.found["utf-16"] += 1
    return delivered


def _sav(path: Path) -> Delivered:
    names, labels, rows = variables_and_rows(path)
    return Delivered(path, "sav", tuple(names), rows=rows, questions=tuple(labels))


def _parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> Delivered:
    return Delivered(path, "parquet", parquet_columns(connection, path))


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2])


def _json(path: Path) -> Delivered | None:
    if path.stat().st_size > LARGEST_JSON:
        return None
    with open_bytes(path) as file:
        content = file.read(LARGEST_JSON + 1)
    if len(content) > LARGEST_JSON:
        raise FileRefused("a JSON document of more than 64 MiB: export it in parts")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    records = _records(document)
    if records is None:
        return None
    flat = [dict(_flat(record)) for record in records]
    names = tuple(dict.fromkeys(name for record in flat for name in record))
    return Delivered(path, "json", names, rows=[[record.get(name) for name in names] for record in flat])


def _records(document: Any) -> list[dict] | None:
    """The answers of a document: an array, Typeform's items, LimeSurvey's responses, bare or in a JSON-RPC
    reply as base64.
    """
    if isinstance(document, dict) and isinstance(document.get("result"), str):
        try:
            document = json.loads(base64.b64decode(document["result"], validate=True))
        except (ValueError, RecursionError):
            raise FileRefused(
                "a JSON-RPC reply whose result is no JSON: export with the document type json"
            ) from None
    if isinstance(document, dict):
        document = document.get("items", document.get("responses", document.get("data")))
    if not isinstance(document, list) or not all(isinstance(record, dict) for record in document):
        return None
    # Older RemoteControl wraps each response in an object with its number as the one key.
    return [
        next(iter(record.values()))
        if len(record) == 1 and isinstance(next(iter(record.values())), dict)
        else record
        for record in document
    ]


def _flat(record: dict, prefix: str = "") -> Iterator[tuple[str, str | None]]:
    for name, value in record.items():
        if name == "answers" and isinstance(value, list):
            yield from _typeform_answers(value)
        elif isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        elif not isinstance(value, list):
            yield f"{prefix}{name}", _text(value)


def _typeform_answers(answers: list) -> Iterator[tuple[str, str | None]]:
    for answer in answers:
        if isinstance(answer, dict) and isinstance(answer.get("field"), dict):
            value = answer.get(str(answer.get("type")))
            value = value.get("label", value.get("other")) if isinstance(value, dict) else value
            yield str(answer["field"].get("ref") or answer["field"].get("id")), _text(value)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, dict | list):
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _of_rows(path: Path, kind: str, rows: list[list[str | None]]) -> Delivered:
    if not rows:
        raise FileRefused("empty file")
    head, *answers = rows
    width = len(head)
    first_row, second_row = (
        tuple(value or "" for value in answers[number]) if len(answers) > number else () for number in (0, 1)
    )
    names = tuple((name or "").strip() for name in head)
    return Delivered(
        path,
        kind,
        names,
        rows=[(row + [None] * width)[:width] for row in answers],
        first_row=first_row,
        second_row=second_row,
    )

"""Writing landing files so that the same rows give the same bytes: CSV, NDJSON, JSON arrays, Parquet,
gzip.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Row = dict[str, Any]


def write_rows(path: Path, rows: list[Row]) -> None:
    """Writes rows in the kind that the file's name says: .csv, .ndjson, .json or .parquet, and .gz after it.

    Without rows there is no file.
    """
    if not rows:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    kinds = path.name.split(".")[1:]
    if kinds[0] == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path, compression="zstd", use_dictionary=True)
    else:
        write_bytes(path, {"csv": as_csv, "ndjson": as_ndjson, "json": as_array}[kinds[0]](rows).encode())


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Writes the bytes, packed when the name ends with .gz; the pack carries neither time nor name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        with path.open("wb") as raw, gzip.GzipFile("", "wb", 2, raw, mtime=0) as packed:
            packed.write(content)
    else:
        path.write_bytes(content)


def as_csv(rows: list[Row]) -> str:
    """Comma-separated text with a header; None is empty, times are ISO 8601 with Z."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows[0])
    writer.writerows([_plain(value) for value in row.values()] for row in rows)
    return text.getvalue()


def as_ndjson(rows: list[Row]) -> str:
    """One JSON object a line."""
    return "".join(f"{_json(row)}\n" for row in rows)


def as_array(rows: list[Row]) -> str:
    """One JSON array, an object a line."""
    return "[\n" + ",\n".join(_json(row) for row in rows) + "\n]\n"


def _json(row: Row) -> str:
    shown = {
        name: value if isinstance(value, bool | int | float) or value is None else _plain(value)
        for name, value in row.items()
    }
    return json.dumps(shown, ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    return value

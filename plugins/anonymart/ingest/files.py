"""Delivered files: telling what they are by their content, and how DuckDB shall read them."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import duckdb

from anonymart.engine import literal
from anonymart.files import parquet
from anonymart.files.contents import UTF16_MARKS, head_of, open_bytes, parquet_columns
from anonymart.files.landed import FileRefused, Landed
from anonymart.ingest.contracts import TABULAR, never_enters
from anonymart.ingest.headers import shown_names
from anonymart.temp_tables import SURVEY_ROWS

# TEMP tables that another module makes.
READS = (SURVEY_ROWS,)

_LONGEST_LINE = 1 << 24
_SAMPLE_ROWS = 2000


def inspect(connection: duckdb.DuckDBPyConnection, path: Path, source: str) -> Landed:
    """Tell what the file is. Raises FileRefused when it is not what it claims."""
    if not path.is_file():
        raise FileRefused("it is no file: a pipe, a device, or a link that leads nowhere")
    head = head_of(path)
    if not head.strip():
        raise FileRefused("empty file")
    if source == "audience":
        from anonymart.audience import reading

        return reading.land(path, head)
    if source in ("nps", "salary"):
        from anonymart import surveys

        if landed := surveys.land(connection, path, source, head):
            return landed
    if head[:4] == b"PAR1":
        return Landed(path, source, "parquet", parquet_columns(connection, path))
    if source == "catalogue":
        from anonymart.catalogue import exports

        if landed := exports.land(connection, path, head):
            return landed
    if head[:2] in UTF16_MARKS:
        raise FileRefused("not UTF-8: it begins with a UTF-16 mark")
    if b"\x00" in head:
        raise FileRefused("binary content")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if source == "learning" and (names := logged_names(text)):
        return Landed(path, source, "lines", names)
    if text[:1] == b"<":
        raise FileRefused("markup (HTML or XML) instead of data")
    if text[:1] == b"[":
        return Landed(path, source, "array", _json_columns(connection, path, source, "array"))
    if text[:1] == b"{":
        return Landed(path, source, "ndjson", _json_columns(connection, path, source, "newline_delimited"))
    if re.search(r"\.(nd)?jsonl?(\.gz)?$", path.name) or path.name.endswith(".parquet"):
        raise FileRefused("the content is not what the name of the file says")
    return _csv(path, source, text)


def reader(landed: Landed, wanted: tuple[str, ...], with_rejects: bool = True) -> str:
    """A FROM item that streams the wanted columns of the file as texts; absent ones are not in it."""
    path = literal(str(landed.path))
    present = [name for name in landed.columns if name in wanted]
    chosen = ", ".join(f'"{name}"' for name in present)
    if landed.kind == "csv":
        columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in _unique(landed.columns))
        rejects = ", store_rejects = true, rejects_limit = 0" if with_rejects else ""
        # DuckDB fails on a reject in a file of which it reads some columns only, so the others are looked at
        # and dropped.
        others = "".join(
            ', "' + name.replace('"', '""') + '"' for name in _unique(landed.columns) if name not in wanted
        )
        looked_at = f" WHERE concat('x'{others}) IS NOT NULL" if others and with_rejects else ""
        return (
            f"(SELECT {chosen} FROM read_csv({path}, auto_detect = false, header = true, delim = "
            f"{literal(landed.delimiter)}, "
            f"quote = '\"', escape = '\"', strict_mode = true, columns = {{{columns}}}, null_padding = "
            f"false{rejects}){looked_at})"
        )
    if landed.kind == "survey":
        # A join alone may have mixed the rows.
        order = " ORDER BY ordinal" if landed.source == "salary" else ""
        return f"(SELECT {chosen}, survey_reason FROM survey_rows{order})"
    if landed.kind == "export":
        return f"(SELECT {chosen} FROM catalogue_rows ORDER BY ordinal)"
    if landed.kind == "parquet":
        casts = ", ".join(f'"{name}"::VARCHAR AS "{name}"' for name in present)
        return f"(SELECT {casts} FROM {parquet.scan(landed.path)})"
    if landed.kind == "array":
        values = ", ".join(f'json ->> {literal(_json_path(name))} AS "{name}"' for name in wanted)
        return f"(SELECT {values} FROM {elements(landed.path)})"
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in wanted)
    return f"read_json({path}, {json_format()}, columns = {{{columns}}})"


def elements(path: Path) -> str:
    """A FROM item with one column `json` for each element of a JSON array, whatever it is; a broken array is
    an error.
    """
    return f"read_json_objects({literal(str(path))}, format = 'array', maximum_object_size = 67108864)"


_EVENT_NAMES = ({"event_type"}, {"actor", "verb", "object"}, {"action", "eventTime"}, {"sensor", "data"})
_SAMPLE_LINES = 200


def logged_names(text: bytes) -> tuple[str, ...]:
    """The names in the events of a log whose lines begin with what a logger has put before them; () where the
    text is no such log.
    """
    found: set[str] = set()
    has_prefix = False
    for line in text.split(b"\n")[:_SAMPLE_LINES]:
        start = re.search(rb'\{\s*"', line)
        if not start:
            continue
        try:
            event = json.loads(line[start.start() :])
        except ValueError:
            continue
        if isinstance(event, dict) and any(names <= set(event) for names in _EVENT_NAMES):
            found |= set(event)
            # What stands before an element of an array is no logger's.
            has_prefix = has_prefix or bool(line[: start.start()].strip(b" \t\r[,"))
    return tuple(sorted(found)) if has_prefix else ()


def logged(path: Path) -> str:
    """A FROM item with one column `json` for each line that is not empty: the object at its end, NULL where
    there is none.
    """
    line = (
        "CASE WHEN starts_with(ltrim(line), '{') THEN line ELSE regexp_extract(line, '[{]\\s*\".*[}]', 0) END"
    )
    return (
        f"(SELECT try_cast({line} AS JSON) AS json FROM read_csv({literal(str(path))}, auto_detect = "
        f"false, header = false, delim = '\x1f', "
        "quote = '', escape = '', strict_mode = false, columns = {'line': 'VARCHAR'}, max_line_size = "
        "16777216) WHERE trim(line) <> '')"
    )


def json_format() -> str:
    """Options of DuckDB's reader of lines: a broken line becomes a row of NULLs."""
    return "format = 'newline_delimited', ignore_errors = true, maximum_object_size = 16777216"


def _json_path(name: str) -> str:
    return f'$."{name}"'


def unknown_columns(
    connection: duckdb.DuckDBPyConnection, landed: Landed, allowed: tuple[str, ...]
) -> list[str]:
    """Columns that admission refuses, as they may be shown, with the policy id where one keeps them out for
    good.
    """
    names = []
    for name, told in zip(landed.columns, shown_names(connection, landed.columns, allowed), strict=True):
        if name in allowed:
            continue
        reason = never_enters(name)
        names.append(f"{told} ({reason})" if reason else told)
    return names


def _csv(path: Path, source: str, text: bytes) -> Landed:
    line = text.split(b"\n", 1)[0].rstrip(b"\r")
    header = line.decode("utf-8", errors="replace")
    delimiter = max(",;\t|", key=header.count)
    try:
        names = tuple(name.strip() for name in next(csv.reader(io.StringIO(header), delimiter=delimiter), []))
    except csv.Error:
        raise FileRefused("its first line cannot be read as names of columns") from None
    read = [name for name in names if name in _names_read(source)]
    if len(read) != len(set(read)):
        raise FileRefused("two columns of one name that is read")
    # DuckDB skips a row that is far too long without a word, so the length of lines is looked at here.
    with open_bytes(path) as lines:
        if any(len(line) > _LONGEST_LINE for line in lines):
            raise FileRefused("one line is longer than 16 MiB")
    return Landed(path, source, "csv", names, delimiter)


def _names_read(source: str) -> tuple[str, ...]:
    return TABULAR[source].names if source in TABULAR else ()


def _unique(names: tuple[str, ...]) -> list[str]:
    """Names for DuckDB, which tells no capitals from small letters: of equal names nobody reads, the later
    ones get their place.
    """
    seen: set[str] = set()
    unique = []
    for position, name in enumerate(names, 1):
        name = name or f"unnamed_{position}"
        while name.casefold() in seen:
            name += f"_{position}"
        seen.add(name.casefold())
        unique.append(name)
    return unique


def _json_columns(
    connection: duckdb.DuckDBPyConnection, path: Path, source: str, layout: str
) -> tuple[str, ...]:
    limit = f"LIMIT {_SAMPLE_ROWS}" if source == "learning" else ""
    errors = ", ignore_errors = true" if layout == "newline_delimited" else ""
    try:
        rows = connection.execute(
            f"SELECT DISTINCT unnest(json_keys(json)) FROM (SELECT json FROM "
            f"read_json_objects({literal(str(path))}, "
            f"format = '{layout}'{errors}, maximum_object_size = 67108864) {limit}) "
            "WHERE json IS NOT NULL AND json_type(json) = 'OBJECT' ORDER BY 1"
        ).fetchall()
    except duckdb.Error:
        raise FileRefused("not JSON as its first character promised, or damaged") from None
    return tuple(row[0] for row in rows)

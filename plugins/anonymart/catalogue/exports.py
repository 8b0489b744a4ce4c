"""Catalogues as platforms export them: Open edX course overviews and block structures, Moodle course lists
and course contents.

Each becomes rows of the catalogue's own columns. What the project has no column for is not read. Which types
of block and module are a chapter, exercise or project stands in `expectations/learning.yml`.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb

from anonymart.files.contents import open_bytes
from anonymart.files.landed import Landed
from anonymart.ingest.learning_map import load_map
from anonymart.objects import KINDS

TABLE = "catalogue_rows"
NAMES = tuple(f"{kind}_{part}" for part in ("id", "title", "aliases") for kind in KINDS)
_LARGEST_BYTES = 256 << 20
_COURSE_KEY = re.compile(r"(course-v1:[^/?#\s]+|[^/+:\s]+\+[^/+:\s]+\+[^/+:\s]+|[^/:\s]+/[^/:\s]+/[^/:\s]+)")
Row = dict[str, str | None]


def land(connection: duckdb.DuckDBPyConnection, path: Path, head: bytes) -> Landed | None:
    """The file as rows in the TEMP table `catalogue_rows`, or None when it is a catalogue in our own columns,
    or nothing that is known here.
    """
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    rows = _of_json(path) if text[:1] in (b"{", b"[") else _of_csv(path, text)
    if rows is None:
        return None
    listed = [[row.get(name) for row in rows] for name in NAMES]
    columns = ", ".join(f'"{name}" VARCHAR' for name in NAMES)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {TABLE} (ordinal BIGINT, {columns})")
    if rows:
        marks = ", ".join("unnest(?::VARCHAR[])" for _ in NAMES)
        connection.execute(f"INSERT INTO {TABLE} SELECT unnest(range(1, {len(rows) + 1})), {marks}", listed)
    return Landed(path, "catalogue", "export", NAMES)


def _of_json(path: Path) -> list[Row] | None:
    with open_bytes(path) as file:
        content = file.read(_LARGEST_BYTES + 1)
    if len(content) > _LARGEST_BYTES:
        return None
    try:
        value = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    for is_of, rows in _JSON:
        if is_of(value):
            return list(rows(value, path))
    return None


def _has_own_columns(names: Iterable[str]) -> bool:
    # course_id alone is also what Open edX calls its key.
    own = set(names) & {*NAMES}
    return bool(own - {"course_id"}) or (
        own == {"course_id"} and not set(names) & {"display_name", "name", "org", "blocks_url"}
    )


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _listed(value: Any) -> list[dict[str, Any]]:
    """The courses of a list, bare or within an answer of an API."""
    if isinstance(value, dict):
        value = value.get("results") or value.get("courses") or []
    return _objects(value)


def _text(value: Any) -> str | None:
    return (
        str(value).strip() or None if isinstance(value, (str, int)) and not isinstance(value, bool) else None
    )


# --- Open edX ---


def _is_block_list(value: Any) -> bool:
    blocks = value.get("blocks") if isinstance(value, dict) else None
    return isinstance(blocks, dict) and isinstance(value.get("root"), str)


def _is_structure(value: Any) -> bool:
    if not isinstance(value, dict) or not value:
        return False
    return all(isinstance(block, dict) and "category" in block for block in value.values())


def _blocks(value: Any, _: Path) -> Iterator[Row]:
    blocks = {
        key: (
            block.get("type"),
            block.get("display_name"),
            block.get("children") or [],
            block.get("id") or key,
        )
        for key, block in value["blocks"].items()
        if isinstance(block, dict)
    }
    yield from _walk(blocks, [value["root"]])


def _structure(value: Any, _: Path) -> Iterator[Row]:
    blocks = {
        key: (
            block.get("category"),
            (block.get("metadata") or {}).get("display_name"),
            block.get("children") or [],
            key,
        )
        for key, block in value.items()
    }
    yield from _walk(blocks, [key for key, block in blocks.items() if block[0] == "course"])


def _walk(blocks: dict[str, tuple[Any, Any, list, str]], roots: list[str]) -> Iterator[Row]:
    """A row for the course and each chapter, exercise and project below it; what lies between only leads
    there.
    """
    waiting: list[tuple[str, str | None, str | None]] = [(root, None, None) for root in reversed(roots)]
    seen: set[str] = set()
    while waiting:
        key, course, chapter = waiting.pop()
        if key in seen or key not in blocks:
            continue
        seen.add(key)
        kind_of_block, title, children, name = blocks[key]
        row: Row = {"course_id": course, "chapter_id": chapter}
        if kind_of_block == "course":
            course = _course_of(name)
            yield {"course_id": course, "course_title": _text(title)}
        elif kind_of_block == "chapter":
            chapter = name
            yield {"course_id": course, "chapter_id": chapter, "chapter_title": _text(title)}
        elif (kind := _block_kind(str(kind_of_block))) in ("exercise", "project"):
            yield row | {f"{kind}_id": name, f"{kind}_title": _text(title)}
        waiting += [(child, course, chapter) for child in reversed(children) if isinstance(child, str)]


def _block_kind(name: str) -> str | None:
    mapping = load_map()
    return next((kind for kind in KINDS if name in mapping.kinds[kind]), None)


def _course_of(block: str) -> str:
    """The key of the course whose root block this is: block-v1:A+B+C+type@course+block@course is of
    course-v1:A+B+C.
    """
    if found := re.match(r"block-v1:(.+)\+type@course\+block@", block):
        return "course-v1:" + re.sub(r"\+(branch|version)@[^+]+", "", found[1])
    if found := re.match(r"i4x://([^/]+)/([^/]+)/course/([^/?@]+)", block):
        return "/".join(found.groups())
    return block


def _is_overviews(value: Any) -> bool:
    return _is_overview_head(
        set().union(*(each.keys() for each in _listed(value)[:50])),
        [each.get("course_id") or each.get("id") for each in _listed(value)[:50]],
    )


def _is_overview_head(names: set[str], keys: list[Any]) -> bool:
    named = [key for key in keys if key is not None]
    return bool(
        not _has_own_columns(names)
        and names & {"display_name", "name"}
        and named
        and all(_COURSE_KEY.fullmatch(str(key)) for key in named)
    )


def _overviews(value: Any, _: Path) -> Iterator[Row]:
    for each in _listed(value):
        key = _text(each.get("course_id")) or _text(each.get("id"))
        yield {"course_id": key, "course_title": _text(each.get("display_name")) or _text(each.get("name"))}


# --- Moodle ---


def _is_moodle_courses(value: Any) -> bool:
    listed = _listed(value)
    return bool(listed) and all("fullname" in each and "shortname" in each for each in listed)


def _moodle_courses(value: Any, _: Path) -> Iterator[Row]:
    for each in _listed(value):
        # The front page of a site is its course 1.
        if each.get("format") != "site":
            yield _moodle_course(each)


def _moodle_course(each: dict[str, Any]) -> Row:
    """Its idnumber, else its short name, is the school's own code; statements name it by its number."""
    number, idnumber, shortname = (_text(each.get(name)) for name in ("id", "idnumber", "shortname"))
    aliases = [f"course/view.php?id={number}"] if number else []
    aliases += [f"course/view.php?idnumber={idnumber}"] if idnumber and " " not in idnumber else []
    return {
        "course_id": idnumber or shortname or (aliases[0] if aliases else None),
        "course_title": _text(each.get("fullname")),
        "course_aliases": json.dumps(aliases),
    }


def _is_contents(value: Any) -> bool:
    sections = _sections(value)
    return bool(sections) and all(isinstance(each.get("modules"), list) for each in sections)


def _sections(value: Any) -> list[dict[str, Any]]:
    return _objects(value.get("contents") if isinstance(value, dict) else value)


def _contents(value: Any, path: Path) -> Iterator[Row]:
    course = _contents_course(value, path)
    modules = load_map().moodle_modules
    for section in _sections(value):
        chapter = f"course/section.php?id={section['id']}" if _text(section.get("id")) else None
        if chapter:
            yield {"course_id": course, "chapter_id": chapter, "chapter_title": _text(section.get("name"))}
        for module in _objects(section["modules"]):
            kind, number = modules.get(str(module.get("modname"))), _text(module.get("id"))
            if kind and number:
                address = _text(module.get("url")) or f"mod/{module['modname']}/view.php?id={number}"
                yield {
                    "course_id": course,
                    "chapter_id": chapter,
                    f"{kind}_id": address,
                    f"{kind}_title": _text(module.get("name")),
                }


def _contents_course(value: Any, path: Path) -> str | None:
    """The answer does not say which course it is of: a wrapper's courseid does, else the number at the end of
    the file's name.
    """
    number = _text(value.get("courseid")) if isinstance(value, dict) else None
    if not number and (found := re.search(r"(\d+)\.json(\.gz)?$", path.name)):
        number = found[1]
    return f"course/view.php?id={number}" if number else None


_JSON: tuple[tuple[Callable[[Any], bool], Callable[[Any, Path], Iterator[Row]]], ...] = (
    (_is_block_list, _blocks),
    (_is_structure, _structure),
    (_is_moodle_courses, _moodle_courses),
    (_is_contents, _contents),
    (_is_overviews, _overviews),
)


def _of_csv(path: Path, head: bytes) -> list[Row] | None:
    line = head.split(b"\n", 1)[0].decode("utf-8", errors="replace").strip("\r")
    delimiter = max(",;\t|", key=line.count)
    try:
        names = [name.strip() for name in next(csv.reader(io.StringIO(line), delimiter=delimiter), [])]
    except csv.Error:
        return None
    if _has_own_columns(names):
        return None
    is_moodle = {"shortname", "fullname"} <= set(names)
    if not is_moodle and not (set(names) & {"display_name", "name"} and set(names) & {"id", "course_id"}):
        return None
    try:
        with open_bytes(path) as file:
            text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
            rows = [
                {name.strip(): value for name, value in row.items() if name}
                for row in csv.DictReader(text, delimiter=delimiter)
            ]
    except (UnicodeDecodeError, csv.Error):
        return None
    if is_moodle:
        return [_moodle_course(row) for row in rows]
    return list(_overviews(rows, path)) if _is_overviews(rows) else None

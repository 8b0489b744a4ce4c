"""Learning activity as other tools write it, brought into the paths of an xAPI statement: one FROM item for
each format.

xAPI 1.0.3 and 2.0 statements; Caliper 1.2 events, alone or in envelopes; Open edX tracking logs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from anonymart.engine import literal
from anonymart.files import parquet
from anonymart.files.landed import FileRefused, Landed
from anonymart.ingest import caliper, moodle_log
from anonymart.ingest.files import elements, json_format, logged, reader
from anonymart.ingest.learning_map import LearningMap
from anonymart.ingest.open_edx import OpenEdx

TOP_LEVEL = ("id", "timestamp", "stored", "actor", "verb", "object", "result", "context")
# What may stand at the top of each format; other names are shown in the ledger. Of these only the paths below
# are read.
KNOWN = {
    "xapi": (*TOP_LEVEL, "version", "authority", "attachments"),
    "caliper": (
        *(
            "@context",
            "id",
            "type",
            "profile",
            "actor",
            "action",
            "object",
            "eventTime",
            "target",
            "generated",
            "edApp",
            "group",
            "membership",
        ),
        *(
            "session",
            "federatedSession",
            "referrer",
            "extensions",
            "sensor",
            "sendTime",
            "dataVersion",
            "data",
        ),
    ),
    "open_edx": (
        *(
            "username",
            "event_type",
            "event_source",
            "name",
            "time",
            "context",
            "event",
            "session",
            "ip",
            "agent",
            "host",
            "page",
            "referer",
        ),
        *("accept_language", "user_id"),
    ),
}
_LEAF = "VARCHAR"
_AGENT = {
    "mbox": "VARCHAR",
    "mbox_sha1sum": "VARCHAR",
    "openid": "VARCHAR",
    "account": {"homePage": "VARCHAR", "name": "VARCHAR"},
}
_WHOLE = [{"id": _LEAF, "definition": {"type": _LEAF}}]


def format_of(landed: Landed) -> str:
    """'xapi', 'caliper', 'open_edx' or 'moodle_log', by the names at the top of its first rows."""
    names = set(landed.columns)
    if landed.kind in ("csv", "parquet") and moodle_log.form_of(landed.columns):
        return "moodle_log"
    if "verb" in names or landed.kind not in ("ndjson", "lines", "array"):
        return "xapi"
    if {"action", "eventTime"} <= names or {"sensor", "data"} <= names:
        return "caliper"
    return "open_edx" if {"event_type", "event_source", "time"} <= names else "xapi"


def paths(mapping: LearningMap) -> dict[str, Any]:
    """The allow-list of paths of a statement, with their types: nothing else is read (D-IDENT)."""
    return {
        "id": _LEAF,
        "timestamp": _LEAF,
        "stored": _LEAF,
        "actor": {"objectType": _LEAF, **_AGENT},
        "verb": {"id": _LEAF, "display": "JSON"},
        # An agent as object, and an instructor, say whom a statement is about and who acted
        # (`about_the_object`): used, never stored beside.
        "object": {"objectType": _LEAF, "id": _LEAF, "definition": {"type": _LEAF, "name": "JSON"}, **_AGENT},
        "result": {
            "success": _LEAF,
            "completion": _LEAF,
            "duration": _LEAF,
            "score": {"scaled": _LEAF, "raw": _LEAF, "min": _LEAF, "max": _LEAF},
            "extensions": {iri: _LEAF for iri in (*mapping.percent, *mapping.share)},
        },
        "context": {"contextActivities": {"parent": _WHOLE, "grouping": _WHOLE}, "instructor": _AGENT},
    }


def statements(landed: Landed, mapping: LearningMap) -> str:
    """A FROM item with one column for each allowed top-level path of a statement, a row for each statement or
    event. Raises FileRefused.
    """
    known = format_of(landed)
    if known == "caliper":
        return _transformed(
            caliper.parts(mapping.caliper),
            f"(SELECT unnest({caliper.EVENTS}) AS e FROM {_lines(landed)})",
            mapping,
        )
    if known == "moodle_log":
        return _transformed(
            moodle_log.parts(mapping.moodle), moodle_log.rows(landed, mapping.moodle), mapping
        )
    if known == "open_edx":
        events = OpenEdx(mapping.open_edx)
        return _transformed(events.parts(), events.rows(_lines(landed)), mapping)
    path, shape = literal(str(landed.path)), paths(mapping)
    if landed.kind == "ndjson":
        columns = ", ".join(f"{literal(name)}: {literal(_sql_type(inner))}" for name, inner in shape.items())
        return f"read_json({path}, {json_format()}, columns = {{{columns}}})"
    structure = literal(json.dumps(shape))
    if landed.kind in ("array", "lines"):
        return (
            f"(SELECT unnest(json_transform(coalesce(json, '{{}}'::JSON), {structure})) FROM "
            f"{_lines(landed)})"
        )
    if not set(landed.columns) & {"actor", "verb", "object"}:
        raise FileRefused("it has none of the columns actor, verb and object of a statement")
    # CSV and Parquet hold the same paths as columns, as texts of JSON or as structures.
    rows = reader(landed, TOP_LEVEL) if landed.kind == "csv" else parquet.scan(landed.path)
    fields = ", ".join(
        f"{literal(name)}, {_as_json(name, landed)}" for name in TOP_LEVEL if name in landed.columns
    )
    return f"(SELECT unnest(json_transform(json_object({fields}), {structure})) FROM {rows})"


def _lines(landed: Landed) -> str:
    if landed.kind == "array":
        return elements(landed.path)
    # A logger may put its own words before an event on some lines only.
    if landed.kind == "lines" or format_of(landed) == "open_edx":
        return logged(landed.path)
    return f"read_json_objects({literal(str(landed.path))}, {json_format()})"


def _transformed(parts: Mapping[str, str], rows: str, mapping: LearningMap) -> str:
    """SQL for each part of a statement, over the JSON value `e`, as the columns that a file of statements
    gives, and `is_use`.
    """
    fields = ", ".join(f"{literal(name)}, {sql}" for name, sql in parts.items())
    shape = paths(mapping) | {"is_use": "BOOLEAN"}
    return f"(SELECT unnest(json_transform(json_object({fields}), {literal(json.dumps(shape))})) FROM {rows})"


def pairs(landed: Landed, mapping: LearningMap) -> str | None:
    """A query of (identifier, alias): usernames and user ids that the platform's own log says are one
    account. None: the format tells none.
    """
    if format_of(landed) != "open_edx":
        return None
    return f"""SELECT identifier, any_value(alias) AS alias FROM (
        SELECT DISTINCT identifier, alias FROM (SELECT {OpenEdx(mapping.open_edx).pairs()}
        FROM (SELECT json AS e FROM {_lines(landed)}))
        WHERE identifier IS NOT NULL AND alias IS NOT NULL) GROUP BY identifier HAVING count(*) = 1"""


def _sql_type(shape: dict | list | str) -> str:
    if isinstance(shape, dict):
        return "STRUCT(" + ", ".join(f'"{name}" {_sql_type(inner)}' for name, inner in shape.items()) + ")"
    if isinstance(shape, list):
        return _sql_type(shape[0]) + "[]"
    return shape


def _as_json(name: str, landed: Landed) -> str:
    if landed.kind == "csv":
        return f'coalesce(try_cast("{name}" AS JSON), to_json("{name}"))'
    return (
        f'CASE WHEN typeof("{name}") = \'VARCHAR\' THEN coalesce(try_cast("{name}"::VARCHAR AS JSON), '
        f'to_json("{name}")) ELSE to_json("{name}") END'
    )

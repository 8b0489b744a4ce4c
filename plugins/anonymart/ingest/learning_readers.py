"""Learning activity as other tools write it, brought into the paths of an xAPI statement: one FROM item for each format.

xAPI 1.0.3 and 2.0 statements; Caliper 1.2 events, alone or in envelopes; Open edX tracking logs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from anonymart.engine import literal
from anonymart.ingest.files import Landed, elements, json_format, reader
from anonymart.ingest.learning_map import LearningMap

TOP_LEVEL = ("id", "timestamp", "stored", "actor", "verb", "object", "result", "context")
# What may stand at the top of each format; other names are shown in the ledger. Of these only the paths below are read.
KNOWN = {
    "xapi": (*TOP_LEVEL, "version", "authority", "attachments"),
    "caliper": (
        *("@context", "id", "type", "profile", "actor", "action", "object", "eventTime", "target", "generated", "edApp", "group", "membership"),
        *("session", "federatedSession", "referrer", "extensions", "sensor", "sendTime", "dataVersion", "data"),
    ),
    "open_edx": (
        *("username", "event_type", "event_source", "name", "time", "context", "event", "session", "ip", "agent", "host", "page", "referer"),
        *("accept_language", "user_id"),
    ),
}
_CALIPER = "http://purl.imsglobal.org/caliper/"
_CALIPER_ACTION = "http://purl.imsglobal.org/vocab/caliper/action#"
_LEAF = "VARCHAR"
_WHOLE = [{"id": _LEAF, "definition": {"type": _LEAF}}]


def format_of(landed: Landed) -> str:
    """'xapi', 'caliper' or 'open_edx', by the names at the top of its first rows."""
    names = set(landed.columns)
    if "verb" in names or landed.kind not in ("ndjson", "array"):
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
        "actor": {"objectType": _LEAF, "mbox": _LEAF, "mbox_sha1sum": _LEAF, "openid": _LEAF, "account": {"homePage": _LEAF, "name": _LEAF}},
        "verb": {"id": _LEAF, "display": "JSON"},
        "object": {"objectType": _LEAF, "id": _LEAF, "definition": {"type": _LEAF, "name": "JSON"}},
        "result": {
            "success": _LEAF,
            "completion": _LEAF,
            "duration": _LEAF,
            "score": {"scaled": _LEAF, "raw": _LEAF, "min": _LEAF, "max": _LEAF},
            "extensions": {iri: _LEAF for iri in (*mapping.percent, *mapping.share)},
        },
        "context": {"contextActivities": {"parent": _WHOLE, "grouping": _WHOLE}},
    }


def statements(landed: Landed, mapping: LearningMap) -> str:
    """A FROM item with one column for each allowed top-level path of a statement, a row for each statement or event."""
    known = format_of(landed)
    if known == "caliper":
        return _transformed(_caliper(), f"(SELECT unnest({_EVENTS}) AS e FROM {_lines(landed)})", mapping)
    if known == "open_edx":
        return _transformed(_open_edx(mapping.open_edx), f"(SELECT json AS e FROM {_lines(landed)})", mapping)
    path, shape = literal(str(landed.path)), paths(mapping)
    if landed.kind == "ndjson":
        columns = ", ".join(f"{literal(name)}: {literal(_sql_type(inner))}" for name, inner in shape.items())
        return f"read_json({path}, {json_format()}, columns = {{{columns}}})"
    structure = literal(json.dumps(shape))
    if landed.kind == "array":
        return f"(SELECT unnest(json_transform(json, {structure})) FROM {elements(landed.path)})"
    # CSV and Parquet hold the same paths as columns, as texts of JSON or as structures.
    rows = reader(landed, TOP_LEVEL) if landed.kind == "csv" else f"read_parquet({path})"
    fields = ", ".join(f"{literal(name)}, {_as_json(name, landed)}" for name in TOP_LEVEL if name in landed.columns)
    return f"(SELECT unnest(json_transform(json_object({fields}), {structure})) FROM {rows})"


def _lines(landed: Landed) -> str:
    if landed.kind == "array":
        return elements(landed.path)
    return f"read_json_objects({literal(str(landed.path))}, {json_format()})"


def _transformed(parts: Mapping[str, str], rows: str, mapping: LearningMap) -> str:
    """SQL for each part of a statement, over the JSON value `e`, as the same columns that a file of statements gives."""
    fields = ", ".join(f"{literal(name)}, {sql}" for name, sql in parts.items())
    return f"(SELECT unnest(json_transform(json_object({fields}), {literal(json.dumps(paths(mapping)))})) FROM {rows})"


# An envelope holds its events in `data`; a bare event is one of itself.
_EVENTS = "CASE WHEN json_type((json -> '$.data')) = 'ARRAY' THEN from_json((json -> '$.data'), '[\"JSON\"]') ELSE [json] END"


def _id_of(entity: str) -> str:
    """The id of a Caliper entity, which may stand for itself as a text."""
    return f"CASE json_type({entity}) WHEN 'VARCHAR' THEN ({entity} ->> '$') ELSE ({entity} ->> '$.id') END"


def _caliper() -> dict[str, str]:
    """Caliper 1.2 (IMS/1EdTech): the actor, but who was graded in a GradeEvent; the object, with its course section as grouping."""
    is_grade = "coalesce((e ->> '$.type') = 'GradeEvent', false)"
    who = f"(CASE WHEN {is_grade} THEN (e -> '$.object.assignee') ELSE (e -> '$.actor') END)"
    what = f"(CASE WHEN {is_grade} THEN (e -> '$.object.assignable') ELSE (e -> '$.object') END)"
    name = f"({_id_of(who)})"
    is_person = f"coalesce(({who} ->> '$.type'), 'Person') = 'Person'"
    actor = f"""CASE WHEN NOT {is_person} OR {name} IS NULL THEN NULL
        WHEN {name} LIKE 'mailto:%' THEN json_object('mbox', {name})
        WHEN regexp_matches({name}, '^https?://[^/]+/(.*/)?[^/]+/?$') THEN json_object('account', json_object(
            'homePage', regexp_extract({name}, '^(.*)/[^/]+/?$', 1), 'name', regexp_extract({name}, '([^/]+)/?$', 1)))
        ELSE json_object('openid', {name}) END"""
    whole = "json_array(json_object('id', {id}, 'definition', json_object('type', {literal} || ({entity} ->> '$.type'))))"
    context = {
        key: whole.format(id=_id_of(entity), literal=literal(_CALIPER), entity=entity)
        for key, entity in (("parent", f"({what} -> '$.isPartOf')"), ("grouping", "(e -> '$.group')"))
    }
    return {
        "id": "regexp_replace((e ->> '$.id'), '^urn:uuid:', '')",
        "timestamp": "e ->> '$.eventTime'",
        "actor": actor,
        "verb": f"json_object('id', {literal(_CALIPER_ACTION)} || regexp_extract((e ->> '$.action'), '([^#/]+)$', 1))",
        "object": f"json_object('id', {_id_of(what)}, 'definition', json_object('type', {literal(_CALIPER)} || ({what} ->> '$.type')))",
        "result": "json_object('score', json_object('raw', e ->> '$.generated.scoreGiven', 'max', e ->> '$.generated.maxScore'))",
        "context": f"json_object('contextActivities', json_object('parent', {context['parent']}, 'grouping', {context['grouping']}))",
    }


def _open_edx(settings: Mapping[str, Any]) -> dict[str, str]:
    """Open edX tracking logs: what `expectations/learning.yml` names, everything else as use of its course."""
    # `event` is an object, or a text that holds one.
    event = "CASE WHEN json_type(e -> '$.event') = 'VARCHAR' THEN try_cast((e ->> '$.event') AS JSON) ELSE (e -> '$.event') END"

    def at(path: str) -> str:
        return f"(({event}) ->> {literal('$' + path.removeprefix('$.event'))})" if path.startswith("$.event.") else f"(e ->> {literal(path)})"

    def chosen(part: str, as_sql: Any, otherwise: str) -> str:
        cases = " ".join(f"WHEN {literal(name)} THEN {as_sql(told[part])}" for name, told in settings["events"].items() if part in told)
        return f"CASE (e ->> '$.event_type') {cases} ELSE {otherwise} END"

    course = "coalesce(nullif((e ->> '$.context.course_id'), ''), 'urn:open-edx:platform')"
    # A browser sends a problem_check of its own, without the problem: it counts as use of the course.
    thing = f"({chosen('object', at, 'NULL')})"
    page = literal(settings["account_home_page"]) if settings["account_home_page"] else "('https://' || nullif((e ->> '$.host'), ''))"
    has_event = "json_type(e) = 'OBJECT' AND (e ->> '$.event_type') IS NOT NULL"
    segment = literal("http://adlnet.gov/expapi/activities/")
    return {
        "id": "NULL",
        "timestamp": "e ->> '$.time'",
        "actor": f"CASE WHEN {has_event} THEN json_object('account', json_object('homePage', {page}, 'name', {at(settings['account_name'])})) END",
        "verb": f"CASE WHEN {has_event} THEN json_object('id', CASE WHEN {thing} IS NULL THEN 'urn:open-edx:use' ELSE {chosen('verb', literal, 'NULL')} END) END",
        "object": f"""CASE WHEN {has_event} THEN json_object('id', coalesce({thing}, {course}),
            'definition', json_object('type', CASE WHEN {thing} IS NULL THEN {literal('http://adlnet.gov/expapi/activities/course')}
                ELSE {segment} || {chosen('type', literal, 'NULL')} END)) END""",
        "result": f"""json_object('success', CASE {at('$.event.success')} WHEN 'correct' THEN 'true' WHEN 'incorrect' THEN 'false' END,
            'score', json_object('raw', {chosen('raw', at, 'NULL')}, 'max', {chosen('max', at, 'NULL')}))""",
        "context": f"json_object('contextActivities', json_object('grouping', json_array(json_object('id', {course}))))",
    }


def _sql_type(shape: dict | list | str) -> str:
    if isinstance(shape, dict):
        return "STRUCT(" + ", ".join(f'"{name}" {_sql_type(inner)}' for name, inner in shape.items()) + ")"
    if isinstance(shape, list):
        return _sql_type(shape[0]) + "[]"
    return shape


def _as_json(name: str, landed: Landed) -> str:
    if landed.kind == "csv":
        return f'coalesce(try_cast("{name}" AS JSON), to_json("{name}"))'
    return f'CASE WHEN typeof("{name}") = \'VARCHAR\' THEN coalesce(try_cast("{name}"::VARCHAR AS JSON), to_json("{name}")) ELSE to_json("{name}") END'

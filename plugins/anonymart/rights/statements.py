"""Learning activity as xAPI 1.0.3 statements (R-PORT): from the raw rows, and from the history for what they
no longer hold.
"""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

import duckdb

from anonymart.temp_tables import OWN, OWN_KEYS

# TEMP tables that another module makes.
READS = (OWN, OWN_KEYS)

_ACTIVITIES = "http://adlnet.gov/expapi/activities/"
_TYPES = {
    "course": "course",
    "chapter": "module",
    "exercise": "question",
    "project": "assessment",
    "path": "course",
}
_VERBS = "http://adlnet.gov/expapi/verbs/"
_ITEMS = "urn:item:"
_NO_IRI = re.compile(r'[\x00-\x20\x7f<>"{}|\\^`]|%(?![0-9A-Fa-f]{2})')
_PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"
_EVENTS = "warehouse.intermediate.int_events"


def learning_statements(connection: duckdb.DuckDBPyConnection, there: set[str]) -> list[dict[str, Any]]:
    """Statements of the person in the TEMP tables `own` and `own_keys`, the oldest first.

    What the raw rows no longer hold is rebuilt from the history: course and item by their codes, the id from
    its content.
    """
    rows = connection.execute("""
        SELECT actor, statement_id, verb_id, object_id, object_type, parent_id, occurred_at, success,
            completion, score_scaled, progress
        FROM vault.raw.learning WHERE actor IN (SELECT identifier FROM own)
    """).fetchall()
    if _EVENTS in there:
        rows += connection.execute(f"""
            WITH names AS (SELECT verb, min(verb_id) AS verb_id FROM warehouse.seeds.verbs GROUP BY verb)
            SELECT own_keys.identifier, NULL, coalesce(names.verb_id, '{_VERBS}' || events.verb),
                coalesce(events.project_id, events.exercise_id, events.chapter_id, events.course_id,
                    events.path_id, 'unknown'),
                events.object_kind, if(events.object_kind <> 'course', events.course_id, NULL),
                    events.occurred_at,
                events.is_success, events.is_completion, events.score_scaled, events.progress
            FROM {_EVENTS} AS events
            INNER JOIN own_keys USING (identity_key)
            LEFT JOIN names USING (verb)
            WHERE NOT coalesce(events.is_repeat, false)
                AND events.load_no NOT IN (SELECT coalesce(admitted_no, load_no) FROM vault.raw.learning
                WHERE actor IN (SELECT identifier FROM own))
        """).fetchall()
    return sorted(
        (_statement(_Row(*row)) for row in rows), key=lambda found: (found["timestamp"], found["id"])
    )


class _Row(NamedTuple):
    """An event of the person, as the vault or the history tells it."""

    identifier: str
    statement_id: uuid.UUID | None
    verb: str
    item: str
    item_type: str | None
    parent: str | None
    at: datetime
    success: bool | None
    completion: bool | None
    scaled: float | None
    progress: float | None


def _statement(row: _Row) -> dict[str, Any]:
    identifier, statement_id, verb, item, item_type, parent, at, success, completion, scaled, progress = row
    moment = f"{at.isoformat(timespec='milliseconds')}Z"
    made = statement_id or uuid.uuid5(
        uuid.NAMESPACE_URL, "|".join(map(str, (identifier, verb, item, moment, success, scaled, progress)))
    )
    activity: dict[str, Any] = {"objectType": "Activity", "id": _iri(item)}
    if item_type and item_type != "other":
        activity["definition"] = {
            "type": _iri(item_type) if ":" in item_type else _ACTIVITIES + _TYPES.get(item_type, "objective")
        }
    statement: dict[str, Any] = {
        "id": str(made),
        "actor": _actor(identifier),
        "verb": {"id": _iri(verb)},
        "object": activity,
        "timestamp": moment,
    }
    result: dict[str, Any] = {}
    if scaled is not None:
        result["score"] = {"scaled": scaled}
    if success is not None:
        result["success"] = success
    if completion is not None:
        result["completion"] = completion
    if progress is not None:
        result["extensions"] = {_PROGRESS: progress}
    if result:
        statement["result"] = result
    if parent:
        statement["context"] = {
            "contextActivities": {"parent": [{"objectType": "Activity", "id": _iri(parent)}]}
        }
    return statement


def _actor(identifier: str) -> dict[str, Any]:
    kind, _, value = identifier.partition(":")
    match kind:
        case "email":
            return {"objectType": "Agent", "mbox": f"mailto:{value}"}
        case "sha1":
            return {"objectType": "Agent", "mbox_sha1sum": value}
        case "openid":
            return {"objectType": "Agent", "openid": _iri(value)}
        case "account":
            home_page, _, name = value.rpartition("|")
            return {"objectType": "Agent", "account": {"homePage": _iri(home_page), "name": name}}
    return {"objectType": "Agent", "account": {"homePage": "urn:school:learners", "name": value}}


def _iri(text: str) -> str:
    """An IRI as it is, a bare code as a URN; signs that no IRI may hold are percent-encoded (RFC 3987)."""
    whole = text if ":" in text else f"{_ITEMS}{text}"
    return _NO_IRI.sub(lambda found: quote(found[0], safe=""), whole)

"""The rules of a statement after the xAPI specification 1.0.3, part two: Statement properties (2.4) and their
types (2.2).

Kept apart from the code that writes statements, and stricter than a learning record store: what is not named
is a fault.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_IFI = ("mbox", "mbox_sha1sum", "openid", "account")


def faults(statement: Any) -> list[str]:
    """What is wrong with a statement; an empty list when a store must accept it."""
    found = _unknown(
        statement, {"id", "actor", "verb", "object", "result", "context", "timestamp"}, "statement"
    )
    found += [f"{name} is missing" for name in ("actor", "verb", "object") if name not in statement]
    found += [] if _is_uuid(statement.get("id")) else ["2.4.1: id is no UUID"]
    found += _actor(statement.get("actor", {}))
    found += [] if _is_iri(statement.get("verb", {}).get("id")) else ["2.4.3: verb.id is no IRI"]
    found += _activity(statement.get("object", {}))
    found += _result(statement.get("result", {}))
    found += _context(statement.get("context", {}))
    found += [] if _TIME.fullmatch(str(statement.get("timestamp"))) else ["2.4.7: timestamp is not ISO 8601"]
    return found


def _actor(actor: Any) -> list[str]:
    found = _unknown(actor, {"objectType", "name", *_IFI}, "actor")
    if sum(name in actor for name in _IFI) != 1:
        found.append("2.4.2.1: an agent has exactly one inverse functional identifier")
    if actor.get("objectType", "Agent") != "Agent":
        found.append("2.4.2.1: objectType")
    if "mbox" in actor and not re.fullmatch(r"mailto:[^@\s]+@[^@\s]+", str(actor["mbox"])):
        found.append("2.4.2.3: mbox is no mailto IRI")
    if "mbox_sha1sum" in actor and not re.fullmatch(r"[0-9a-f]{40}", str(actor["mbox_sha1sum"])):
        found.append("2.4.2.3: mbox_sha1sum")
    if "openid" in actor and not _is_iri(actor["openid"]):
        found.append("2.4.2.3: openid is no URI")
    if "account" in actor:
        account = actor["account"]
        found += _unknown(account, {"homePage", "name"}, "account")
        if (
            not _is_iri(account.get("homePage"))
            or not isinstance(account.get("name"), str)
            or not account["name"]
        ):
            found.append("2.4.2.4: account")
    return found


def _activity(activity: Any) -> list[str]:
    found = _unknown(activity, {"objectType", "id", "definition"}, "activity")
    if activity.get("objectType", "Activity") != "Activity" or not _is_iri(activity.get("id")):
        found.append("2.4.4.1: an activity has an IRI")
    definition = activity.get("definition", {})
    found += _unknown(definition, {"type"}, "definition")
    if "type" in definition and not _is_iri(definition["type"]):
        found.append("2.4.4.1: type is no IRI")
    return found


def _result(result: Any) -> list[str]:
    found = _unknown(result, {"score", "success", "completion", "extensions"}, "result")
    score = result.get("score", {})
    found += _unknown(score, {"scaled"}, "score")
    if "scaled" in score and (not isinstance(score["scaled"], int | float) or not -1 <= score["scaled"] <= 1):
        found.append("2.4.5.1: scaled is not between -1 and 1")
    found += [
        f"2.4.5: {name} is no boolean"
        for name in ("success", "completion")
        if name in result and not isinstance(result[name], bool)
    ]
    found += [
        f"4.1.11: extension {name} is no IRI" for name in result.get("extensions", {}) if not _is_iri(name)
    ]
    return found


def _context(context: Any) -> list[str]:
    found = _unknown(context, {"contextActivities"}, "context")
    activities = context.get("contextActivities", {})
    found += _unknown(activities, {"parent", "grouping"}, "contextActivities")
    return found + [
        problem for several in activities.values() for activity in several for problem in _activity(activity)
    ]


def _unknown(thing: Any, known: set[str], name: str) -> list[str]:
    if not isinstance(thing, dict):
        return [f"2.2: {name} is no object"]
    return [f"2.2: {name} has an unknown property" for key in thing if key not in known] + [
        f"2.2: {name} has a null" for value in thing.values() if value is None
    ]


def _is_uuid(text: Any) -> bool:
    try:
        return str(uuid.UUID(str(text))) == str(text).lower()
    except ValueError:
        return False


def _is_iri(text: Any) -> bool:
    return isinstance(text, str) and bool(_IRI.fullmatch(text))

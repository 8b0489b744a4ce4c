"""Files whose codes are names of people: the profile page of a learner that somebody visits, a path called
like an account.

Nothing at admission tells such a code from that of a new course, so what it becomes further on has to be
looked at.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

CAMPUS = "https://campus.anonymart.example"
TYPES = "http://adlnet.gov/expapi/activities"


def deliver_names_in_objects(landing: Path, accounts: list[str], emails: list[str]) -> dict[str, str]:
    """Write the files; gives by case the value that must reach nothing outside the vault. One person plays
    one case.
    """
    visitor, names, addresses = accounts[0], iter(accounts[1:]), iter(emails)
    planted: dict[str, str] = {}
    statements = [_statement(visitor, case, **parts) for case, parts in _objects(names, addresses, planted)]
    _write(landing / "learning" / "names-in-objects.ndjson", statements)
    moment = "2026-02-10T10:00:00Z"
    for source, rows in _codes(names, addresses, planted, moment).items():
        _write(landing / source / "names-in-codes.ndjson", rows)
    return planted


def _objects(
    names: Iterator[str], addresses: Iterator[str], planted: dict[str, str]
) -> Iterator[tuple[str, dict]]:
    def account(case: str) -> str:
        return planted.setdefault(case, next(names))

    def email(case: str) -> str:
        return planted.setdefault(case, next(addresses))

    yield "profile", {"object_id": f"{CAMPUS}/xapi/profile/{account('profile')}"}
    yield (
        "profile of a type",
        {
            "object_id": f"{CAMPUS}/xapi/profile/{account('profile of a type')}",
            "type": "http://activitystrea.ms/schema/1.0/person",
        },
    )
    for kind in ("course", "module", "assessment", "cmi.interaction"):
        yield kind, {"object_id": f"{CAMPUS}/xapi/{kind}/{account(kind)}", "type": f"{TYPES}/{kind}"}
    yield (
        "project",
        {
            "object_id": f"{CAMPUS}/xapi/p/{account('project')}",
            "type": "http://id.tincanapi.com/activitytype/project",
        },
    )
    yield (
        "path",
        {
            "object_id": f"{CAMPUS}/xapi/p/{account('path')}",
            "type": "http://id.tincanapi.com/activitytype/learning-path",
        },
    )
    yield "bare name", {"object_id": account("bare name"), "type": f"{TYPES}/course"}
    yield "query", {"object_id": f"{CAMPUS}/xapi/course/x?of={account('query')}", "type": f"{TYPES}/course"}
    yield (
        "fragment",
        {"object_id": f"{CAMPUS}/xapi/course/x#{account('fragment')}", "type": f"{TYPES}/course"},
    )
    yield (
        "capitals",
        {"object_id": f"{CAMPUS}/xapi/course/{account('capitals').upper()}", "type": f"{TYPES}/course"},
    )
    yield "verb", {"object_id": f"{CAMPUS}/xapi/course/x", "verb": f"{CAMPUS}/verbs/{account('verb')}"}
    yield "type", {"object_id": f"{CAMPUS}/xapi/course/x", "type": f"{TYPES}/{account('type')}"}
    yield (
        "parent",
        {"object_id": f"{CAMPUS}/xapi/course/x", "parent": f"{CAMPUS}/xapi/course/{account('parent')}"},
    )
    yield (
        "grouping",
        {"object_id": f"{CAMPUS}/xapi/course/x", "grouping": f"{CAMPUS}/xapi/path/{account('grouping')}"},
    )
    yield "address", {"object_id": f"{CAMPUS}/xapi/course/{email('address')}", "type": f"{TYPES}/course"}
    escaped = email("escaped address").replace("@", "%40")
    yield "escaped address", {"object_id": f"{CAMPUS}/xapi/course/{escaped}", "type": f"{TYPES}/course"}
    yield (
        "address in the parent",
        {"object_id": f"{CAMPUS}/xapi/course/x", "parent": f"mailto:{email('address in the parent')}"},
    )


def _codes(
    names: Iterator[str], addresses: Iterator[str], planted: dict[str, str], moment: str
) -> dict[str, list[dict]]:
    def named(case: str, values: Iterator[str]) -> str:
        return planted.setdefault(case, next(values))

    person = "L00000007"
    return {
        "enrolments": [
            {
                "learner_id": person,
                "path_id": named("path of an enrolment", names),
                "started_on": "2026-02-10",
            },
            {
                "learner_id": person,
                "path_id": named("address as a path", addresses),
                "started_on": "2026-02-11",
            },
            {
                "learner_id": person,
                "path_id": "path-python-developer",
                "started_on": "2026-02-12",
                "outcome": "graduated",
                "diploma_id": named("diploma of an enrolment", names),
                "graduated_on": "2026-02-12",
            },
        ],
        "nps": [
            {
                "response_id": "NPS-names-1",
                "learner_id": person,
                "path_id": named("path of an answer", names),
                "asked_at": moment,
                "answered_at": moment,
                "score": 9,
            },
        ],
        "salary": [
            {
                "response_id": "SAL-names-1",
                "learner_id": person,
                "diploma_id": named("diploma of an answer", names),
                "graduated_on": "2025-08-10",
                "answered_at": moment,
                "employed": True,
                "job_title": named("address as a job", addresses),
                "working_time": named("working time", names),
                "salary_amount": 30000,
                "salary_currency": named("currency", names),
                "salary_period": "year",
                "salary_basis": "gross",
            },
        ],
    }


def _statement(
    visitor: str, case: str, object_id: str, type: str | None = None, verb: str | None = None,
    parent: str | None = None, grouping: str | None = None,
) -> dict:  # fmt: skip
    around = {name: [{"id": value}] for name, value in (("parent", parent), ("grouping", grouping)) if value}
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, case)),
        "actor": {"account": {"homePage": CAMPUS, "name": visitor}},
        "verb": {"id": verb or "http://adlnet.gov/expapi/verbs/experienced"},
        "object": {"id": object_id, **({"definition": {"type": type}} if type else {})},
        "context": {"contextActivities": around},
        "timestamp": "2026-02-10T10:00:00Z",
    }


def _write(path: Path, rows: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

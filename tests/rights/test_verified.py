"""Verified means looked at again: an erasure that left a row is not (R-ERASE), and access hands over what
waits in landing (R-ACCESS).
"""

from __future__ import annotations

import json
import zipfile
from datetime import date, datetime

import pytest

from anonymart.erasure import places
from anonymart.erasure.places import Place
from anonymart.errors import AnonymartError
from anonymart.rights import list_requests, machine
from anonymart.session import Session
from tests.erasure.small_school import AS_OF, SmallSchool

AS_OF_MOMENT = datetime(2026, 6, 30, 10)


@pytest.fixture
def small_school(tmp_path):
    made = SmallSchool(tmp_path / "home")
    made.deliver("learners", "a.csv", "learner_id,registered_at\nL-77,2025-01-05T10:00:00Z\n")
    made.deliver("connections", "a.csv", "learner_id,connected_at\nL-77,2026-05-01T10:00:00Z\n")
    made.ingest()
    return made


def inside(small_school, as_of=AS_OF):
    return Session(small_school.home, small_school.keys, small_school.policy, as_of)


def test_an_erasure_that_leaves_a_row_is_not_verified(small_school, monkeypatch):
    """A place in which the removal is blind, as a wrong line of the register would make it."""
    shown = small_school.request(learner_id="L-77")
    blind = [
        Place(**{**vars(place), "about": "TIMESTAMP 'infinity'"})
        if place.name == "vault.register.connections"
        else place
        for place in places.PLACES
    ]
    with monkeypatch.context() as patch:
        patch.setattr(places, "PLACES", tuple(blind))
        patch.setattr(machine, "_verify", lambda *_: None)
        machine.execute(inside(small_school), shown, machine.plan(inside(small_school), shown).token)
    assert small_school.ask("SELECT count(*) FROM vault.register.connections") == [(1,)]
    with pytest.raises(AnonymartError, match="something of it is left"):
        machine.execute(inside(small_school), shown)
    [request] = list_requests(inside(small_school))
    assert request.state == "executed"


def test_whoever_is_back_hinders_no_verification(small_school):
    machine.execute(
        inside(small_school),
        small_school.request(learner_id="L-77"),
        machine.plan(inside(small_school), "REQ-1").token,
    )
    day = date(2026, 8, 1)
    small_school.deliver(
        "connections",
        "b.csv",
        "learner_id,connected_at\nL-77,2026-07-05T10:00:00Z\nL-78,2026-07-05T10:00:00Z\n",
    )
    small_school.deliver(
        "rights",
        "b.ndjson",
        [
            {
                "request_id": "REQ-2",
                "kind": "erase",
                "learner_id": "L-78",
                "received_at": "2026-07-06",
                "identity_verified": True,
            }
        ],
    )
    small_school.ingest(day)
    assert [request.state for request in machine.advance_all(inside(small_school, day))] == [
        "answered",
        "answered",
    ]
    assert small_school.ask("SELECT identifier FROM vault.register.connections") == [("learner:L-77",)]


def test_access_loads_what_waits_in_landing_first(small_school):
    small_school.request("access", learner_id="L-77")
    small_school.deliver(
        "enrolments", "late.csv", "learner_id,path_id,started_on\nL-77,p-waiting,2026-01-10\n"
    )
    machine.advance_all(inside(small_school))
    [path] = small_school.home.exports.glob("*.zip")
    with zipfile.ZipFile(path) as archive:
        held = json.loads(archive.read("data.json"))["held"]
    assert [row["path_id"] for row in held["vault.raw.enrolments"]] == ["p-waiting"]


def test_what_is_handed_over_follows_the_register_and_the_standard():
    from anonymart.policy import Policy, load_policy
    from anonymart.rights.handover_page import information
    from anonymart.rights.statements import _Row, _statement
    from tests.rights.xapi_rules import faults

    raw = load_policy().raw
    changed = Policy({**raw, "rights": {**raw["rights"], "answer_within_months": 7}})
    assert "within 7 month(s)" in information(changed)["Your rights"]
    nothing = (None,) * 4
    made = _statement(
        _Row(
            "account:campus one|a|b",
            None,
            "http://x.example/did it",
            "course <1>",
            "course",
            "100% of it",
            AS_OF_MOMENT,
            *nothing,
        )
    )
    assert faults(made) == []
    assert (
        made["object"]["id"] == "urn:item:course%20%3C1%3E"
        and made["verb"]["id"] == "http://x.example/did%20it"
    )

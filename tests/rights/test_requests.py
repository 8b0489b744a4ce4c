"""Requests: their states, their clock, what takes effect, and that nothing shows who asks."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import asdict
from datetime import date, datetime

import pytest
from click.testing import CliRunner

from anonymart import rights
from anonymart.cli.commands import anonymart
from anonymart.errors import UsageError
from anonymart.policy import load_policy
from anonymart.rights import clock
from anonymart.run import build
from anonymart.session import Session
from tests import warm
from tests.ingest.conftest import AS_OF, with_learners

LEARNERS = [
    {"learner_id": "L1", "email": "one@example.org", "last_login_at": "2026-05-01T10:00:00Z"},
    {"learner_id": "L2", "email": "two@example.org", "last_login_at": "2026-05-01T10:00:00Z"},
    {"learner_id": "L3", "email": "two@example.org", "last_login_at": "2026-05-01T10:00:00Z"},
]


@pytest.fixture
def small_school(tmp_path, tmp_path_factory):
    return with_learners(tmp_path_factory, tmp_path / "home", "learners.ndjson", LEARNERS)


def asked(small_school, number, kind="object", at="2026-06-01T10:00:00Z", **more):
    row = {"request_id": f"REQ-{number}", "kind": kind, "learner_id": "L1", "received_at": at, **more}
    small_school.deliver("rights", f"{number}.ndjson", [row])
    small_school.ingest()


def inside(small_school):
    return Session(small_school.home, small_school.keys, small_school.policy, AS_OF)


def listed(small_school):
    return {request.id: request for request in rights.list_requests(inside(small_school))}


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-01-31", "2026-02-28"),
        ("2028-01-31", "2028-02-29"),
        ("2026-12-15", "2027-01-15"),
        ("2026-03-31", "2026-04-30"),
        ("2026-02-28", "2026-03-28"),
    ],
)
def test_one_calendar_month(received, due):
    assert clock.due_on(date.fromisoformat(received), load_policy()) == date.fromisoformat(due)


def test_the_day_of_receipt_is_that_of_paris():
    policy = load_policy()
    assert clock.received_on(datetime(2026, 6, 1, 22, 30), policy) == date(2026, 6, 2)
    assert clock.received_on(datetime(2026, 1, 1, 22, 30), policy) == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("received_at", "due"),
    [
        ("2026-03-28T22:59:59", "2026-04-28"), ("2026-03-28T23:00:00", "2026-04-29"),
        ("2026-03-29T21:59:59", "2026-04-29"), ("2026-03-29T22:00:00", "2026-04-30"),
        ("2026-10-24T22:00:00", "2026-11-25"), ("2026-10-25T22:59:59", "2026-11-25"),
        ("2026-10-25T23:00:00", "2026-11-26"),
    ],
)  # fmt: skip
def test_the_days_on_which_the_clocks_change_have_23_and_25_hours(received_at, due):
    policy = load_policy()
    assert clock.due_on(
        clock.received_on(datetime.fromisoformat(received_at), policy), policy
    ) == date.fromisoformat(due)


@pytest.mark.parametrize(
    ("as_of", "late", "near"),
    [
        ("2026-06-23", False, False),
        ("2026-06-24", False, True),
        ("2026-07-01", False, True),
        ("2026-07-02", True, False),
    ],
)
def test_near_and_late(as_of, late, near):
    day, due = date.fromisoformat(as_of), date(2026, 7, 1)
    assert (clock.is_late(due, day), clock.is_near(due, day, load_policy())) == (late, near)


def test_states(small_school):
    asked(small_school, 1, identity_verified="true")
    asked(small_school, 2, "access")
    assert {name: request.state for name, request in listed(small_school).items()} == {
        "REQ-1": "received",
        "REQ-2": "awaiting_proof",
    }
    assert rights.prove_identity(inside(small_school), "REQ-2").state == "received"
    assert rights.refuse(inside(small_school), "REQ-2", "unfounded").state == "refused"
    assert rights.refuse(inside(small_school), "REQ-2", "unfounded").state == "refused"
    with pytest.raises(UsageError, match="refused already"):
        rights.prove_identity(inside(small_school), "REQ-2")
    assert small_school.ask("SELECT state, note FROM vault.rights.steps ORDER BY rowid") == [
        ("received", "identity proved"), ("refused", "unfounded"),
    ]  # fmt: skip


def test_a_refused_request_is_neither_late_nor_near(small_school):
    asked(small_school, 1, at="2026-01-01T10:00:00Z")
    assert listed(small_school)["REQ-1"].is_late
    assert not rights.refuse(inside(small_school), "REQ-1", "excessive").is_late


def test_an_id_that_names_somebody_is_not_shown(small_school):
    for number, name in enumerate(("one@example.org", "0612345678", "jeanne.secret", "l1")):
        small_school.deliver("rights", f"{number}.ndjson", [
            {"request_id": name, "kind": "access", "learner_id": "L1", "received_at": "2026-06-01T10:00:00Z"}
        ])  # fmt: skip
    small_school.ingest()
    assert len(listed(small_school)) == 4
    assert all(name.startswith("load-") for name in listed(small_school))
    for name in listed(small_school):
        assert rights.prove_identity(inside(small_school), name).state == "received"


def test_submit(small_school):
    made = rights.submit(inside(small_school), rights.Asked("access", date(2026, 6, 2), learner_id="L1"))
    assert json.loads(json.dumps(asdict(made), default=str)) == {
        "id": "HAND-00001",
        "kind": "access",
        "state": "awaiting_proof",
        "received_on": "2026-06-02",
        "due_on": "2026-07-02",
        "is_late": False,
        "is_near": True,
        "problem": None,
        "source": None,
        "file": None,
        "line": None,
    }
    assert (
        rights.submit(
            inside(small_school),
            rights.Asked("port", date(2026, 6, 2), email="ONE@example.org", is_verified=True),
        ).id
        == "HAND-00002"
    )
    assert small_school.ask("SELECT identifier FROM vault.rights.requests ORDER BY request_id") == [
        ("learner:L1",),
        ("email:one@example.org",),
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"learner_id": "L9"}, "knows nobody"),
        ({"learner_id": None, "email": "nobody@example.org"}, "knows nobody"),
        ({"learner_id": None, "email": "two@example.org"}, "Two people"),
        ({"learner_id": None}, "one of them"),
        ({"kind": "vanish"}, "no request of that kind"),
        ({"received_on": date(2026, 7, 1)}, "after the day of the run"),
    ],
)
def test_bad_input_writes_nothing(small_school, changes, sentence):
    before = small_school.everything()
    with pytest.raises(UsageError, match=sentence):
        rights.submit(
            inside(small_school),
            rights.Asked(
                **{"kind": "access", "received_on": date(2026, 6, 2), "learner_id": "L1", **changes}
            ),
        )
    assert small_school.everything() == before
    assert not [path for path in (small_school.home.landing / "rights").rglob("*") if path.is_file()]


def test_unknown_request_and_reason(small_school):
    with pytest.raises(UsageError, match="no request of that id"):
        rights.prove_identity(inside(small_school), "REQ-1")
    with pytest.raises(UsageError, match="one of these reasons"):
        rights.refuse(inside(small_school), "REQ-1", "one@example.org")


@pytest.mark.parametrize("point", ["rights.before_commit", "rights.after_commit"])
def test_kill_and_run_again(small_school, point):
    asked(small_school, 1, "access")
    command = ("rights", "verify", "REQ-1", "--as-of", str(AS_OF))
    around = {**os.environ, "ANONYMART_HOME": str(small_school.home.root)}
    assert warm.anonymart(*command, env={**around, "ANONYMART_CRASH_AT": point}).returncode == -signal.SIGKILL
    assert warm.anonymart(*command, env=around).returncode == 0
    assert small_school.ask("SELECT state, note FROM vault.rights.steps") == [("received", "identity proved")]


def test_the_commands_show_nobody(small_school, monkeypatch):
    monkeypatch.setenv("ANONYMART_HOME", str(small_school.home.root))
    type_in = CliRunner()
    words = (
        "rights submit --kind object --email one@example.org --received-on 2026-06-02 --details "
        "0612345678 --as-of 2026-06-30"
    )
    for line in (words, "rights show HAND-00001 --as-of 2026-06-30", "rights list --as-of 2026-06-30"):
        for command in (line, f"{line} --json") if "submit" not in line else (line,):
            done = type_in.invoke(anonymart, command.split(), catch_exceptions=False)
            assert done.exit_code == 0
            assert "HAND-00001" in done.output
            assert not any(word in done.output for word in ("one@", "L1", "0612345678"))
    [request] = json.loads(done.output)["requests"]
    assert (request["due_on"], request["is_near"]) == ("2026-07-02", True)


def statuses(small_school):
    from anonymart import engine

    build(
        Session(small_school.home, small_school.keys, small_school.policy, AS_OF),
        select="+int_persons +int_identities",
    )
    with engine.connect(small_school.home, small_school.keys, warehouse="ro") as connection:
        return sorted(
            status
            for (status,) in connection.execute(
                "SELECT status FROM warehouse.intermediate.int_persons"
            ).fetchall()
        )


@pytest.mark.long
def test_lifting_and_refusing_bring_back(small_school):
    for number, learner in enumerate(("L1", "L2", "L3")):
        kind = "restrict" if learner == "L2" else "object"
        asked(small_school, number, kind, learner_id=learner)
    before = statuses(small_school)
    assert before == ["objected", "objected", "restricted"]
    asked(small_school, 11, "object", "2026-06-02T10:00:00Z", details="Lift ")
    asked(small_school, 12, "restrict", "2026-06-02T10:00:00Z", learner_id="L2", details="lift")
    assert statuses(small_school) == before
    rights.prove_identity(inside(small_school), "REQ-11")
    rights.prove_identity(inside(small_school), "REQ-12")
    rights.refuse(inside(small_school), "REQ-2", "no_proof")
    assert statuses(small_school) == ["in", "in", "in"]
    asked(small_school, 13, "object", "2026-06-03T10:00:00Z")
    assert statuses(small_school) == ["in", "in", "objected"]


def test_an_id_that_names_somebody_is_kept_as_a_hash_only(small_school):
    """Of the school's own ids what names nobody is shown; what could is in no table, and is found again all
    the same.
    """
    asked_ids = {
        "req-erase-L1": False,
        "jeanne.secret": False,
        "L1": False,
        "req-erase-12": True,
        "3f2504e0-4f89-41d3-9a0c-0305e82c3301": True,
    }
    rows = [
        {"request_id": name, "kind": "access", "learner_id": "L1", "received_at": "2026-06-01T10:00:00Z"}
        for name in asked_ids
    ]
    small_school.deliver("rights", "a.ndjson", rows)
    small_school.ingest()
    shown = listed(small_school)
    for name, is_plain in asked_ids.items():
        assert (name in shown) == is_plain
        assert rights.refuse(inside(small_school), name, "excessive").state == "refused"
    assert not any(
        name in small_school.everything()
        for name, is_plain in asked_ids.items()
        if not is_plain and name != "L1"
    )
    small_school.deliver("rights", "b.ndjson", [{**row, "details": "again"} for row in rows])
    assert small_school.ingest()["rights/b.ndjson"].refused == len(rows), (
        "they are known when they come again"
    )


def test_a_request_under_the_id_of_another_replaces_nothing(small_school):
    """Somebody else, or another kind, under an id that is taken is refused with its reason; more about the
    same request is taken.
    """
    asked(small_school, 1, "access")
    row = {"request_id": "REQ-1", "kind": "access", "learner_id": "L1", "received_at": "2026-06-01T10:00:00Z"}
    for number, other in enumerate(({"learner_id": "L2"}, {"kind": "erase"})):
        small_school.deliver("rights", f"other-{number}.ndjson", [row | other])
        report = small_school.ingest()[f"rights/other-{number}.ndjson"]
        assert (report.loaded, report.refused) == (0, 1) and any(
            "another request" in reason for reason in report.reasons
        )
    assert small_school.ask("SELECT identifier, kind FROM vault.rights.requests") == [
        ("learner:L1", "access")
    ]
    small_school.deliver(
        "rights",
        "twice.ndjson",
        [row | {"request_id": "REQ-2"}, row | {"request_id": "REQ-2", "learner_id": "L2"}],
    )
    assert small_school.ingest()["rights/twice.ndjson"].refused == 2, "whose of the two it is, nobody knows"
    small_school.deliver(
        "rights",
        "more.ndjson",
        [{**row, "learner_id": None, "email": "one@example.org", "identity_verified": True}],
    )
    assert small_school.ingest()["rights/more.ndjson"].loaded == 1
    assert listed(small_school)["REQ-1"].state == "received"


@pytest.mark.parametrize("kind", ["R-ERASE", "r-erase", "Erase", " erase "])
def test_a_kind_is_known_by_the_id_of_its_right(small_school, kind):
    asked(small_school, 1, kind)
    assert listed(small_school)["REQ-1"].kind == "erase"


def test_submit_finds_who_has_no_learners_row(small_school):
    small_school.deliver("connections", "c.csv", "learner_id,connected_at\nC-5,2026-05-01T10:00:00Z\n")
    small_school.deliver(
        "nps",
        "n.csv",
        "response_id,email,answered_at,score\nn1,ann.only@survey.example,2026-05-01T10:00:00Z,9\n",
    )
    small_school.ingest()
    for who in (
        {"learner_id": "C-5"},
        {"learner_id": "c-5"},
        {"learner_id": "l1"},
        {"email": "annonly@survey.example"},
        {"email": " One@example.org"},
    ):
        rights.submit(inside(small_school), rights.Asked("access", date(2026, 6, 2), **who))
    found = [
        identifier
        for (identifier,) in small_school.ask(
            "SELECT identifier FROM vault.rights.requests ORDER BY request_id"
        )
    ]
    assert found == [
        "learner:C-5",
        "learner:C-5",
        "learner:L1",
        "email:annonly@survey.example",
        "email:one@example.org",
    ]


@pytest.mark.parametrize("kind", ["access", "port", "object", "restrict", "withdraw", "erase"])
def test_an_address_of_two_people_is_answered_for_neither(small_school, kind):
    from anonymart.rights import machine

    row = {
        "request_id": "REQ-1",
        "kind": kind,
        "email": "two@example.org",
        "received_at": "2026-06-01T10:00:00Z",
        "identity_verified": True,
    }
    small_school.deliver("rights", "1.ndjson", [row])
    small_school.ingest()
    [request] = machine.advance_all(inside(small_school))
    assert (request.state, request.problem) == ("received", "two_people")
    assert not list(small_school.home.exports.glob("*"))

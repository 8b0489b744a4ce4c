"""One release is one state of the vault: whatever request comes between two steps, it is built again and a
release comes out (P-RIGHTS, S-ANON).
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from datetime import date, timedelta
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from anonymart import run
from anonymart.errors import Superseded
from anonymart.gate import gate
from anonymart.release import Candidate, Published, approval
from anonymart.release.approval import Reviewer
from anonymart.release.folder import (
    CANDIDATE_PREFIX,
    GATE_RESULT,
    MANIFEST,
    MARTS_FILE,
    sha256,
    write_durably,
)
from anonymart.release.manifest import read_manifest
from anonymart.rights import state
from anonymart.session import Session
from tests.gate.school import AS_OF, CELLS, School, engagement, nps, salary
from tests.release.test_publish import FIRST
from tests.release.yes import REVIEWER, ask, publish

pytestmark = [
    pytest.mark.long,
    pytest.mark.usefixtures("without_great_expectations", "without_drill", "without_attack"),
]
# What each leaves in the vault when it was taken in or carried out.
REQUEST = (
    "INSERT INTO vault.rights.requests (load_no, request_id, kind, identifier, received_at) VALUES (1, "
    "'{0}', '{1}', 'learner:learner-000001', now()::TIMESTAMP)"
)
STEP = "INSERT INTO vault.rights.steps VALUES ('{0}', '{1}', DATE '2026-06-30', '')"
KINDS = {
    "access received": (REQUEST.format("A", "access"),),
    "access answered": (STEP.format("A", "executed"), STEP.format("A", "answered")),
    "erase received": (REQUEST.format("E", "erase"),),
    "erase executed": ("INSERT INTO vault.ledger.receipt_head VALUES (1, 'x')", STEP.format("E", "executed")),
    "object": (
        "INSERT INTO vault.rights.standing VALUES ('learner:learner-000001', 'object', false, "
        "now()::TIMESTAMP)",
    ),
    "restrict": (
        "INSERT INTO vault.rights.standing VALUES ('learner:learner-000001', 'restrict', false, "
        "now()::TIMESTAMP)",
    ),
    "consent withdrawn": (
        "INSERT INTO vault.rights.consents VALUES (1, 1, 'learner:learner-000001', 'P-SURVEY', "
        "'withdrawn', now()::TIMESTAMP)",
    ),
    "retention": ("INSERT INTO vault.ledger.receipt_head VALUES (2, 'y')",),
}


def inside(school: School) -> Session:
    return Session(school.home, school.keys, school.policy)


def carry_out(school: School, kind: str) -> None:
    with school.connect(vault="rw") as connection:
        for statement in KINDS[kind]:
            connection.execute(statement)


def now(school: School) -> str:
    with school.connect(vault="ro") as connection:
        return state.of_vault(connection)


@pytest.fixture
def builds(school, monkeypatch):
    """What dbt would build; gives the states that were built from, one a build."""
    made = []

    def build(session, *_, actor=None):
        approval.supersede(session, "a new build")
        made.append(now(school))
        school.build(CELLS, session.as_of)
        with school.connect(vault="rw") as connection:
            approval.note_built_again(connection)

    monkeypatch.setattr(run, "build", build)
    return made


def quick(session, candidate, *_):
    """A gate that looks at the state alone and says yes: what it reads in the files has tests of its own."""
    release_id = read_manifest(candidate)["release_id"]
    with session.connect(vault="ro") as connection:
        state.check_candidate(connection, release_id)
    sums = {name: sha256(candidate / name) for name in (MARTS_FILE, MANIFEST)}
    write_durably(candidate / GATE_RESULT, json.dumps({"passed": True, "files": sums}))
    return SimpleNamespace(passed=True)


@pytest.fixture
def quick_gate(monkeypatch):
    monkeypatch.setattr("anonymart.gate.gate", quick)


def between(module: str, name: str, act, is_before: bool) -> patch:
    """Do something once, just before or after a step of the library."""
    place = sys.modules[module]
    step, done = getattr(place, name), []

    def stepping(*args, **more):
        if is_before and not done:
            done.append(act())
        found = step(*args, **more)
        if not is_before and not done:
            done.append(act())
        return found

    return patch.object(place, name, stepping)


STEPS = {
    "build, candidate": ("anonymart.release", "make_candidate", True),
    "candidate, gate": ("anonymart.gate", "gate", True),
    "gate, publish": ("anonymart.gate", "gate", False),
    "publish, commit": ("anonymart.release.publish", "write_manifest", True),
}


# The gate and the publication are asked about every kind below: here each kind comes at one place, and one
# kind at each.
PLACES = [*((pair, "erase executed") for pair in STEPS), *(("gate, publish", kind) for kind in KINDS)]


@pytest.mark.parametrize("pair, kind", dict.fromkeys(PLACES))
def test_whatever_comes_between_two_steps_is_in_what_is_published(school, builds, quick_gate, pair, kind):
    module, name, is_before = STEPS[pair]
    with between(module, name, lambda: carry_out(school, kind), is_before):
        assert run.release(inside(school).on(AS_OF), reviewer=REVIEWER) == Published(FIRST)
    # Built again once, and from the very state in which it was published.
    assert builds == [now(school)]
    assert school.home.current.exists() and not list(school.home.releases.glob(f"{CANDIDATE_PREFIX}*"))


def test_neither_gate_nor_publication_takes_what_a_right_has_superseded(school):
    candidate = school.candidate()
    quick(inside(school), candidate)
    states = {now(school)}
    for kind in KINDS:
        carry_out(school, kind)
        states.add(now(school))
        with pytest.raises(Superseded, match="came after the build"):
            gate(inside(school), candidate)
        with pytest.raises(Superseded, match="came after the build"):
            publish(inside(school), candidate, reviewer=REVIEWER)
        with pytest.raises(Superseded):
            approval.hold(
                Session(school.home, school.keys), Candidate.named(school.home, candidate.name), ["Because."]
            )
    assert len(states) == len(KINDS) + 1 and not school.home.current.exists()


def test_data_that_is_about_no_right_supersedes_nothing(school):
    before = now(school)
    with school.connect(vault="rw") as connection:
        connection.execute(
            "INSERT INTO vault.raw.enrolments (load_no, identifier) VALUES (2, 'learner:learner-000001')"
        )
        connection.execute(
            "INSERT INTO vault.register.learners (load_no, identifier) VALUES (2, 'learner:learner-000009')"
        )
    assert now(school) == before


def test_a_register_that_gives_an_old_request_its_person_moves_the_state(school):
    carry_out(school, "object")
    before = now(school)
    with school.connect(vault="rw") as connection:
        connection.execute(
            "INSERT INTO vault.register.identities (identifier, kind, person_id) VALUES "
            "('learner:learner-000001', 'learner', 'q')"
        )
    assert now(school) != before


def test_a_build_that_did_not_end_is_no_state(school, builds, quick_gate):
    with school.connect(warehouse="rw") as connection:
        state.drop_built(connection)
    assert not state.is_built(Session(school.home, school.keys))
    assert run.release(inside(school).on(AS_OF), reviewer=REVIEWER) == Published(FIRST)
    assert len(builds) == 1


def wait(school: School) -> str:
    candidate = school.candidate()
    quick(inside(school), candidate)
    return ask(inside(school), candidate).candidate_sha256


@pytest.mark.parametrize("kind, is_renewed", [*((kind, True) for kind in KINDS), ("erase executed", False)])
def test_what_shows_the_same_needs_no_second_yes(school, builds, quick_gate, kind, is_renewed):
    """The reviewer has read a candidate; the request came before the answer, and was or was not yet followed
    by its successor.
    """
    read = wait(school)
    carry_out(school, kind)
    if is_renewed:
        approval.supersede_by_rights(Session(school.home, school.keys, given_day=AS_OF))
        run.renew(inside(school).on(AS_OF))
        assert approval.waiting(Session(school.home, school.keys)).candidate_sha256
    assert run.approve(
        inside(school), FIRST, Reviewer("reviewer", "Read in full"), candidate=read
    ) == Published(FIRST)
    assert builds == [now(school)]
    assert read_manifest(school.home.current)["approval"]["by"] == "reviewer"
    assert [entry["state"] for entry in approval.decisions(Session(school.home, school.keys))] == [
        "superseded",
        "approved",
    ]


@pytest.mark.parametrize("is_named", [True, False], ids=["by hash", "by id"])
def test_what_shows_something_else_is_asked_again(school, builds, quick_gate, is_named):
    read = wait(school)
    carry_out(school, "object")
    fewer = [engagement(active=39), engagement(course="course-ruby-basics"), nps(), nps(path="all"), salary()]
    build = patch.object(
        run, "build", lambda *given, **_: (builds.append(now(school)), school.build(fewer, given[0].as_of))
    )
    with build, pytest.raises(Superseded, match="what it shows has changed"):
        run.approve(
            inside(school), FIRST, Reviewer("reviewer", "Read in full"), candidate=read if is_named else None
        )
    waits = approval.waiting(Session(school.home, school.keys))
    assert waits.candidate_sha256 != read and not school.home.current.exists()
    assert approval.shows_the_same(Session(school.home, school.keys), FIRST, read) is None
    assert run.approve(
        inside(school), FIRST, Reviewer("reviewer", "Read again"), candidate=waits.candidate_sha256
    ) == Published(FIRST)


def test_who_names_no_candidate_has_read_the_last_one(school, builds, quick_gate):
    wait(school)
    carry_out(school, "object")
    assert run.approve(inside(school), FIRST, Reviewer("reviewer", "Read in full")) == Published(FIRST)


def test_a_request_executed_on_a_later_day_moves_the_day(school, builds, quick_gate):
    """Models count a request from the day of its receipt: built for an earlier day, whoever was answered
    would be in.
    """
    with school.connect(vault="rw") as connection:
        connection.execute("INSERT INTO vault.rights.steps VALUES ('A', 'executed', DATE '2026-07-02', '')")
    assert run.release(inside(school).on(AS_OF), reviewer=REVIEWER) == Published("2026-07-02.1")


def test_a_request_every_three_hours_for_three_days(school, quick_gate, monkeypatch):
    """As the DAGs take the lock in turn: a request between any two tasks of the day's release, and a release
    comes out each day.
    """
    from anonymart_airflow import tasks

    n_requests = [0]
    opened = [None]

    def request() -> None:
        n_requests[0] += 1
        with school.connect(vault="rw") as connection:
            connection.execute(REQUEST.format(f"H{n_requests[0]}", "access"))
            answered = f"'H{n_requests[0]}', 'answered', DATE '{opened[0]}', ''"
            connection.execute(f"INSERT INTO vault.rights.steps VALUES ({answered})")
        approval.supersede_by_rights(Session(school.home, school.keys, given_day=opened[0]))
        tasks._renew(inside(school).on(opened[0]))

    monkeypatch.setattr(tasks, "_open", lambda _: inside(school).on(opened[0]))

    def build(session, *_, actor=None):
        approval.supersede(session, "a new build")
        month = date(2025, 1 + (session.as_of - AS_OF).days, 1)
        school.build([engagement(month=month)], session.as_of)
        with school.connect(vault="rw") as connection:
            approval.note_built_again(connection)

    monkeypatch.setattr(run, "build", build)
    published = []
    for day in range(3):
        opened[0] = AS_OF + timedelta(days=day)
        build(inside(school).on(opened[0]))
        name = school.candidate(opened[0]).name
        request()
        name = tasks.gate_candidate.__wrapped__(name, None)
        request()
        with suppress(AirflowSkipException):
            published.append(tasks.publish_candidate.__wrapped__(name, None))
        if waits := approval.waiting(Session(school.home, school.keys)):
            request()
            published.append(
                run.approve(
                    inside(school),
                    waits.release_id,
                    Reviewer("reviewer", "Read in full"),
                    candidate=waits.candidate_sha256,
                ).release_id
            )
        while n_requests[0] < 8 * (day + 1):
            request()
    assert published == [f"{AS_OF + timedelta(days=day)}.1" for day in range(3)]
    assert n_requests[0] == 24

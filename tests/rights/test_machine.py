"""Every kind of request through all its states, by hand and all at once; killed at each and run again."""

from __future__ import annotations

import json
import os
import shutil
import signal
from datetime import date

import pytest
from click.testing import CliRunner

from anonymart import crash
from anonymart.cli.commands import anonymart
from anonymart.erasure.removal import enforce_terms
from anonymart.errors import UsageError
from anonymart.rights import handover, list_requests, machine
from anonymart.session import Session
from tests import warm
from tests.erasure.small_school import AS_OF, EMAIL, NAMES, SmallSchool, built_home

pytestmark = pytest.mark.xdist_group("machine")

RIGHT_DETAILS = {
    "rectify": json.dumps({"source": "learners", "key": {}, "set": {"family_name": "Righted"}}),
    "death": json.dumps({"directive": "erase"}),
}
KINDS = ("access", "port", "rectify", "object", "restrict", "withdraw", "erase", "death")
# One for each kind of action: the others act as one of these. All eight take minutes, and were run by hand.
KILLED = ("access", "rectify", "restrict", "erase")
SHORT = ("access", "erase")
POINTS = [
    point
    for point in crash.POINTS
    if point.startswith("rights.")
    and "received" not in point
    and point
    not in (
        "rights.before_commit",
        "rights.after_commit",
        "rights.handover_written",
        "rights.handover_renamed",
    )
]


@pytest.fixture
def built(tmp_path_factory, tmp_path):
    shutil.copytree(built_home(tmp_path_factory, is_plain=False), tmp_path / "home")
    return SmallSchool(tmp_path / "home")


def inside(small_school, as_of=AS_OF):
    return Session(small_school.home, small_school.keys, small_school.policy, as_of)


def ask(small_school, kind, number=1, **more):
    details = {"details": RIGHT_DETAILS[kind]} if kind in RIGHT_DETAILS else {}
    return small_school.request(kind, number, **{"learner_id": "L-4711", **details, **more})


def state(small_school, shown_id, as_of=AS_OF):
    return {request.id: request.state for request in list_requests(inside(small_school, as_of))}[shown_id]


def contents(small_school):
    own = (
        "vault.ledger.loads",
        "vault.ledger.rewrites",
        "vault.ledger.receipt_head",
        "tombstones.main.receipt_head",
        "warehouse.main.receipt_head",
    )
    # Up to which load the catalogue is settled: a run after a kill settles what the rectification before it
    # has loaded.
    own += ("vault.catalogue.settled",)
    lines = small_school.everything().splitlines()
    return {line.partition(":")[0]: sorted(line) for line in lines if not line.startswith(own)}


@pytest.mark.parametrize(
    "kind", [kind if kind in SHORT else pytest.param(kind, marks=pytest.mark.long) for kind in KINDS]
)
def test_by_hand_through_every_state(built, kind):
    shown = ask(built, kind)
    plan = machine.plan(inside(built), shown)
    assert state(built, shown) == "planned"
    needs_token = kind in ("rectify", "withdraw", "erase", "death")
    assert (plan.token is not None) == needs_token == any(plan.rows.values())
    before = built.everything()
    if needs_token:
        for token in (None, "0" * 12):
            with pytest.raises(UsageError, match="token"):
                machine.execute(inside(built), shown, token)
        assert built.everything() == before
    assert machine.execute(inside(built), shown, plan.token).state == "verified"
    assert machine.answer(inside(built), shown).state == "answered"
    assert machine.answer(inside(built), shown).state == "answered", "once more changes nothing"
    ((identifier, details, who),) = built.ask("SELECT identifier, details, who FROM vault.rights.requests")
    assert identifier is details is None and who
    steps = [step for (step,) in built.ask("SELECT state FROM vault.rights.steps")]
    assert steps == ["planned", "executed", "verified", "answered"]
    with pytest.raises(UsageError, match="answered"):
        machine.execute(inside(built), shown, plan.token)


@pytest.mark.parametrize(
    "kind", [kind if kind in SHORT else pytest.param(kind, marks=pytest.mark.long) for kind in KINDS]
)
def test_answered_and_delivered_again(built, kind):
    ask(built, kind)
    machine.advance_all(inside(built))
    assert state(built, "REQ-1") == "answered"
    path = built.home.landing / "rights"
    details = {"details": RIGHT_DETAILS.get(kind)}
    row = {
        "request_id": "REQ-1",
        "kind": kind,
        "learner_id": "L-4711",
        "received_at": "2026-06-20T10:00:00Z",
        "identity_verified": True,
        **details,
    }
    (path / "again.ndjson").write_text(json.dumps({**row, "details": "other"}) + "\n")
    found = built.ingest()["rights/again.ndjson"]
    assert (found.loaded, found.reasons) == (0, {"answered already (P-RIGHTS)": 1})
    assert built.ask("SELECT count(*) FROM vault.rights.requests WHERE identifier IS NOT NULL") == [(0,)]


def test_all_kinds_of_different_states_at_once(built):
    for number, kind in enumerate(("object", "withdraw"), 1):
        ask(built, kind, number, learner_id="L-4712")
    ask(built, "erase", 3)
    ask(built, "access", 4, learner_id="L-4712")
    ask(built, "rectify", 5, learner_id="L-4712", details="by letter")
    built.deliver(
        "rights",
        "doubt.ndjson",
        [
            {
                "request_id": "REQ-6",
                "kind": "erase",
                "learner_id": "L-4712",
                "received_at": "2026-06-20T10:00:00Z",
            }
        ],
    )
    built.ingest()
    found = {request.id: (request.state, request.problem) for request in machine.advance_all(inside(built))}
    assert found == {
        "REQ-1": ("answered", None),
        "REQ-2": ("answered", None),
        "REQ-3": ("answered", None),
        "REQ-4": ("answered", None),
        "REQ-5": ("received", "needs_details"),
        "REQ-6": ("awaiting_proof", None),
    }
    assert not any(name in built.everything() for name in NAMES) and "L-4712" in built.everything()
    again = {request.id: (request.state, request.problem) for request in machine.advance_all(inside(built))}
    assert again == found


@pytest.mark.long
@pytest.mark.parametrize("kind", ["object", "restrict"])
def test_what_was_answered_holds_on_until_it_is_lifted(built, kind):
    status = {"object": "objected", "restrict": "restricted"}[kind]
    persons = "SELECT DISTINCT status FROM warehouse.intermediate.int_persons ORDER BY 1"
    before = built.everything()
    ask(built, kind)
    machine.advance_all(inside(built))
    built.build(select="+int_persons")
    assert built.warehouse(persons) == [("in",), (status,)]
    if kind == "restrict":
        enforce_terms(inside(built, date(2031, 6, 1)))
        assert built.ask("SELECT count(*) FROM vault.raw.learning") == [(4,)]
        assert built.history("anna")["int_events"] == 4
        return
    ask(built, kind, 2, details="lift")
    machine.advance_all(inside(built))
    built.build(select="+int_persons")
    assert built.warehouse(persons) == [("in",)] or kind == "object"
    for table in ("vault.raw.learning", "vault.answers.nps", "vault.register.learners"):
        line = next(text for text in before.splitlines() if text.startswith(f"{table}:"))
        assert line in built.everything()


@pytest.mark.long
def test_a_withdrawal_stands_after_its_answer(built):
    ask(built, "withdraw")
    machine.advance_all(inside(built))
    assert built.ask(
        "SELECT count(*) FROM vault.rights.consents WHERE status = 'withdrawn' AND identifier = "
        "'learner:L-4711'"
    ) == [(1,)]
    assert "int_nps_responses" not in built.history("anna")
    built.deliver(
        "nps",
        "late.ndjson",
        [
            {
                "response_id": "l",
                "email": EMAIL,
                "answered_at": "2026-06-01T10:00:00Z",
                "score": 2,
                "comment": "no",
            }
        ],
    )
    built.ingest()
    enforce_terms(inside(built, date(2026, 7, 1)))
    assert built.ask("SELECT count(*) FROM vault.answers.nps WHERE response_id = 'l'") == [(0,)]


@pytest.mark.long
def test_an_erasure_waits_for_the_same_persons_access(built):
    ask(built, "erase", 1)
    built.deliver(
        "rights",
        "a.ndjson",
        [{"request_id": "REQ-2", "kind": "access", "email": EMAIL, "received_at": "2026-06-21T10:00:00Z"}],
    )
    built.ingest()
    found = {request.id: request.state for request in machine.advance_all(inside(built))}
    assert found == {"REQ-1": "received", "REQ-2": "awaiting_proof"}
    from anonymart.rights import prove_identity

    prove_identity(inside(built), "REQ-2")
    found = {request.id: request.state for request in machine.advance_all(inside(built, date(2026, 7, 1)))}
    assert found == {"REQ-1": "received", "REQ-2": "answered"}, "the zip is still to be handed over"
    export = handover.export_path(Session(built.home, built.keys), "REQ-2")
    assert export.exists()
    found = {request.id: request.state for request in machine.advance_all(inside(built, date(2026, 7, 20)))}
    assert found == {"REQ-1": "answered", "REQ-2": "answered"} and not export.exists()
    assert not any(name in built.everything() for name in NAMES)


@pytest.mark.long
def test_who_is_not_held_is_told_so(built):
    ask(built, "erase", 1)
    machine.advance_all(inside(built))
    built.deliver(
        "rights",
        "b.ndjson",
        [
            {
                "request_id": f"REQ-{number}",
                "kind": kind,
                "learner_id": learner,
                "received_at": "2026-07-02T10:00:00Z",
                "identity_verified": True,
            }
            for number, kind, learner in (
                (2, "access", "L-4711"),
                (3, "erase", "L-4711"),
                (4, "withdraw", "nobody-knows"),
                (5, "port", "nobody-knows"),
            )
        ],
    )
    day = date(2026, 7, 3)
    built.ingest(day)
    found = {request.id: request.state for request in machine.advance_all(inside(built, day))}
    assert found["REQ-3"] == "received" and set(found.values()) == {"answered", "received"}, (
        "the zip that says so is to be handed over"
    )
    found = {request.id: request.state for request in machine.advance_all(inside(built, date(2026, 8, 2)))}
    assert set(found.values()) == {"answered"}
    enforce_terms(inside(built, date(2026, 8, 3)))
    assert not any(name in built.everything() for name in (*NAMES, "nobody-knows"))


def test_two_people_behind_one_address_are_told_apart_by_nobody_else(built):
    built.deliver(
        "learners",
        "shared.ndjson",
        [{"learner_id": "L-9", "email": EMAIL, "last_login_at": "2026-05-01T10:00:00Z"}],
    )
    ask(built, "erase", 1, learner_id=None, email=EMAIL)
    before = [line for line in built.everything().splitlines() if not line.startswith("vault.rights.steps")]
    found = machine.advance_all(inside(built))
    assert [(request.state, request.problem) for request in found] == [("received", "two_people")]
    assert [
        line for line in built.everything().splitlines() if not line.startswith("vault.rights.steps")
    ] == before


@pytest.mark.parametrize("directive", ["keep", "hand_over", "by letter"])
def test_directives_that_destroy_nothing(built, directive):
    ask(built, "death", details=directive)
    before = built.history("anna")
    machine.advance_all(inside(built))
    assert state(built, "REQ-1") == "answered" and built.history("anna") == before
    assert len(list(built.home.exports.glob("*.zip"))) == (directive == "hand_over")


def test_closed_requests_leave_after_six_years(built):
    ask(built, "access", 1, learner_id="L-4712")
    machine.advance_all(inside(built))
    for day, left in ((date(2032, 6, 30), (1, 4)), (date(2032, 7, 1), (0, 0))):
        enforce_terms(inside(built, day))
        assert built.ask(
            "SELECT (SELECT count(*) FROM vault.rights.requests), (SELECT count(*) FROM vault.rights.steps)"
        ) == [left]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    found = {}
    for kind in KILLED:
        root = tmp_path_factory.mktemp(kind) / "home"
        shutil.copytree(built_home(tmp_path_factory, is_plain=False), root)
        small_school = SmallSchool(root)
        ask(small_school, kind)
        assert advance(small_school).returncode == 0
        found[kind] = contents(small_school)
    return found


def advance(small_school, **environment):
    environment = {**os.environ, "ANONYMART_HOME": str(small_school.home.root), **environment}
    return warm.anonymart("rights", "advance", "--as-of", AS_OF, "--json", env=environment, timeout=600)


@pytest.mark.long
@pytest.mark.parametrize("kind", KILLED)
def test_killed_in_every_state_in_turn_and_run_again(built, undisturbed, kind):
    ask(built, kind)
    for point in POINTS:
        assert advance(built, ANONYMART_CRASH_AT=point).returncode == -signal.SIGKILL, point
    again = advance(built)
    assert again.returncode == 0, again.stderr
    assert [request["state"] for request in json.loads(again.stdout)["requests"]] == ["answered"]
    assert contents(built) == undisturbed[kind]


def test_the_commands(built, monkeypatch):
    monkeypatch.setenv("ANONYMART_HOME", str(built.home.root))

    def typed(*arguments):
        done = CliRunner().invoke(
            anonymart,
            ["rights", *arguments, "--as-of", "2026-06-30"]
            if arguments[0] != "verify-receipts"
            else ["rights", *arguments],
        )
        return done.output

    typed("submit", "--kind", "erase", "--learner-id", "L-4711", "--received-on", "2026-06-02")
    assert "not certain yet" in str(
        CliRunner().invoke(anonymart, ["rights", "execute", "HAND-00001", "--as-of", "2026-06-30"]).exception
    )
    typed("verify", "HAND-00001")
    plan = typed("plan", "HAND-00001")
    assert "vault.raw.learning: 4 rows" in plan and "--token" in plan
    token = plan.rsplit(" ", 1)[1].strip()
    assert "verified" in typed("execute", "HAND-00001", "--token", token)
    assert "answered" in typed("answer", "HAND-00001")
    assert "1 receipts hold" in typed("verify-receipts")
    typed(
        "submit",
        "--kind",
        "access",
        "--learner-id",
        "L-4712",
        "--received-on",
        "2026-06-02",
        "--identity-verified",
    )
    assert "answered" in typed("advance")
    assert ".zip" in typed("show", "HAND-00002")
    path = built.home.receipts
    path.write_text(path.read_text().replace('"before": 8', '"before": 9'))
    assert CliRunner().invoke(anonymart, ["rights", "verify-receipts"]).exit_code == 1

"""Learning statements that are taken back, by the learning record store or by a request, leave the history as
well; what replaces them counts (xAPI 1.0.3 part two, 2.3.2; R-RECTIFY).
"""

from __future__ import annotations

import json
import os
import shutil
import signal

import pytest

from anonymart import engine
from anonymart.errors import UsageError
from anonymart.rights import machine, rectify
from anonymart.session import Session
from tests.erasure.small_school import AS_OF, PEOPLE, SmallSchool, built_home
from tests.ingest.conftest import statement

HISTORY = "+path:models/intermediate/history"
ANNAS = PEOPLE["anna"]["learning"][0]


@pytest.fixture
def school(tmp_path_factory, tmp_path):
    shutil.copytree(built_home(tmp_path_factory, is_plain=False), tmp_path / "home")
    return SmallSchool(tmp_path / "home")


def voiding(number: int, of: dict) -> dict:
    return statement(
        number,
        actor=of["actor"],
        verb={"id": "http://adlnet.gov/expapi/verbs/voided"},
        object={"objectType": "StatementRef", "id": of["id"]},
        timestamp="2026-06-10T10:00:00Z",
    )


def events(school: SmallSchool) -> list[tuple]:
    """Events of the history of January 2026, and what the months sum up."""
    return school.warehouse("""
        SELECT occurred_at::VARCHAR, score_scaled, progress FROM warehouse.intermediate.int_events
        WHERE occurred_at < '2026-02-01' ORDER BY ALL
    """) + school.warehouse("""
        SELECT sum(n_events)::INT FROM warehouse.intermediate.int_activity__monthly
        WHERE month = '2026-01-01'
    """)


@pytest.mark.long
def test_a_statement_that_is_voided_after_a_build_leaves_the_history_and_its_sums(school):
    bert = ("2026-01-03 10:00:00", 0.5, 40.0)
    assert events(school) == [bert, bert, (2,)]
    better = {**ANNAS, "id": statement(901)["id"], "result": {"score": {"scaled": 0.9}, "success": True}}
    school.deliver("learning", "void.ndjson", [voiding(900, ANNAS), better])
    counts = school.ingest()["learning/void.ndjson"]
    assert (counts.loaded, counts.refused) == (1, 1)
    school.build(select=HISTORY)
    assert events(school) == [bert, ("2026-01-03 10:00:00", 0.9, None), (2,)]
    assert school.ask(f"SELECT count(*) FROM vault.raw.learning WHERE statement_id = '{ANNAS['id']}'") == [
        (0,)
    ]
    school.deliver("learning", "again.ndjson", [ANNAS])
    assert school.ingest()["learning/again.ndjson"].refused == 1
    school.build(select=HISTORY)
    assert len(events(school)) == 3


def test_one_without_a_replacement_takes_the_use_of_that_day_along(school):
    first = (
        "SELECT min(first_use_at)::VARCHAR FROM vault.register.last_use "
        "WHERE identifier LIKE 'account:%anna%'"
    )
    school.deliver("learning", "void.ndjson", [voiding(900, ANNAS)])
    school.ingest()
    school.build(select=HISTORY)
    assert events(school) == [("2026-01-03 10:00:00", 0.5, 40.0), (1,)]
    assert school.ask(first) != [("2026-01-03 10:00:00",)]


def beside(number: int) -> dict:
    """Another statement of Anna at the same moment."""
    return {**ANNAS, "id": statement(number)["id"], "result": {"score": {"scaled": 0.7}}}


def of_anna(school: SmallSchool) -> list[tuple]:
    return [(score,) for _, score, *_ in events(school)[:-1] if score != 0.5]


def vault(school: SmallSchool, change: str) -> None:
    with engine.connect(school.home, school.keys, vault="rw") as connection:
        connection.execute(change)


@pytest.mark.long
def test_another_load_of_the_same_moment_keeps_its_event_when_its_raw_row_has_left(school):
    school.deliver("learning", "b.ndjson", [beside(902)])
    school.ingest()
    school.build(select=HISTORY)
    vault(school, f"DELETE FROM vault.raw.learning WHERE statement_id = '{ANNAS['id']}'")
    school.deliver("learning", "void.ndjson", [voiding(900, beside(902))])
    school.ingest()
    school.build(select=HISTORY)
    bert = anna = ("2026-01-03 10:00:00", 0.5, 40.0)
    assert events(school) == [bert, anna, (2,)]


@pytest.mark.long
def test_what_came_in_the_same_load_is_taken_anew(school):
    school.deliver("learning", "b.ndjson", [beside(902), beside(903)])
    school.ingest()
    school.build(select=HISTORY)
    assert of_anna(school) == [(0.7,), (0.7,)]
    school.deliver("learning", "void.ndjson", [voiding(900, beside(902))])
    school.ingest()
    school.build(select=HISTORY)
    assert of_anna(school) == [(0.7,)] and events(school)[-1] == (3,)
    newest = "SELECT max(load_no) FROM vault.ledger.loads"
    assert school.ask(f"SELECT count(*) FROM vault.raw.learning WHERE admitted_no = ({newest})") == [(1,)]


@pytest.mark.long
def test_one_that_a_later_catalogue_counted_again_leaves_whole(school):
    school.deliver("learning", "b.ndjson", [beside(902)])
    school.ingest()
    school.build(select=HISTORY)
    again = f"statement_id IN ('{ANNAS['id']}', '{beside(902)['id']}')"
    vault(school, f"UPDATE vault.raw.learning SET admitted_no = 50, is_repeat = true WHERE {again}")
    school.build(select=HISTORY)
    assert of_anna(school) == [(0.7,), (0.7,)], "once as of its load, once again"
    vault(school, "INSERT INTO vault.ledger.loads BY NAME SELECT 50 AS load_no, 'catalogue' AS source")
    school.deliver("learning", "void.ndjson", [voiding(900, beside(902))])
    school.ingest()
    school.build(select=HISTORY)
    assert of_anna(school) == []
    bert = anna = ("2026-01-03 10:00:00", 0.5, 40.0)
    assert events(school) == [bert, anna, (2,)]


def details(right: dict, of: dict = ANNAS) -> str:
    return json.dumps({"source": "learning", "key": {"statement_id": of["id"]}, "set": right})


def ask(school: SmallSchool, right: dict, of: dict = ANNAS, learner_id: str = "L-4711") -> Session:
    school.request("rectify", 1, learner_id=learner_id, details=details(right, of))
    return Session(school.home, school.keys, school.policy, AS_OF)


@pytest.mark.parametrize("killed_at", [None, "taken_back.after_warehouse_commit", "rectify.after_commit"])
def test_a_request_corrects_a_statement(school, killed_at):
    session = ask(school, {"score_scaled": 0.9, "progress": 80})
    plan = machine.plan(session, "REQ-1")
    assert plan.rows == {"vault.raw.learning": 1, "warehouse.intermediate.int_events": 1}
    if killed_at:
        child = os.fork()
        if child == 0:
            os.environ["ANONYMART_CRASH_AT"] = killed_at
            try:
                machine.execute(session, "REQ-1", plan.token)
            finally:
                os._exit(3)
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
        plan = machine.plan(session, "REQ-1")
    assert machine.execute(session, "REQ-1", plan.token).state == "verified"
    assert rectify.plan(session, "REQ-1") == {}
    school.build(select=HISTORY)
    bert = ("2026-01-03 10:00:00", 0.5, 40.0)
    assert events(school) == [bert, ("2026-01-03 10:00:00", 0.9, 80.0), (2,)]
    school.deliver("learning", "again.ndjson", [ANNAS])
    assert school.ingest()["learning/again.ndjson"].refused == 1, "the old one stays out"
    assert machine.answer(session, "REQ-1").state == "answered"


def test_a_request_takes_a_statement_back(school):
    session = ask(school, {"voided": True})
    assert machine.execute(session, "REQ-1", machine.plan(session, "REQ-1").token).state == "verified"
    school.build(select=HISTORY)
    assert events(school) == [("2026-01-03 10:00:00", 0.5, 40.0), (1,)]


@pytest.mark.parametrize(
    "right", [{}, {"verb_id": "x"}, {"score_scaled": 7}, {"progress": -1}, {"voided": True, "success": True}]
)
def test_what_cannot_be_set_is_said(right):
    with pytest.raises(UsageError, match="of learning is"):
        rectify.check(details(right))


def test_nobody_corrects_what_is_anothers(school):
    session = ask(school, {"success": False}, of=PEOPLE["bert"]["learning"][0])
    with pytest.raises(UsageError, match="no such"):
        machine.plan(session, "REQ-1")

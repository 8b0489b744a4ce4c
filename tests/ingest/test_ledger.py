"""The same again, under another name, in other kinds, two at once, killed: nothing doubled, nothing lost."""

import json
import os
import signal

import pytest

from anonymart import crash
from anonymart.errors import AnonymartError
from anonymart.lock import writing
from anonymart.session import Session
from tests import warm
from tests.ingest.conftest import AS_OF, statement


def test_the_same_file_twice_and_under_another_name(small_school):
    rows = [statement(number) for number in range(5)]
    small_school.deliver("learning", "a.ndjson", rows)
    small_school.ingest()
    small_school.deliver("learning", "a.ndjson", rows)
    small_school.deliver("learning", "b.ndjson", [*rows, statement(9)])
    found = small_school.ingest()
    assert (found["learning/a.ndjson"].duplicate, found["learning/a.ndjson"].loaded) == (5, 0)
    assert (found["learning/b.ndjson"].duplicate, found["learning/b.ndjson"].loaded) == (5, 1)
    assert small_school.ask("SELECT count(*) FROM vault.raw.learning") == [(6,)]


def test_files_delivered_again_after_the_raw_rows_have_gone(small_school):
    from datetime import timedelta

    from anonymart.erasure.removal import enforce_terms as enforce
    from anonymart.erasure.removal import plan_terms as plan

    rows = [statement(number) for number in range(5)]
    small_school.deliver(
        "learners",
        "a.csv",
        "learner_id,account_home_page,account_name\nL0000001,https://campus.example,account-0001\n",
    )
    small_school.deliver("learning", "a.ndjson", rows)
    small_school.ingest()
    at_term = AS_OF + timedelta(days=small_school.policy.figure("raw", "keep_days"))
    assert (
        plan(Session(small_school.home, small_school.keys, small_school.policy, at_term)).rows.get(
            "vault.raw.learning"
        )
        is None
    )
    over_term = at_term + timedelta(days=1)
    assert (
        enforce(Session(small_school.home, small_school.keys, small_school.policy, over_term)).rows[
            "vault.raw.learning"
        ]
        == 5
    )
    assert small_school.ask("SELECT count(*) FROM vault.raw.learning") == [(0,)]
    small_school.deliver("learning", "again.ndjson", rows)
    assert small_school.ingest(over_term)["learning/again.ndjson"].duplicate == 5
    assert small_school.ask("SELECT count(*) FROM vault.register.last_use") == [(1,)]


def test_connection_logs_go_after_their_year_and_last_use_stays(small_school):
    from anonymart.erasure.removal import enforce_terms as enforce

    small_school.deliver("learners", "a.csv", "learner_id\nL0000001\nL0000002\n")
    rows = (
        "L0000001,2025-06-29T10:00:00Z",
        "L0000001,2025-06-30T10:00:00Z",
        "L0000002,2025-01-01T00:00:00Z",
        "nobody-knows,2025-01-01T00:00:00Z",
    )
    small_school.deliver("connections", "a.csv", "\n".join(("learner_id,connected_at", *rows, "")))
    small_school.ingest()
    done = enforce(Session(small_school.home, small_school.keys, small_school.policy, AS_OF))
    assert done.rows["vault.register.connections"] == 3
    assert small_school.ask("SELECT identifier FROM vault.register.connections") == [("learner:L0000001",)]
    assert small_school.ask(
        "SELECT identifier, last_use_at::VARCHAR FROM vault.register.last_use ORDER BY 1"
    ) == [
        ("learner:L0000001", "2025-06-30 10:00:00"),
        ("learner:L0000002", "2025-01-01 00:00:00"),
    ]


def test_a_newer_row_takes_the_place_of_the_older(small_school):
    small_school.deliver("learners", "1.csv", "learner_id,email\nL0000001,old@example.org\n")
    small_school.deliver("learners", "2.csv", "learner_id,email\nL0000001,new@example.org\n")
    small_school.ingest()
    assert small_school.ask("SELECT email FROM vault.register.learners") == [("new@example.org",)]


def test_two_runs_at_once(small_school):
    with writing(small_school.home):
        code = (
            f"from anonymart.lock import writing; from anonymart.home import Home; from pathlib import "
            f"Path\nwith writing(Home(Path({str(small_school.home.root)!r})), 0.3): pass"
        )
        second = warm.python(code)
    assert "Another run is writing" in second.stderr
    with writing(small_school.home, 0.1):
        pass


@pytest.mark.parametrize("point", [name for name in crash.POINTS if name.startswith("ingest.")])
def test_killed_at_each_point_and_run_again(small_school, point):
    rows = [statement(number) for number in range(50)]
    small_school.deliver(
        "learners",
        "a.csv",
        "learner_id,account_home_page,account_name\nL0000001,https://campus.example,account-0001\n",
    )
    small_school.deliver("learning", "a.ndjson", [*rows, {"broken": True}])
    code = (
        "from datetime import date; from pathlib import Path; from anonymart.home import Home; from "
        "anonymart.keys import Keys\n"
        "from anonymart.policy import load_policy; from anonymart.ingest import ingest\n"
        "from anonymart.session import Session\n"
        f"home = Home(Path({str(small_school.home.root)!r}))\n"
        "session = Session(home, Keys.load(home), load_policy(), date(2026, 6, 30))\n"
        "ingest(session, sources=('learning',))"
    )
    environment = {**os.environ, "ANONYMART_CRASH_AT": point}
    died = warm.python(code, env=environment)
    assert died.returncode == -signal.SIGKILL
    small_school.ingest()
    assert small_school.ask("SELECT count(*), count(DISTINCT statement_id) FROM vault.raw.learning") == [
        (50, 50)
    ]
    assert small_school.ask(
        "SELECT sum(loaded), sum(quarantined), sum(duplicate) FROM vault.ledger.loads WHERE source = "
        "'learning'"
    ) == [(50, 1, 0)]
    assert small_school.ask("SELECT count(*) FROM vault.ledger.quarantine") == [(1,)]
    assert not list((small_school.home.landing / "learning").iterdir())


def test_a_wrong_key_is_told_in_one_sentence(small_school):
    from anonymart.ingest import ingest
    from anonymart.keys import Keys

    small_school.deliver("learning", "a.ndjson", [statement(1)])
    small_school.ingest()
    wrong = Keys(**{**small_school.keys.__dict__, "vault": "0" * 64})
    with pytest.raises(AnonymartError, match="does not open with its key 'vault'"):
        ingest(Session(small_school.home, wrong, small_school.policy, AS_OF))


def test_a_value_is_in_no_message(small_school):
    small_school.deliver("learning", "a.ndjson", [statement(1, timestamp="secret-value")])
    counts = small_school.ingest()["learning/a.ndjson"]
    assert "secret-value" not in json.dumps(counts.__dict__)

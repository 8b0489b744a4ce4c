"""The same again, under another name, in other kinds, two at once, killed: nothing doubled, nothing lost."""

import json
import os
import signal

import pytest

from anonymart import crash
from anonymart.errors import AnonymartError
from anonymart.lock import writing
from tests import warm
from tests.ingest.conftest import AS_OF, statement


def test_the_same_file_twice_and_under_another_name(house):
    rows = [statement(number) for number in range(5)]
    house.deliver("learning", "a.ndjson", rows)
    house.ingest()
    house.deliver("learning", "a.ndjson", rows)
    house.deliver("learning", "b.ndjson", [*rows, statement(9)])
    found = house.ingest()
    assert (found["learning/a.ndjson"].duplicate, found["learning/a.ndjson"].loaded) == (5, 0)
    assert (found["learning/b.ndjson"].duplicate, found["learning/b.ndjson"].loaded) == (5, 1)
    assert house.ask("SELECT count(*) FROM vault.raw.learning") == [(6,)]


def test_files_delivered_again_after_the_raw_rows_have_gone(house):
    from datetime import timedelta

    from anonymart.erasure.removal import enforce_terms as enforce
    from anonymart.erasure.removal import plan_terms as plan

    rows = [statement(number) for number in range(5)]
    house.deliver(
        "learners",
        "a.csv",
        "learner_id,account_home_page,account_name\nL0000001,https://campus.example,account-0001\n",
    )
    house.deliver("learning", "a.ndjson", rows)
    house.ingest()
    at_term = AS_OF + timedelta(days=house.policy.figure("raw", "keep_days"))
    assert plan(house.home, house.keys, house.policy, at_term).rows.get("vault.raw.learning") is None
    over_term = at_term + timedelta(days=1)
    assert enforce(house.home, house.keys, house.policy, over_term).rows["vault.raw.learning"] == 5
    assert house.ask("SELECT count(*) FROM vault.raw.learning") == [(0,)]
    house.deliver("learning", "again.ndjson", rows)
    assert house.ingest(over_term)["learning/again.ndjson"].duplicate == 5
    assert house.ask("SELECT count(*) FROM vault.register.last_use") == [(1,)]


def test_connection_logs_go_after_their_year_and_last_use_stays(house):
    from anonymart.erasure.removal import enforce_terms as enforce

    house.deliver("learners", "a.csv", "learner_id\nL0000001\nL0000002\n")
    rows = (
        "L0000001,2025-06-29T10:00:00Z",
        "L0000001,2025-06-30T10:00:00Z",
        "L0000002,2025-01-01T00:00:00Z",
        "nobody-knows,2025-01-01T00:00:00Z",
    )
    house.deliver("connections", "a.csv", "\n".join(("learner_id,connected_at", *rows, "")))
    house.ingest()
    done = enforce(house.home, house.keys, house.policy, AS_OF)
    assert done.rows["vault.register.connections"] == 3
    assert house.ask("SELECT identifier FROM vault.register.connections") == [("learner:L0000001",)]
    assert house.ask("SELECT identifier, last_use_at::VARCHAR FROM vault.register.last_use ORDER BY 1") == [
        ("learner:L0000001", "2025-06-30 10:00:00"),
        ("learner:L0000002", "2025-01-01 00:00:00"),
    ]


def test_a_newer_row_takes_the_place_of_the_older(house):
    house.deliver("learners", "1.csv", "learner_id,email\nL0000001,old@example.org\n")
    house.deliver("learners", "2.csv", "learner_id,email\nL0000001,new@example.org\n")
    house.ingest()
    assert house.ask("SELECT email FROM vault.register.learners") == [("new@example.org",)]


def test_two_runs_at_once(house):
    with writing(house.home):
        code = (
            f"from anonymart.lock import writing; from anonymart.home import Home; from pathlib import "
            f"Path\nwith writing(Home(Path({str(house.home.root)!r})), 0.3): pass"
        )
        second = warm.python(code)
    assert "Another run is writing" in second.stderr
    with writing(house.home, 0.1):
        pass


@pytest.mark.parametrize("point", [name for name in crash.POINTS if name.startswith("ingest.")])
def test_killed_at_each_point_and_run_again(house, point):
    rows = [statement(number) for number in range(50)]
    house.deliver(
        "learners",
        "a.csv",
        "learner_id,account_home_page,account_name\nL0000001,https://campus.example,account-0001\n",
    )
    house.deliver("learning", "a.ndjson", [*rows, {"broken": True}])
    code = (
        "from datetime import date; from pathlib import Path; from anonymart.home import Home; from "
        "anonymart.keys import Keys\n"
        "from anonymart.policy import load_policy; from anonymart.ingest import ingest\n"
        f"home = Home(Path({str(house.home.root)!r})); ingest(home, Keys.load(home), load_policy(), "
        f"date(2026, 6, 30), sources=('learning',))"
    )
    environment = {**os.environ, "ANONYMART_CRASH_AT": point}
    died = warm.python(code, env=environment)
    assert died.returncode == -signal.SIGKILL
    house.ingest()
    assert house.ask("SELECT count(*), count(DISTINCT statement_id) FROM vault.raw.learning") == [(50, 50)]
    assert house.ask(
        "SELECT sum(loaded), sum(quarantined), sum(duplicate) FROM vault.ledger.loads WHERE source = "
        "'learning'"
    ) == [(50, 1, 0)]
    assert house.ask("SELECT count(*) FROM vault.ledger.quarantine") == [(1,)]
    assert not list((house.home.landing / "learning").iterdir())


def test_a_wrong_key_is_told_in_one_sentence(house):
    from anonymart.ingest import ingest
    from anonymart.keys import Keys

    house.deliver("learning", "a.ndjson", [statement(1)])
    house.ingest()
    wrong = Keys(**{**house.keys.__dict__, "vault": "0" * 64})
    with pytest.raises(AnonymartError, match="does not open with its key 'vault'"):
        ingest(house.home, wrong, house.policy, AS_OF)


def test_a_value_is_in_no_message(house):
    house.deliver("learning", "a.ndjson", [statement(1, timestamp="secret-value")])
    counts = house.ingest()["learning/a.ndjson"]
    assert "secret-value" not in json.dumps(counts.__dict__)

"""A run with nothing new builds nothing; whatever a build reads, and each day on which a period may close,
makes it build again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from anonymart import audit, engine, unchanged
from anonymart.home import Home
from anonymart.policy import load_policy
from anonymart.run import run
from tests.ingest.conftest import SmallSchool

POLICY = load_policy()
LEARNER = "learner_id,registered_at\nL{n},2026-01-01T10:00:00Z\n"
REQUEST = "request_id,kind,learner_id,received_at,identity_verified\nR1,object,L1,2026-06-09T10:00:00Z,true\n"
BUILT = date(2026, 6, 9)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> SmallSchool:
    """A home after one run; `copy` gives others."""
    small_school = SmallSchool(tmp_path_factory.mktemp("unchanged") / "home")
    small_school.deliver("learners", "a.csv", LEARNER.format(n=1))
    run(small_school.home, small_school.keys, POLICY, BUILT)
    return small_school


@pytest.fixture
def copied(built: SmallSchool, tmp_path: Path) -> SmallSchool:
    small_school = object.__new__(SmallSchool)
    shutil.copytree(built.home.root, tmp_path / "home", symlinks=True)
    small_school.home, small_school.keys, small_school.policy = Home(tmp_path / "home"), built.keys, POLICY
    return small_school


def stays(small_school: SmallSchool, as_of: date, policy=POLICY) -> bool:
    return unchanged.day_of_build(small_school.home, small_school.keys, policy, as_of) == BUILT


@pytest.mark.long
def test_a_run_with_nothing_new_builds_nothing_and_counts_as_run(copied):
    report = run(copied.home, copied.keys, POLICY, BUILT + timedelta(days=1))
    assert report.status == "nothing new to publish" and "build" not in report.seconds
    assert [entry["act"] for entry in audit.entries(copied.home)].count("built") == 1
    assert copied.ask("SELECT max(as_of) FROM vault.ledger.runs") == [(date(2026, 6, 10),)]


def a_load(small_school: SmallSchool) -> None:
    small_school.deliver("learners", "b.csv", LEARNER.format(n=2))
    small_school.ingest(BUILT)


def a_request(small_school: SmallSchool) -> None:
    small_school.deliver("rights", "a.csv", REQUEST)
    small_school.ingest(BUILT)


def an_old_warehouse(small_school: SmallSchool) -> None:
    with engine.connect(small_school.home, small_school.keys, warehouse="rw") as connection:
        connection.execute(
            "CREATE OR REPLACE TABLE warehouse.main.built_from AS "
            "SELECT rights_state FROM warehouse.main.built_from"
        )


def a_build_that_was_killed(small_school: SmallSchool) -> None:
    with engine.connect(small_school.home, small_school.keys, warehouse="rw") as connection:
        connection.execute("DELETE FROM warehouse.main.built_from")


def a_period_without_release(small_school: SmallSchool) -> None:
    with engine.connect(small_school.home, small_school.keys, vault="rw") as connection:
        connection.execute("INSERT INTO vault.ledger.withdrawals (release_id) VALUES ('2026-05-31.1')")


@pytest.mark.long
@pytest.mark.parametrize(
    "change",
    [a_load, a_request, an_old_warehouse, a_build_that_was_killed, a_period_without_release],
    ids=lambda change: change.__name__,
)
def test_what_a_build_reads_makes_it_build(copied, change: Callable[[SmallSchool], None]):
    assert stays(copied, BUILT)
    change(copied)
    assert not stays(copied, BUILT)


@pytest.mark.long
def test_another_policy_or_an_earlier_day_builds(built):
    other = deepcopy(POLICY.raw)
    other["raw"]["keep_days"] = 91
    assert not stays(built, BUILT, replace(POLICY, raw=other))
    assert not stays(built, BUILT - timedelta(days=1))
    assert stays(built, BUILT + timedelta(days=10))
    assert not stays(built, date(2026, 6, 30)), "May closes"


def test_every_day_on_which_a_period_may_close_is_a_day_to_build():
    delay = timedelta(days=POLICY.figure("publication", "delay_days"))
    for first in (date(year, month, 1) for year in range(2024, 2034) for month in range(1, 13)):
        closes = first + delay - timedelta(days=1)
        assert unchanged._may_close(closes - timedelta(days=1), closes, POLICY)
        assert unchanged._may_close(closes - timedelta(days=20), closes, POLICY)
        assert not unchanged._may_close(closes + timedelta(days=10), closes + timedelta(days=11), POLICY)
    assert not unchanged._may_close(date(2026, 6, 10), date(2026, 6, 10), POLICY)
    assert unchanged._may_close(date(2026, 6, 5), date(2026, 7, 5), POLICY)

"""A run with nothing new builds nothing, and one with new rows alone no cells; whatever else a build reads,
and each day on which a period may close, makes it build again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from anonymart import audit, engine, unchanged
from anonymart.contracts import load_contracts
from anonymart.home import Home
from anonymart.policy import load_policy
from anonymart.run import run
from anonymart.session import Session
from tests.ingest.conftest import SmallSchool
from tests.whole import small_school as whole
from tests.whole.conftest import SECOND, deliver_next_month

POLICY = load_policy()
LEARNER = "learner_id,registered_at\nL{n},2026-01-01T10:00:00Z\n"
REQUEST = "request_id,kind,learner_id,received_at,identity_verified\nR1,object,L1,2026-06-09T10:00:00Z,true\n"
BUILT = date(2026, 6, 9)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> SmallSchool:
    """A home after one run; `copy` gives others."""
    small_school = SmallSchool(tmp_path_factory.mktemp("unchanged") / "home")
    small_school.deliver("learners", "a.csv", LEARNER.format(n=1))
    run(Session(small_school.home, small_school.keys, POLICY, BUILT))
    return small_school


@pytest.fixture
def copied(built: SmallSchool, tmp_path: Path) -> SmallSchool:
    small_school = object.__new__(SmallSchool)
    shutil.copytree(built.home.root, tmp_path / "home", symlinks=True)
    small_school.home, small_school.keys, small_school.policy = Home(tmp_path / "home"), built.keys, POLICY
    return small_school


def stays(small_school: SmallSchool, as_of: date, policy=POLICY) -> bool:
    return unchanged.day_of_build(Session(small_school.home, small_school.keys, policy, as_of)) == BUILT


@pytest.mark.long
def test_a_run_with_nothing_new_builds_nothing_and_counts_as_run(copied):
    report = run(Session(copied.home, copied.keys, POLICY, BUILT + timedelta(days=1)))
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


@pytest.mark.long
def test_marts_that_have_not_begun_are_looked_at_when_their_first_people_come(copied):
    later = [BUILT + timedelta(days=days) for days in (1, 2, 3)]
    copied.deliver("learners", "b.csv", "learner_id,registered_at,last_login_at\nL2,2026-01-01,2026-06-01\n")
    run(Session(copied.home, copied.keys, POLICY, later[0]))
    marts = set(load_contracts())
    assert not marts & built_models(copied), "nobody is in any of them"
    copied.deliver("nps", "a.csv", "learner_id,score,answered_at\nL2,9,2026-05-02T10:00:00Z\n")
    run(Session(copied.home, copied.keys, POLICY, later[1]))
    assert marts <= built_models(copied), "somebody is in one"
    home = Session(copied.home, copied.keys, POLICY, later[2])
    with engine.connect(copied.home, copied.keys, vault="rw") as connection:
        connection.execute("UPDATE vault.ledger.loads SET as_of = as_of - 1 WHERE source = 'nps'")
    copied.deliver("learners", "c.csv", LEARNER.format(n=3))
    copied.ingest(later[2])
    assert unchanged.day_of_cells(home), "it has people and no cell, and none of its rows came"
    copied.deliver("nps", "b.csv", "learner_id,score,answered_at\nL2,3,2026-05-30T10:00:00Z\n")
    copied.ingest(later[2])
    assert unchanged.day_of_cells(home) is None


def test_every_day_on_which_a_period_may_close_is_a_day_to_build():
    delay = timedelta(days=POLICY.figure("publication", "delay_days"))
    for first in (date(year, month, 1) for year in range(2024, 2034) for month in range(1, 13)):
        closes = first + delay - timedelta(days=1)
        assert unchanged._may_close(closes - timedelta(days=1), closes, POLICY)
        assert unchanged._may_close(closes - timedelta(days=20), closes, POLICY)
        assert not unchanged._may_close(closes, closes + timedelta(days=11), POLICY)
    assert not unchanged._may_close(date(2026, 6, 10), date(2026, 6, 10), POLICY)
    assert unchanged._may_close(date(2026, 6, 5), date(2026, 7, 5), POLICY)


NEXT = "2026-06-05"  # no period closes between the first release and this day


@pytest.fixture(scope="module")
def two_ways(school, released, tmp_path_factory) -> list[whole.SmallSchool]:
    """The first release and new rows, as a run takes them in, and with everything built."""
    found = []
    for name, words in (("new", ["run"]), ("whole", ["ingest", "build"])):
        home = released.copy(tmp_path_factory.mktemp(name) / "home")
        deliver_next_month(home, school)
        (home.home.landing / "rights" / "next-month.ndjson").unlink()
        for word in words:
            home.succeed(word, "--as-of", NEXT)
        found.append(home)
    return found


def built_models(home: whole.SmallSchool | SmallSchool) -> set[str]:
    results = json.loads((home.home.dbt_target / "run_results.json").read_text(encoding="utf-8"))
    return {each["unique_id"].split(".")[2] for each in results["results"]}


@pytest.mark.long
def test_while_no_period_closes_new_rows_make_no_cells_and_the_warehouse_is_that_of_a_whole_build(two_ways):
    new, everything = two_ways
    marts = set(load_contracts())
    assert marts <= built_models(everything) and not marts & built_models(new)
    assert {"int_activity__course_monthly", "int_persons"} <= built_models(new)
    tables = new.warehouse(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'warehouse' "
        "AND (schema_name IN ('marts', 'seeds') OR schema_name = 'intermediate' "
        "AND NOT regexp_matches(table_name, 'int_cells__|int_closed_periods'))"
    )
    assert len(tables) > 30
    for schema, table in tables:
        rows = f'SELECT * FROM warehouse."{schema}"."{table}" ORDER BY ALL'
        assert new.warehouse(rows) == everything.warehouse(rows), table


@pytest.mark.long
def test_what_closes_later_has_the_same_cells_both_ways(two_ways):
    for home in two_ways:
        home.succeed("build", "--as-of", SECOND)
    for mart in load_contracts():
        cells = [home.warehouse(f"SELECT * FROM warehouse.marts.{mart} ORDER BY ALL") for home in two_ways]
        assert cells[0] == cells[1] and cells[0], mart


@pytest.mark.long
def test_a_cell_that_is_not_published_or_a_week_makes_them_anew(released, tmp_path):
    home = released.copy(tmp_path / "home")
    first = date(2026, 5, 31)
    day = unchanged.day_of_cells(Session(home.home, home.keys, POLICY, date.fromisoformat(NEXT)))
    assert day is not None and day[0] == first
    for later in (first + timedelta(days=7), first - timedelta(days=1)):
        assert unchanged.day_of_cells(Session(home.home, home.keys, POLICY, later)) is None
    with engine.connect(home.home, home.keys, vault="rw") as connection:
        connection.execute("DELETE FROM vault.ledger.cells_nps_quarterly")
    assert unchanged.day_of_cells(Session(home.home, home.keys, POLICY, date.fromisoformat(NEXT))) is None

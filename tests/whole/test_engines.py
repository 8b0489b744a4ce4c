"""Sail makes of a small school what DuckDB makes, and nothing that it is handed or writes names a person or
holds a key.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from anonymart import lock, run
from anonymart.engines import compare
from anonymart.home import Home
from anonymart.policy import load_policy
from anonymart.progress import Progress
from anonymart.session import Session
from tests.engines import both
from tests.whole.planted import Planted, search

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("engines")]
LATER = date(2026, 12, 31)
KEYS = ("vault", "warehouse", "person", "pseudonym", "record", "signing")


@pytest.fixture(scope="module")
def compared(later, tmp_path_factory):
    """Half a year after two releases: new cells, and those of the releases carried. The folder of the engine
    is kept for the search.
    """
    both.needs_engines()
    small_school = later.copy(tmp_path_factory.mktemp("engines") / "home")
    session = Session(small_school.home, small_school.keys, load_policy(), LATER)
    folder = tmp_path_factory.mktemp("engine")
    with lock.writing(session.home):
        run.build(session)
        found = compare.compare_in(folder, session, "sail", Progress(quiet=True))
    return session, folder, found


def test_no_row_differs(compared):
    _, _, found = compared
    assert [each.as_dict() for each in found.tables if not each.is_same] == []
    assert len(found.tables) > 50
    assert sum(each.rows[0] for each in found.tables if each.table.startswith("marts.")) > 1000
    assert found.carried > 500
    assert sum(each.rows[0] for each in found.tables if "int_cells__" in each.table) > 0


def test_a_row_that_differs_is_told(compared):
    session, folder, _ = compared
    table = "marts.course_engagement_monthly"
    with session.connect(warehouse="rw") as connection:
        connection.execute("BEGIN")
        connection.execute(
            f"UPDATE warehouse.{table} SET n_active_learners = n_active_learners + 1 "
            f"WHERE rowid = (SELECT min(rowid) FROM warehouse.{table} WHERE n_active_learners > 0)"
        )
        found = compare._table(connection, table, folder / "made" / table)
        connection.execute("ROLLBACK")
    assert (found.only_duckdb, found.only_engine, found.is_same) == (1, 1, False)


def test_nothing_of_the_engine_names_a_person(compared, school):
    _, folder, _ = compared
    owners = {row["value"]: f"{row['kind']} of {row['learner_id']}" for row in school.identifiers}
    hits = search(Home(folder), Planted(owners))
    assert sorted({(place, owners[value]) for place, value in hits}) == []


def test_no_key_but_in_its_own_file(compared):
    session, folder, _ = compared
    keys = {
        name: getattr(session.keys, name) for name in ("vault", "person", "pseudonym", "record", "signing")
    }
    hits = search(Home(folder), Planted(dict.fromkeys(keys.values(), "a key")))
    names = {value: name for name, value in keys.items()}
    assert {(place, names[value]) for place, value in hits} == {("given/keys.parquet", "record")}


def test_nothing_is_left_of_a_comparison(later, tmp_path, monkeypatch):
    small_school = later.copy(tmp_path / "home")
    session = Session(small_school.home, small_school.keys, load_policy(), LATER)
    monkeypatch.setattr(compare.process, "python", lambda engine: None)
    monkeypatch.setattr(compare, "_run", _stop)
    with pytest.raises(RuntimeError):
        compare.compare(replace(session), "sail", Progress(quiet=True))
    assert list(small_school.home.tmp.glob(f"{compare.PREFIX}*")) == []


def _stop(*_: object) -> None:
    raise RuntimeError("killed")

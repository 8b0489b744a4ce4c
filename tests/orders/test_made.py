"""An approved order as a mart of the home: read wherever marts are, and gone when it is none (S-SAFE)."""

from __future__ import annotations

import pytest
import yaml

from anonymart import definitions, lists, shared_persons
from anonymart.contracts import load_contracts
from anonymart.erasure import places
from anonymart.gate.suites import load_suites
from anonymart.home import Home
from anonymart.orders import conflicts, made
from anonymart.orders import order as orders
from anonymart.orders.offered import offered
from tests.orders.test_plan import made as order

BOTH = [order("project_submissions", "quarter"), order("enrolments", "month")]
ALL = [one for word, seen in offered().items() for one in orders._all_of(word, seen)]


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ANONYMART_HOME", str(tmp_path))
    return Home(tmp_path)


def test_marts_of_the_home_are_read_everywhere(home):
    before, project = definitions.definitions(), definitions.project()
    assert made.write(home, BOTH) and not made.write(home, BOTH)
    contracts = load_contracts()
    for one in BOTH:
        assert contracts[one.name].measures == orders.contract(one).measures
        assert f"vault.ledger.cells_{one.name}" in places.by_name()
        assert f"warehouse.intermediate.int_people__{one.name}" in places.by_name()
        assert f"rules/{one.name}" in definitions.definitions()
        for name in (f"marts/{one.name}.sql", f"intermediate/people/int_people__{one.name}.sql"):
            assert (lists.project() / "models" / name).is_file()
    assert before.items() <= definitions.definitions().items()
    assert definitions.project() != project
    suites, failures = load_suites(contracts)
    assert failures == [] and {suite.name for suite in suites} >= {one.name for one in BOTH}
    shared_persons.check(contracts, lists.project())
    places.check_files(home)
    evidence = (lists.project() / "models" / "evidence" / "cell_evidence.sql").read_text()
    assert all(name in evidence for name in contracts)


def test_what_is_no_order_any_more_leaves_nothing(home):
    made.write(home, BOTH)
    assert made.write(home, BOTH[:1])
    assert BOTH[1].name not in load_contracts()
    assert [path for path in home.tables.rglob(f"*{BOTH[1].name}*")] == []
    assert made.write(home, []) and not made.write(home, [])
    assert lists.project() == lists.SHIPPED.parent
    assert not any(name.startswith(orders.PREFIX) for name in load_contracts())


def test_a_file_that_somebody_changed_is_written_again(home):
    made.write(home, BOTH)
    [page] = home.tables.rglob(f"{BOTH[0].name}.sql")
    page.write_text("select * from somewhere_else")
    (home.tables / "models" / "marts" / "own.sql").write_text("select 1")
    assert made.write(home, BOTH)
    assert "publish_cells" in page.read_text()
    assert not (home.tables / "models" / "marts" / "own.sql").exists()


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_what_a_plan_lets_through_no_build_stops_for(home, one):
    """And what would stop a build, no plan lets through."""
    marts = load_contracts()
    found = conflicts.find(one, marts, [], frozenset(), lists.SHIPPED.parent)
    files = made.files([one])
    text = next(
        each for path, each in files.items() if path.name == f"{one.name}.yml" and "marts" in path.parts
    )
    yaml.safe_load(text)
    made.write(home, [one])
    if found:
        return
    shared_persons.check(load_contracts(), lists.project())


def test_two_orders_that_go_together_build_together(home):
    assert conflicts.find(BOTH[1], load_contracts(), BOTH[:1], frozenset(), lists.SHIPPED.parent) == []
    made.write(home, BOTH)
    shared_persons.check(load_contracts(), lists.project())


class Killed(BaseException):
    """As a kill: nothing catches it."""


@pytest.mark.parametrize("before", [[], BOTH], ids=["written", "removed"])
def test_a_kill_between_two_files_leaves_no_half_of_a_mart(home, monkeypatch, before):
    """A mart is known by its page, which comes last and goes first: what is half there is none."""
    after = [] if before else BOTH
    changes = len(made.files(BOTH))
    for n in range(1, changes + 1):
        made.write(home, before)
        left = iter(range(n))

        def dying(real, left=left):
            def change(*given, **named):
                if next(left, None) is None:
                    raise Killed
                return real(*given, **named)

            return change

        with monkeypatch.context() as patch:
            patch.setattr(made, "write_durably", dying(made.write_durably))
            patch.setattr(made.Path, "unlink", dying(made.Path.unlink))
            if n < changes:
                with pytest.raises(Killed):
                    made.write(home, after)
            else:
                made.write(home, after)
        there = {path.relative_to(home.tables) for path in home.tables.rglob("*") if path.is_file()}
        for one in BOTH:
            if one.name in load_contracts():
                assert {path for path in made.files([one]) if one.name in path.name} <= there
        made.write(home, after)


def test_every_file_of_an_ordered_table_is_seen_to_change(home):
    """An earlier version wrote the evidence of fewer marts: what is written anew is what dbt gets."""
    made.write(home, BOTH)
    evidence = home.tables / "models" / "evidence" / "cell_evidence.sql"
    evidence.write_text("select 1")
    before = lists.project()
    assert made.write(home, BOTH)
    assert lists.project() != before
    assert "school_activity" in (lists.project() / "models" / "evidence" / "cell_evidence.sql").read_text()

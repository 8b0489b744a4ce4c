"""`anonymart tables plan` says what an order would difference with and what it would cost, and reads
declarations and a release alone.
"""

from __future__ import annotations

import json
from datetime import date

import duckdb
import pytest
from click.testing import CliRunner

from anonymart import engine
from anonymart.cli.commands import anonymart
from anonymart.contracts import load_contracts
from anonymart.errors import UsageError
from anonymart.keys import Keys
from anonymart.orders import conflicts, order, published
from anonymart.orders.offered import offered
from anonymart.orders.plan import closed_periods, plan
from anonymart.policy import load_policy
from tests.orders.conftest import CODES, make_release

POLICY = load_policy()


def made(observations, *dimensions, measures=None):
    words = measures or list(offered()[observations].measures)
    return order.order_of(
        {"observations": observations, "dimensions": list(dimensions), "measures": list(words)}
    )


def against(one, *others, folder=None):
    told = plan(one, POLICY, published.read(folder) if folder else None, others)
    return {each.mart: each.kind for each in told.conflicts}


@pytest.fixture
def nothing_opened(monkeypatch, tmp_path):
    """A home in which nothing is, and engine, keys and files of DuckDB that nobody may open."""

    def forbidden(*given, **named):
        raise AssertionError("a plan opens nothing")

    connect = duckdb.connect

    def in_memory(*given, **named):
        assert not given and not named, "a plan opens no file of DuckDB"
        return connect()

    monkeypatch.setenv("ANONYMART_HOME", str(tmp_path / "no home"))
    monkeypatch.setattr(engine, "connect", forbidden)
    monkeypatch.setattr(Keys, "load", forbidden)
    monkeypatch.setattr(duckdb, "connect", in_memory)
    yield
    assert not (tmp_path / "no home").exists()


@pytest.mark.usefixtures("nothing_opened")
def test_a_plan_without_vault_or_warehouse(written, release):
    file = written("project_submissions", ["quarter"], ["submitted", "validation_rate"])
    result = CliRunner().invoke(anonymart, ["tables", "plan", str(file), "--release", str(release), "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert told["mart"] == "ordered_project_submissions_by_quarter"
    assert (told["refused"], told["conflicts"]) == (False, [])
    # From 2010 to the last quarter whose three months of observation and thirty days are over.
    assert told["cells"]["codes"] == {}
    assert (told["cells"]["periods"], told["cells"]["last_period"]) == (64, "2025-10-01")
    assert told["cells"]["at_most"] == 64
    budget = told["budget"]
    assert (budget["entry"], budget["counts_each_cell"], budget["counts_in_window"]) == ("membership", 2, 40)
    assert 0 < budget["told"] < budget["told_if_alone"] <= 1
    assert budget["kept_now"]["of_anybody_at_most"] is False


@pytest.mark.usefixtures("nothing_opened")
def test_in_words_for_people(written, release):
    result = CliRunner().invoke(anonymart, ["tables", "plan", str(written()), "--release", str(release)])
    assert result.exit_code == 0
    assert "6 each period (3 path x 2 theme); 16 periods have closed by release 2026-06-30.1" in result.output
    assert "differences with nothing that is published" in result.output
    assert "the reviewer sees it, this plan does not" in result.output
    refused = CliRunner().invoke(
        anonymart, ["tables", "plan", str(written("nps_answers", ["quarter"], ["respondents"]))]
    )
    assert refused.exit_code == 3
    assert "nps_quarterly (repeats)" in refused.output
    assert "in its rows with path_id = all" in refused.output


def test_a_plan_tells_nothing_that_depends_on_people(written, release):
    """Of two releases that differ in figures alone the plan is the same: it reads codes, never figures."""
    one = plan(order.read(written()), POLICY, published.read(release)).as_dict()
    assert not {"suppressed", "too_few", "protected"} & set(json.dumps(one))
    assert set(one) == {"order", "mart", "refused", "conflicts", "cells", "budget"}


@pytest.mark.parametrize(
    ("observations", "dimensions", "expected"),
    [
        # A total that a mart publishes: its rows `all`, and itself.
        ("nps_answers", ["quarter"], {"nps_quarterly": "repeats", "nps_theme_quarterly": "adds_up"}),
        ("nps_answers", ["path", "quarter"], {"nps_quarterly": "repeats"}),
        # A coarser period, a finer cell, a dimension left out.
        ("nps_answers", ["path", "year"], {"nps_quarterly": "adds_up"}),
        (
            "nps_answers",
            ["path", "theme", "quarter"],
            {"nps_quarterly": "refines", "nps_theme_quarterly": "refines"},
        ),
        ("nps_answers", ["theme", "year"], {"nps_theme_quarterly": "adds_up"}),
        ("project_submissions", ["year"], {"project_validation": "adds_up"}),
        ("enrolments", ["path", "year"], {"path_outcome": "adds_up"}),
        # A path may have one project, so that two quarters are its half-year.
        ("project_submissions", ["path", "quarter"], {"project_validation": "refines"}),
        ("project_submissions", ["path", "year"], {"project_validation": "adds_up"}),
        # Neither lies in the other.
        ("nps_answers", ["path", "theme", "year"], {}),
        ("project_submissions", ["month"], {}),
        ("project_submissions", ["quarter"], {}),
        ("enrolments", ["month"], {}),
    ],
)
def test_what_an_order_would_difference_with(observations, dimensions, expected, release):
    assert against(made(observations, *dimensions), folder=release) == expected


def test_a_dimension_of_one_code_is_none(tmp_path, release):
    """With one path and project, submissions by quarter are those of a published path and project."""
    one_path = make_release(tmp_path / "small", {**CODES, "path": ["p1"], "project": ["j1"]})
    by_quarter = made("project_submissions", "quarter")
    assert against(by_quarter, folder=release) == {}
    assert against(by_quarter, folder=one_path) == {"project_validation": "refines"}
    assert against(made("nps_answers", "path", "theme", "year"), folder=one_path) == {
        "nps_theme_quarterly": "adds_up"
    }


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (("path", "month"), ("path", "month"), "repeats"),
        (("path", "month"), ("path", "quarter"), "adds_up"),
        (("path", "quarter"), ("path", "month"), "refines"),
        # A path leads to one diploma, mostly: often the same cells.
        (("path", "month"), ("path", "diploma", "month"), "repeats"),
        (("path", "month"), ("diploma", "month"), "repeats"),
    ],
)
def test_two_orders_difference_with_each_other(first, second, kind, release):
    before, after = made("enrolments", *first), made("enrolments", *second)
    assert against(after, before, folder=release).get(before.name) == kind


def test_orders_of_two_observations(release):
    submissions = made("project_submissions", "path", "month")
    assert against(made("enrolments", "month"), submissions, folder=release) == {}


def test_an_ordered_table_of_the_release_is_seen(tmp_path):
    """An analyst with nothing but a release: the name of an ordered table says what it is."""
    before = made("enrolments", "path", "month")
    folder = make_release(tmp_path / "later", CODES, [before.name])
    assert against(made("enrolments", "path", "quarter"), folder=folder)[before.name] == "adds_up"


def test_a_mart_that_nobody_knows_stops_the_plan(tmp_path):
    folder = make_release(tmp_path / "newer", CODES, ["something_newer"])
    with pytest.raises(UsageError, match="does not know"):
        against(made("enrolments", "path", "month"), folder=folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"observations": "salaries"}, "choose one of enrolments, nps_answers, project_submissions"),
        (
            {"dimensions": ["path", "age", "quarter"]},
            "entry 2 of 'dimensions' is not offered: choose among path",
        ),
        ({"measures": ["median"]}, "entry 1 of 'measures' is not offered: choose among submitted, validated"),
        ({"dimensions": ["path"]}, "a table has one period"),
        ({"dimensions": ["month", "quarter"]}, "a table has one period"),
        ({"dimensions": ["path", "path", "month"]}, "must name each word once"),
        ({"measures": []}, "must name each word once, and at least one"),
        ({"dimensions": "path; DROP TABLE x"}, "'dimensions' must be a list"),
        ({"dimensions": ['path" OR 1=1 --', "month"]}, "entry 1 of 'dimensions' is not offered"),
        ({"measures": ["submitted) --"]}, "entry 1 of 'measures' is not offered"),
        ({"observations": "enrolments'; DROP TABLE vault.ledger.orders; --"}, "choose one of"),
        ({"observations": "{{ ref('int_persons') }}"}, "choose one of"),
        ({"filter": "1=1"}, "unknown entry 'filter'"),
    ],
)
def test_a_word_that_is_not_offered(change, said):
    content = {
        "observations": "project_submissions",
        "dimensions": ["path", "month"],
        "measures": ["submitted"],
    }
    with pytest.raises(UsageError) as refused:
        order.order_of({**content, **change}, "order.yml")
    assert said in str(refused.value)
    assert "DROP" not in str(refused.value) and "1=1" not in str(refused.value)


def test_more_than_three_dimensions():
    known = offered()["enrolments"]
    assert len(known.dimensions) == 2, "with a third code a table of four dimensions can be asked for"


def test_the_order_of_words_makes_no_other_order():
    one = made("enrolments", "month", "diploma", "path")
    assert one == made("enrolments", "path", "diploma", "month")
    assert one.name == "ordered_enrolments_by_path_diploma_month"
    assert order.of_name(one.name) == one
    assert order.of_name("ordered_enrolments_by_path; DROP TABLE x") is None


def test_every_name_is_an_order_of_its_own():
    names = [one.name for word, seen in offered().items() for one in order._all_of(word, seen)]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 63
    assert all(order.of_name(name).name == name for name in names)


def test_a_rate_brings_its_counts_hidden():
    contract = order.contract(made("project_submissions", "path", "quarter", measures=["validation_rate"]))
    hidden = {each["name"]: bool(each.get("hidden")) for each in contract.measures if each["kind"] == "count"}
    assert hidden == {"n_submitted": True, "n_validated": True}
    assert contract.figures == ("validation_rate", "validation_rate_low", "validation_rate_high")


def test_what_is_said_apart_is_known():
    for one in offered().values():
        assert set(one.apart_from) <= set(load_contracts())


def test_closed_periods_are_those_of_the_macro():
    """December 2025 with three months of observation closes on 29 April 2026: its thirtieth day is over."""
    by_month = order.contract(made("project_submissions", "path", "month"))
    assert closed_periods(by_month, POLICY, date(2026, 4, 28))[-1] == date(2025, 11, 1)
    assert closed_periods(by_month, POLICY, date(2026, 4, 30))[-1] == date(2025, 12, 1)
    assert closed_periods(by_month, POLICY, date(2009, 12, 31)) == []


def test_conflicts_are_those_that_a_build_would_stop_for():
    """What `shared_persons` would refuse among marts, the plan refuses first."""
    found = conflicts.find(
        made("nps_answers", "path", "half_year"), load_contracts(), [], frozenset(), order_project()
    )
    assert [each.mart for each in found] == ["nps_quarterly"]


def order_project():
    from anonymart import lists

    return lists.SHIPPED.parent

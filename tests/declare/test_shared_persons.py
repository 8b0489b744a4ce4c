"""Marts that count the same persons say so, or nothing is declared and nothing is built."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from anonymart import build
from anonymart.contracts import MartContract, load_contracts
from anonymart.errors import UsageError
from anonymart.home import PROJECT
from anonymart.policy import load_policy
from anonymart.session import Session
from anonymart.shared_persons import check, histories, lies_within, unsaid

DBT = PROJECT / "dbt_project"
CONTRACTS = load_contracts()
READ = histories(CONTRACTS, DBT)


def without(mart: str, *entries: str, measures: bool = False) -> dict[str, MartContract]:
    """The contracts, of which one does not say some of what it says."""
    rules = {name: value for name, value in CONTRACTS[mart].disclosure.items() if name not in entries}
    counts = CONTRACTS[mart].measures
    if measures:
        counts = tuple(
            {name: value for name, value in each.items() if name not in ("part_of", "told_by")}
            for each in counts
        )
    return {**CONTRACTS, mart: replace(CONTRACTS[mart], disclosure=rules, measures=counts)}


def test_the_marts_say_so() -> None:
    check(CONTRACTS, DBT)


def test_a_part_that_does_not_say_so() -> None:
    contracts = without("nps_theme_quarterly", measures=True)
    with pytest.raises(UsageError, match=r"nps_theme_quarterly and nps_quarterly read the same .*part_of"):
        check(contracts, DBT)


def test_a_repeated_count_that_does_not_say_so() -> None:
    pairs = set(unsaid(without("rncp_promotion", measures=True), READ))
    assert {frozenset(pair) for pair in pairs} == {
        frozenset({"rncp_promotion", "salary_outcome"}),
        frozenset({"rncp_promotion", "employment_outcome"}),
        frozenset({"rncp_promotion", "employment_quality"}),
        frozenset({"rncp_promotion", "rncp_two_years"}),
    }


def test_one_whole_count_of_two_is_not_enough() -> None:
    theme = CONTRACTS["nps_theme_quarterly"]
    more = replace(theme, measures=(*theme.measures, {"name": "n_new", "kind": "count"}))
    assert list(unsaid({**CONTRACTS, theme.name: more}, READ)) == [("nps_theme_quarterly", "nps_quarterly")]


@pytest.mark.parametrize(
    "mart", ["chapter_completion", "course_engagement_monthly", "course_completion_funnel"]
)
def test_marts_apart_say_why(mart: str) -> None:
    with pytest.raises(UsageError, match=f"{mart} and .*apart_from"):
        check(without(mart, "apart_from"), DBT)


@pytest.mark.parametrize(
    "mart", ["chapter_completion", "course_completion_funnel", "exercise_difficulty", "project_validation"]
)
def test_a_mart_with_periods_of_several_lengths(mart: str) -> None:
    """Of months, quarters and years the longest holds another mart's cells, and the shortest lies in them."""
    school = CONTRACTS["school_activity"]
    assert lies_within(CONTRACTS[mart], school)
    assert (mart, school.name) in set(unsaid(without(mart, "apart_from"), READ))
    longer = replace(school, name="years", dimensions={"from_month": "period", "n_months": [12]})
    assert lies_within(school, longer) and not lies_within(longer, CONTRACTS["nps_quarterly"])


@pytest.mark.parametrize("said", [{"salary_outcomes": "There is none."}, {"salary_outcome": " "}])
def test_a_reason_is_a_sentence_about_a_mart(said: dict[str, str]) -> None:
    contract = CONTRACTS["nps_quarterly"]
    told = replace(contract, disclosure={**contract.disclosure, "apart_from": said})
    with pytest.raises(UsageError, match="not why"):
        check({**CONTRACTS, contract.name: told}, DBT)


def test_what_a_mart_is_counted_from() -> None:
    """By way of other models; who somebody is, is no record."""
    assert READ["nps_theme_quarterly"] == {"int_nps_responses"}
    assert READ["rncp_promotion"] == {"int_enrolments", "int_salary_responses"}
    assert READ["exercise_difficulty"] == {"int_activity__exercise_half_year", "int_events"}


def test_a_history_behind_a_macro_counts(tmp_path: Path) -> None:
    shutil.copytree(DBT / "models", tmp_path / "models")
    shutil.copytree(DBT / "macros", tmp_path / "macros")
    macro = "{% macro answers() %}{{ ref('int_nps_responses') }}{% endmacro %}"
    (tmp_path / "macros" / "answers.sql").write_text(macro)
    people = tmp_path / "models/intermediate/people/int_people__project_validation.sql"
    people.write_text(people.read_text() + "\nunion all select * from {{ answers() }}\n")
    assert "int_nps_responses" in histories(CONTRACTS, tmp_path)["project_validation"]


@pytest.mark.parametrize(
    ("inner", "outer", "is_within"),
    [
        ("nps_theme_quarterly", "nps_quarterly", True),
        ("nps_quarterly", "nps_theme_quarterly", False),
        ("course_engagement_monthly", "course_completion_funnel", True),
        ("exercise_difficulty", "course_completion_funnel", False),
        ("rncp_promotion", "salary_outcome", True),
        ("project_validation", "nps_quarterly", False),
    ],
)
def test_by_their_dimensions_alone(inner: str, outer: str, is_within: bool) -> None:
    assert lies_within(CONTRACTS[inner], CONTRACTS[outer]) is is_within


def test_an_exercise_lies_in_its_course() -> None:
    exercise = replace(
        CONTRACTS["exercise_difficulty"], dimensions={"exercise_id": "exercise", "quarter": "period"}
    )
    exercise = replace(exercise, period=CONTRACTS["nps_quarterly"].period)
    assert lies_within(exercise, CONTRACTS["course_completion_funnel"])


def test_nothing_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before dbt runs, and before anything of the last build is touched."""
    from anonymart.home import Home
    from anonymart.keys import Keys, init_keys

    home = Home(tmp_path / "home").prepare()
    init_keys(home)
    home.vault.touch()
    monkeypatch.setattr(build, "load_contracts", lambda: without("nps_theme_quarterly", measures=True))
    monkeypatch.setattr(build.made, "settle", lambda *_: False)
    monkeypatch.setattr(build, "_check_zones", lambda *_: pytest.fail("the zones were opened"))
    with pytest.raises(UsageError, match="nps_theme_quarterly and nps_quarterly"):
        build.prepare(Session(home, Keys.load(home), load_policy(), date(2026, 6, 30)))


def test_a_mart_of_no_history() -> None:
    """What it is counted from is not known, so neither is with whom it shares."""
    contracts = without("nps_quarterly", "people")
    with pytest.raises(UsageError, match="nps_quarterly is counted from no model"):
        check(contracts, DBT)

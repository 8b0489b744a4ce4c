"""What is told twice is told once: a base is counted at its first closing and carried, whoever leaves
afterwards (S-ANON).
"""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import duckdb
import pytest
from small_school import SmallSchool, marts, rules

FIRST, LATER = (
    "2026-05-01",
    "2027-08-15",
)  # cohorts at month 0 and graduates after 6 months have closed; all has closed
COHORT, YEAR = dt.date(2026, 1, 1), 2024
LEAVERS = 9


def _person(number: int, dice: random.Random, **more: Any) -> dict[str, Any]:
    return {
        "pseudonym": f"{number:064x}",
        "record_key": dice.getrandbits(32),
        "closing_on": dt.date(2031, 1, 1),
        **more,
    }


def _people(small_school: SmallSchool) -> None:
    dice = random.Random(7)
    for number in range(60):
        learner = _person(number, dice)
        months = [
            {
                **learner,
                "cohort_quarter": COHORT,
                "months_since_start": month,
                "is_active": month == 0 or number % 2 == 0,
            }
            for month in range(4)
        ]
        small_school.add_people("learner_retention_cohort", months)
        answers = {
            "has_answered": number < 50,
            "is_employed": number < 40,
            "is_in_field": number < 30,
            "salary_eur_year": 30_000.0 + 100 * number,
        }
        graduate = {**learner, "graduation_year": YEAR, "graduation_year_from": YEAR, **answers}
        small_school.add_people(
            "salary_outcome",
            [
                {**graduate, "diploma_id": code, "months_after": months}
                for code in ("d", "all")
                for months in (6, 24)
            ],
        )
        promotion = {**learner, "diploma_id": "d", "promotion_year": YEAR}
        after = {"answered_6m": number < 50, "employed_6m": number < 40, "in_field_6m": number < 30}
        small_school.add_people("rncp_promotion", [{**promotion, **after, "is_by_vae": number >= 30}])
        after = {"answered_24m": number < 50, "in_field_24m": number < 30}
        small_school.add_people("rncp_two_years", [{**promotion, **after}])


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[SmallSchool, dict[str, list[dict[str, Any]]]]:
    """The cells of the first closings, and a small school that was built again after nine people had left."""
    small_school = SmallSchool(tmp_path_factory.mktemp("told"))
    _people(small_school)
    small_school.build(as_of=FIRST)
    first = {
        mart: small_school.rows(f"intermediate.int_cells__{mart}")
        for mart in ("learner_retention_cohort", "salary_outcome", "rncp_promotion", "rncp_two_years")
    }
    small_school.publish()
    with duckdb.connect(str(small_school.vault)) as connection:
        for mart in ("learner_retention_cohort", "salary_outcome", "rncp_promotion", "rncp_two_years"):
            connection.execute(
                f"DELETE FROM people.int_people__{mart} WHERE pseudonym < ?", [f"{LEAVERS:064x}"]
            )
    small_school.build(as_of=LATER)
    return small_school, first


@pytest.mark.long
def test_a_cohort_keeps_its_base(told):
    small_school, first = told
    (start,) = (row for row in first["learner_retention_cohort"] if row["months_since_start"] == 0)
    assert start["perturbed_n_cohort"] == start["n_learners"], (
        "month 0 and the cohort are the same people, told once"
    )
    later = small_school.rows("intermediate.int_cells__learner_retention_cohort")
    assert len(later) == 3 and all(row["true_n_cohort"] == 60 - LEAVERS for row in later)
    for row in later:
        assert row["perturbed_n_cohort"] == start["n_learners"]
        assert row["share_active"] == pytest.approx(row["n_learners"] / start["n_learners"], abs=1e-4)


def test_graduates_are_counted_once(told):
    small_school, first = told
    before = {row["diploma_id"]: row for row in first["salary_outcome"] if row["months_after"] == 6}
    later = {
        row["diploma_id"]: row
        for row in small_school.rows("intermediate.int_cells__salary_outcome")
        if row["months_after"] == 24
    }
    assert later.keys() == before.keys() == {"d", "all"}
    for code, row in later.items():
        assert row["true_n_graduates"] == 60 - LEAVERS and row["n_graduates"] == before[code]["n_graduates"]
        assert row["n_respondents"] is not None


def test_a_promotion_tells_what_the_salaries_told_when_they_told_it(told):
    """Rates of 6 months when these have closed, not 24 months later; those of 2 years in their own mart."""
    small_school, first = told
    (promotion,) = first["rncp_promotion"]
    before = next(
        row for row in first["salary_outcome"] if row["diploma_id"] == "d" and row["months_after"] == 6
    )
    assert promotion["n_certified"] == before["n_graduates"]
    assert promotion["true_n_certified_vae"] == 30 and promotion["n_certified_vae"] is not None
    assert (promotion["insertion_rate_6m"], promotion["insertion_in_field_rate_6m"]) == (
        before["employed_rate"],
        before["in_field_rate"],
    )
    assert promotion["insertion_rate_6m"] is not None
    assert not first["rncp_two_years"]
    assert not small_school.rows("intermediate.int_cells__rncp_promotion"), "the cell has closed before"
    later = next(
        row
        for row in small_school.rows("intermediate.int_cells__salary_outcome")
        if row["diploma_id"] == "d" and row["months_after"] == 24
    )
    (two_years,) = small_school.rows("intermediate.int_cells__rncp_two_years")
    assert two_years["insertion_in_field_rate_24m"] == later["in_field_rate"] is not None


def test_every_first_telling_is_declared_whole():
    """A figure of another mart names all dimensions of its cell, in their order: both cells have one
    identity.
    """
    for mart in marts():
        for measure in rules(mart)["measures"]:
            first = measure.get("told_by")
            if not first:
                continue
            other = rules(first.get("mart", mart))
            if "mart" in first:
                assert list(first["at"]) == list(other["dimensions"]), (mart, measure["name"])
            else:
                assert first["at"].keys() <= other["dimensions"].keys(), (mart, measure["name"])
            told = next(
                each for each in other["measures"] if each["name"] == first.get("measure", measure["name"])
            )
            assert told["kind"] == measure["kind"], (mart, measure["name"])
            assert not (
                other["mart"] == mart
                and told is not measure
                and "told_by" in told
                and told["name"] != measure["name"]
            ), "name the first one"

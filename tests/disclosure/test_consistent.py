"""Counts that are held against each other: what is made of the noisy ones, by the gate, by the oracle and by
the macros.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import not_rising
from small_school import DBT, SmallSchool, marts, policy, rules

from anonymart.attack import equal_sets, observed
from anonymart.attack.rules import PublishedRules
from anonymart.contracts import load_contracts
from anonymart.gate.consistent import _moved, falling
from anonymart.policy import load_policy

COUNTS = st.lists(st.one_of(st.just(0), st.integers(6, 60)), min_size=1, max_size=8)
ANSWERS = ["n_promoters", "n_passives", "n_detractors"]
QUARTER, AS_OF = dt.date(2024, 4, 1), "2026-06-30"


@settings(deadline=None)
@given(COUNTS)
def test_gate_and_oracle_make_the_same_of_a_sequence(counts):
    assert falling(counts) == not_rising(counts)


@settings(deadline=None)
@given(COUNTS)
def test_a_sequence_does_not_rise_and_keeps_its_persons_but_for_halves(counts):
    found = falling(counts)
    assert all(before >= after for before, after in pairwise(n for n in found if n))
    assert abs(sum(found) - sum(counts)) <= len(counts) / 2
    assert all(
        (before == 0) == (after == 0) and (after == 0 or after >= 6)
        for before, after in zip(counts, found, strict=True)
    )
    if all(before >= after for before, after in pairwise(n for n in counts if n)):
        assert found == counts


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(-15, 15)), min_size=2, max_size=6))
def test_no_count_of_a_sequence_is_further_from_the_truth_than_its_noise(drawn):
    """What the attackers rely on: a sequence that falls in truth stays within the largest deviation."""
    truth = sorted((n for n, _ in drawn), reverse=True)
    noisy = [n + noise for n, (_, noise) in zip(truth, drawn, strict=True)]
    noisy = [max(n, 0) for n in noisy]
    if any(noisy):
        largest = max(abs(noise) for _, noise in drawn)
        assert all(abs(after - n) <= largest for after, n in zip(falling(noisy), truth, strict=True) if after)


@settings(deadline=None)
@given(st.lists(st.one_of(st.just(0), st.integers(6, 60)), min_size=3, max_size=3), st.integers(0, 180))
def test_parts_add_up_to_their_whole_and_zero_stays(parts, whole):
    counts = dict(zip(ANSWERS, parts, strict=True))
    moved = _moved(counts, whole)
    if whole and any(parts):
        assert sum(moved.values()) == whole
        assert all((moved[name] == 0) == (counts[name] == 0) or moved[name] <= 0 for name in counts)
        moves = [moved[name] - counts[name] for name in counts if counts[name]]
        assert max(moves) - min(moves) <= 1
    else:
        assert moved == {}


def _people(mart: str, key: dict, flags: list[dict], dice: random.Random) -> list[dict]:
    return [
        {
            **key,
            "pseudonym": f"{i:064x}",
            "record_key": dice.getrandbits(32),
            "closing_on": dt.date(2027, 1, 1) + dt.timedelta(i),
            **flag,
        }
        for i, flag in enumerate(flags)
    ]


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> SmallSchool:
    """Funnels in which nearly all go to the end, chapters that nearly all complete, and answers of every
    mix.
    """
    small_school, dice = SmallSchool(tmp_path_factory.mktemp("consistent")), random.Random(20261129)
    order = rules("course_completion_funnel")["consistent"][0]["order"]
    for number in range(40):
        size = dice.choice([0, 1, 3, 8, 15, 40, 90])
        lasts = [next((place for place in range(1, 6) if dice.random() > 0.97), 6) for _ in range(size)]
        for place, step in enumerate(order):
            flags = [{"has_reached": place < last} for last in lasts]
            if flags:
                small_school.add_people(
                    "course_completion_funnel",
                    _people(
                        "",
                        {"course_id": f"c{number}", "start_quarter": QUARTER, "step": step},
                        flags,
                        random.Random(number),
                    ),
                )
        flags = [{"has_completed": dice.random() < 0.97} for _ in range(size)]
        if flags:
            small_school.add_people(
                "chapter_completion",
                _people(
                    "", {"course_id": f"c{number}", "chapter_id": "k", "start_quarter": QUARTER}, flags, dice
                ),
            )
        kinds = [dice.choices([0, 1, 2, 3], [0.3, 0.3, 0.2, 0.2])[0] for _ in range(10 * size)]
        flags = [
            {
                "has_answered": kind < 3,
                "is_promoter": kind == 0,
                "is_passive": kind == 1,
                "is_detractor": kind == 2,
            }
            for kind in kinds
        ]
        if flags:
            small_school.add_people(
                "nps_quarterly", _people("", {"path_id": f"p{number}", "quarter": QUARTER}, flags, dice)
            )
    small_school.build(as_of=AS_OF)
    return small_school


@pytest.mark.long
def test_a_funnel_does_not_rise_and_its_whole_is_its_first_step(school):
    order = rules("course_completion_funnel")["consistent"][0]["order"]
    cells = school.rows("intermediate.int_cells__course_completion_funnel")
    funnels = {row["course_id"]: {} for row in cells}
    for row in cells:
        funnels[row["course_id"]][row["step"]] = row
    assert any(row["noisy_n_learners"] != row["n_learners"] for row in cells)
    for steps in funnels.values():
        shown = [steps[step]["n_learners"] if step in steps else 0 for step in order]
        assert all(before >= after for before, after in pairwise(n for n in shown if n))
        assert {row["n_registered"] for row in steps.values()} == {shown[0]}


def test_a_part_lies_within_its_whole(school):
    cells = school.rows("marts.chapter_completion")
    assert cells and all(row["n_completed"] <= row["n_started"] for row in cells if row["n_started"])


def test_parts_that_are_shown_add_up(school):
    cells = [row for row in school.rows("marts.nps_quarterly") if row["n_detractors"] is not None]
    whole = [row for row in cells if sum(row[name] for name in ANSWERS) == row["n_respondents"]]
    assert len(whole) > 15 and len(whole) >= 0.8 * len(cells)
    smallest = policy()["counts"]["smallest"]["coarse"]
    assert all(row[name] == 0 or row[name] >= smallest for row in cells for name in ANSWERS)


def test_the_evidence_holds_a_count_before_and_after(school):
    evidence = [row for row in school.rows("evidence.cell_evidence") if row["kind"] == "count"]
    assert all(row["noisy_count"] is not None for row in evidence)
    moved = {row["mart"] for row in evidence if row["published_value"] not in (None, row["noisy_count"])}
    assert moved == {"course_completion_funnel", "chapter_completion", "nps_quarterly"}


@pytest.mark.long
def test_what_was_published_is_carried_and_never_joined_again(school):
    before = {mart: school.rows(f"marts.{mart}") for mart in marts()}
    school.publish()
    school.build(as_of="2026-07-30")
    assert all(school.rows(f"marts.{mart}") == before[mart] for mart in marts())


def test_a_mart_says_only_what_can_be_made_consistent(tmp_path):
    small_school = SmallSchool(tmp_path, only="chapter_completion")
    page = yaml.safe_load((DBT / "models" / "marts" / "chapter_completion.yml").read_text(encoding="utf-8"))
    pages = []
    for entry in (
        {"falls": ["n_started"]},
        {"falls": ["n_started", "completion_rate"]},
        {"falls": "n_started", "along": "chapter_id"},
        {"sums": ["n_started"]},
    ):
        page["models"][0]["config"]["meta"]["disclosure"]["consistent"] = [entry]
        pages.append((yaml.safe_dump(page), policy()))
    said = small_school.compile_each("chapter_completion", pages)
    assert all("consistent" in text and "chapter_completion" in text for text in said)


def test_the_order_of_a_funnel_is_that_of_its_seed():
    lines = Path(DBT / "seeds" / "funnel_steps.csv").read_text(encoding="utf-8").split()[1:]
    assert rules("course_completion_funnel")["consistent"][0]["order"] == [
        line.split(",")[0] for line in lines
    ]


def test_an_attacker_takes_joined_counts_for_one_and_moved_parts_for_wider():
    contracts, known = load_contracts(), PublishedRules.of(load_policy())
    funnel = contracts["course_completion_funnel"]
    rows = [{"course_id": "c", "start_quarter": QUARTER, "step": step} for step in ("registered", "75")]
    assert len({equal_sets._sequence(funnel, row, "n_learners") for row in rows}) == 1
    table = dataclasses.make_dataclass("T", ["contract"])(contracts["nps_quarterly"])
    moved = {"n_respondents": 60, "n_promoters": 20, "n_passives": 20, "n_detractors": 20}
    further = [
        observed._moved(table, row, "n_detractors", known) for row in (moved, moved | {"n_passives": 21})
    ]
    assert further == [11, 0]

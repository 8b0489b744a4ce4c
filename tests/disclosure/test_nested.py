"""Figures without noise of cells within cells: against an oracle in plain Python, and what may never be seen
side by side.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from itertools import product
from typing import Any

import duckdb
import pytest
from oracle import Cell, cells
from small_school import SmallSchool, policy, rules

SALARY, NPS = "salary_outcome", "nps_quarterly"
LEAST = policy()["nesting"]["smallest_difference"]
QUARTILES = ("salary_p25", "salary_p50", "salary_p75")
# Sizes of the diplomas of one year: small ones beside large ones, so that wholes and parts come near each
# other.
YEARS = [
    [60],
    [60, 5],
    [60, 40, 3],
    [60, 40, 12],
    [80, 47, 26, 9],
    [30, 2],
    [26, 25, 24],
    [55, 50, 1, 1],
    [70, 10, 10],
    [22, 3],
    [90, 90, 90, 90],
]
QUARTERS = [
    [(60, 1.0)],
    [(60, 1.0), (5, 0.0)],
    [(60, 0.01), (40, 0.3), (3, 0.5)],
    [(30, 0.97), (4, 0.0)],
    [(25, 0.5), (25, 0.02), (8, 1.0)],
]


def one(dice: random.Random, no: int) -> dict[str, Any]:
    return {"pseudonym": f"{no:064x}", "record_key": dice.getrandbits(32), "closing_on": dt.date(2027, 1, 1)}


def graduates(dice: random.Random) -> list[dict[str, Any]]:
    """Years of diplomas; some persons are in two diplomas, some tell no salary; the row of all has each
    once.
    """
    people, no = [], 0
    for (year, sizes), months in product(enumerate(YEARS, 2011), (6, 24)):
        for diploma, size in enumerate(sizes):
            for i in range(size):
                no += 1
                person = one(dice, no) | {
                    "graduation_year": year,
                    "graduation_year_from": year,
                    "months_after": months,
                    "has_answered": True,
                    "is_employed": dice.random() < 0.9,
                    "is_in_field": dice.random() < 0.5,
                    "salary_eur_year": float(dice.randint(20_000, 60_000)) if dice.random() < 0.97 else None,
                }
                people.append(person | {"diploma_id": f"d{diploma}"})
                people.append(person | {"diploma_id": "all"})
                if diploma == 0 and len(sizes) > 1 and i < 2:
                    people.append(person | {"diploma_id": "d1"})
    return people


def respondents(dice: random.Random) -> list[dict[str, Any]]:
    people, no = [], 0
    for number, sizes in enumerate(QUARTERS):
        for path, (size, detractors) in enumerate(sizes):
            for _ in range(size):
                no += 1
                is_detractor = dice.random() < detractors
                person = one(dice, no) | {
                    "quarter": dt.date(2015 + number, 1, 1), "has_answered": True,
                    "is_detractor": is_detractor, "is_promoter": not is_detractor, "is_passive": False,
                }  # fmt: skip
                people += [person | {"path_id": f"p{path}"}, person | {"path_id": "all"}]
    return people


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[SmallSchool, dict[str, list[dict[str, Any]]]]:
    small_school = SmallSchool(tmp_path_factory.mktemp("nests"))
    dice = random.Random(11)
    people = {SALARY: graduates(dice), NPS: respondents(dice)}
    for mart, found in people.items():
        small_school.add_people(mart, found)
    small_school.build(as_of="2026-06-30")
    return small_school, people


class Nests:
    """All cells of a mart with their persons; which lie within which; what each may show by itself."""

    def __init__(self, mart: str, small_school: SmallSchool, people: list[dict[str, Any]]) -> None:
        self.rules = rules(mart)
        self.rows = {
            tuple(row[name] for name in self.rules["dimensions"]): row
            for row in small_school.rows(f"intermediate.int_cells__{mart}")
        }
        whole = self.rules["nesting"]["whole"]
        self.members = {key: self.of(key, people) for key in self.rows}
        self.own = {
            key: Cell(self.rules, policy(), members, key).figures() for key, members in self.members.items()
        }
        self.pairs = [
            (fine, coarse)
            for fine, coarse in product(self.rows, self.rows)
            if fine != coarse and coarse[0] in (fine[0], whole) and self.lies_within(fine[1:], coarse[1:])
        ]
        self.whole = whole

    def of(self, key: tuple, people: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            person
            for cell, members in cells(self.rules, people).items()
            if cell[0] == key[0] and self.lies_within(cell[1:], key[1:])
            for person in members
        ]

    def lies_within(self, fine: tuple, coarse: tuple) -> bool:
        if "pooling" not in self.rules:
            return fine == coarse
        (year, year_from, *rest), (of_year, of_year_from, *of_rest) = fine, coarse
        return rest == of_rest and year_from >= of_year_from and year <= of_year

    def behind(self, key: tuple, value: str) -> set[str]:
        return {person["pseudonym"] for person in self.members[key] if person.get(value) not in (None, False)}


@pytest.mark.long
def test_quartiles_equal_the_oracle(built):
    small_school, people = built
    nests = Nests(SALARY, small_school, people[SALARY])
    protected = defaultdict(set)
    behind = {key: nests.behind(key, "salary_eur_year") for key in nests.rows}
    for name in QUARTILES:
        shown = {key for key in nests.rows if nests.own[key][name][1] is None}
        near = {
            fine
            for fine, coarse in nests.pairs
            if {fine, coarse} <= shown and 0 < len(behind[fine] ^ behind[coarse]) < LEAST
        }
        for total in (key for key in shown - near if key[0] == nests.whole):
            parts = [key for key in shown - near if key[0] != nests.whole and key[1:] == total[1:]]
            left = behind[total] - set().union(*(behind[part] for part in parts))
            if 0 < len(left) < LEAST and parts:
                protected[name].add(min(parts, key=lambda key: (len(behind[key]), key[0])))
        protected[name] |= near
        for key, row in nests.rows.items():
            own = nests.own[key][name][1]
            assert row[f"{name}_reason"] == (
                "protected" if own is None and key in protected[name] else own
            ), (key, name)
    # The table holds both kinds: parts that come near their whole, and parts that leave too few over
    # together.
    assert all(protected.values())


def test_no_two_published_figures_differ_by_few_persons(built):
    small_school, people = built
    nests = Nests(SALARY, small_school, people[SALARY])
    behind = {key: nests.behind(key, "salary_eur_year") for key in nests.rows}
    n_shown = 0
    for name in QUARTILES:
        shown = {key for key, row in nests.rows.items() if row[name] is not None}
        n_shown += len(shown)
        for fine, coarse in nests.pairs:
            if {fine, coarse} <= shown:
                assert len(behind[fine] ^ behind[coarse]) not in range(1, LEAST), (fine, coarse, name)
        for total in (key for key in shown if key[0] == nests.whole):
            told = set().union(
                *(behind[key] for key in shown if key[0] != nests.whole and key[1:] == total[1:])
            )
            assert len(behind[total] - told) not in range(1, LEAST), (total, name)
    assert n_shown > 50


def test_a_clipped_share_is_not_told_apart_from_its_whole(built):
    small_school, people = built
    nests = Nests(NPS, small_school, people[NPS])
    base = {key: nests.behind(key, "has_answered") for key in nests.rows}
    n_near = 0
    for fine, coarse in nests.pairs:
        rows = nests.rows[fine], nests.rows[coarse]
        n_apart = len(base[fine] ^ base[coarse])
        if (
            0 < n_apart < LEAST
            and any(row["clipped_n_detractors"] for row in rows)
            and rows[0]["true_n_respondents"] >= 30
        ):
            n_near += 1
            assert (
                rows[0]["n_detractors_reason"]
                == rows[0]["n_promoters_reason"]
                == rows[0]["nps_reason"]
                == "protected"
            ), fine
    assert n_near >= 1
    far = [fine for fine, coarse in nests.pairs if len(base[fine] ^ base[coarse]) >= LEAST]
    for key in far:
        # A part may also give way for what is left over of its whole (test_remainders.py): here where a
        # sister is of one mind.
        alone, of_one_mind = (
            nests.own[key]["n_detractors"][1],
            [row for row in nests.rows.values() if row["quarter"] == key[1] and row["clipped_n_detractors"]],
        )
        assert nests.rows[key]["n_detractors_reason"] in ({alone, "protected"} if of_one_mind else {alone}), (
            key
        )


def test_the_same_persons_get_another_noise_in_each_cell(built):
    """A quarter with one path only, and that path: two cells of the same persons; and a year of one diploma.

    Who knew the noise of a set of persons from one cell would know from the next one whether somebody else is
    in it.
    """
    small_school, people = built
    drawn = []
    for mart in (NPS, SALARY):
        nests = Nests(mart, small_school, people[mart])
        persons = {key: {person["pseudonym"] for person in members} for key, members in nests.members.items()}
        twins = [pair for pair in nests.pairs if persons[pair[0]] == persons[pair[1]]]
        assert twins
        counts = [measure["name"] for measure in rules(mart)["measures"] if measure["kind"] == "count"]
        both = [(nests.rows[one], nests.rows[other]) for one, other in twins]
        drawn += [
            (one[f"perturbed_{name}"], other[f"perturbed_{name}"])
            for one, other in both
            for name in counts
            if one[f"true_{name}"] > 5
        ]
    same = sum(one == other for one, other in drawn)
    # Two draws are equal in about two cases of ten.
    assert len(drawn) >= 10 and same < 0.5 * len(drawn), (same, len(drawn))


def test_a_year_that_may_be_pooled_shows_no_quartile(built):
    small_school, _ = built
    smallest = policy()["rates"]["smallest_base"]["coarse"]
    rows = small_school.rows("intermediate.int_cells__salary_outcome")
    small = [
        row
        for row in rows
        if row["graduation_year"] == row["graduation_year_from"] and row["n_respondents"] < smallest
    ]
    assert small and all(row[name] is None for row in small for name in QUARTILES)


@pytest.mark.long
def test_a_pool_says_nothing_beside_a_part_of_an_earlier_release(tmp_path_factory):
    """The year before, all graduates were too few by noise, and a diploma of nearly all of them was not: its
    figures are out.
    """
    small_school = SmallSchool(tmp_path_factory.mktemp("carried"), only=SALARY)
    dice = random.Random(5)
    people = []
    for no in range(80):
        year = 2022 if no < 20 else 2023
        person = one(dice, no) | {
            "graduation_year": year,
            "graduation_year_from": year,
            "months_after": 6,
            "has_answered": no < 20 or no < 40,
            "is_employed": True,
            "is_in_field": no % 2 == 0,
            "salary_eur_year": float(30_000 + 100 * no) if no < 40 else None,
        }
        people += [person | {"diploma_id": "d0"}, person | {"diploma_id": "all"}]
    small_school.add_people(SALARY, people)
    small_school.build(as_of="2024-06-30")
    small_school.publish()

    def pools() -> dict[str, Any]:
        small_school.build("--select", "int_closed_periods+", as_of="2025-06-30")
        rows = small_school.rows("intermediate.int_cells__salary_outcome")
        return {
            row["diploma_id"]: row["salary_p50_reason"]
            for row in rows
            if row["graduation_year_from"] < row["graduation_year"]
        }

    assert pools() == {"d0": None, "all": None}
    with duckdb.connect(str(small_school.vault)) as con:
        con.execute(
            "update ledger.cells_salary_outcome set salary_p50 = 31000, salary_p50_reason = null where "
            "diploma_id = 'd0'"
        )
    assert pools() == {"all": "protected"}

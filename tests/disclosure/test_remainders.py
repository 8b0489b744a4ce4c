"""What a whole and its shown parts leave over: attacked with and without the defence, which gives way from
the smallest part on.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from typing import Any

import pytest
from oracle import Cell, cells
from small_school import SmallSchool, policy, rules

from anonymart.attack import controls, subtraction
from anonymart.attack.rules import PublishedRules
from anonymart.attack.score import Truth
from anonymart.contracts import load_contracts
from anonymart.policy import load_policy

NPS = "nps_quarterly"
QUARTERS = 150


def respondents(dice: random.Random) -> list[dict[str, Any]]:
    """Quarters of one to five paths; in most, one path is (nearly) of one mind."""
    people, no = [], 0
    for number in range(QUARTERS):
        quarter = dt.date(1980 + number // 4, 3 * (number % 4) + 1, 1)
        paths = [
            (dice.choice((8, 15, 24, 40, 100, 200)), dice.uniform(0.1, 0.6))
            for _ in range(dice.randint(1, 4))
        ]
        if number % 4:
            paths.append(
                (dice.choice((12, 20, 30, 60, 120, 300)), dice.choice((0.0, 0.0, 0.02, 0.98, 1.0, 1.0)))
            )
        for path, (size, share) in enumerate(paths):
            for _ in range(size):
                no += 1
                is_detractor, is_promoter = dice.random() < share, dice.random() < 0.6
                person = {
                    "pseudonym": f"{no:064x}",
                    "record_key": dice.getrandbits(32),
                    "closing_on": dt.date(2037, 1, 1),
                    "quarter": quarter,
                    "has_answered": True,
                    "is_detractor": is_detractor,
                    "is_promoter": not is_detractor and is_promoter,
                    "is_passive": not is_detractor and not is_promoter,
                }
                people += [person | {"path_id": f"p{path}"}, person | {"path_id": "all"}]
    return people


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, Any]], dict[tuple, Any]]:
    small_school = SmallSchool(tmp_path_factory.mktemp("remainders"), only=NPS)
    people = respondents(random.Random(16))
    small_school.add_people(NPS, people)
    law = policy()
    law["publication"]["first_period_on"] = "1980-01-01"
    small_school.build(as_of="2026-06-30", law=law)
    rows = small_school.rows(f"intermediate.int_cells__{NPS}")
    assert len({row["quarter"] for row in rows}) == QUARTERS
    return rows, {
        key: Cell(rules(NPS), law, members).figures() for key, members in cells(rules(NPS), people).items()
    }


def attacked(rows: list[dict[str, Any]]) -> subtraction.Result:
    release = controls.in_memory("2026-06-30.1", load_contracts()[NPS], rows)
    register = load_policy()
    return subtraction.attack(release, [], PublishedRules.of(register), Truth())


def undefended(rows: list[dict[str, Any]], own: dict[tuple, Any]) -> list[dict[str, Any]]:
    """The figures that each cell alone could show."""
    return [
        row
        | {
            name: own[row["path_id"], row["quarter"]][name][0]
            for name in ("n_promoters", "n_passives", "n_detractors")
        }
        for row in rows
    ]


@pytest.mark.long
def test_the_attack_tells_much_without_the_defence_and_nothing_with_it(built):
    rows, own = built
    assert attacked(undefended(rows, own)).succeeded >= 10
    assert attacked(rows).succeeded == 0


def test_the_smallest_part_gives_way_and_no_more_than_it_takes(built):
    """Without the largest part that gave way for others, the attack would have told something."""
    rows, own = built
    by_quarter = defaultdict(list)
    for row in rows:
        by_quarter[row["quarter"]].append(row)
    n_gave_way = n_wholes = 0
    for quarter, those in by_quarter.items():
        free = [
            row
            for row in those
            if own[row["path_id"], quarter]["n_detractors"][1] is None and row["true_n_respondents"]
        ]
        gave_way = [row for row in free if row["n_detractors_reason"] == "protected"]
        assert all(row["nps_reason"] == row["n_promoters_reason"] == "protected" for row in gave_way)
        near = {
            row["path_id"]
            for row in gave_way
            if any(other["clipped_n_detractors"] for other in those) and row["path_id"] != "all"
        }
        parts = sorted((row["n_respondents"], row["path_id"]) for row in free if row["path_id"] != "all")
        hidden = [(row["n_respondents"], row["path_id"]) for row in gave_way if row["path_id"] != "all"]
        if any(row["path_id"] == "all" for row in gave_way):
            n_wholes += 1
            continue
        n_gave_way += len(hidden)
        if hidden and not near - {path for _, path in parts[: len(hidden)]}:
            assert sorted(hidden) == parts[: len(hidden)], quarter
    assert n_gave_way > 5
    # Fewer than one in four of the cells that could be shown pay for it, in a school in which three quarters
    # in four have a path of one mind.
    assert n_gave_way + n_wholes < 0.25 * sum(figures["n_detractors"][1] is None for figures in own.values())

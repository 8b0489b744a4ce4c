"""Bounds of counts that stand in a sum: those that a program for each count gives, with few programs."""

from __future__ import annotations

import numpy as np
import pytest

from anonymart.attack import system
from anonymart.attack.linear import is_near
from anonymart.attack.relations import Place, Relation


def places(n: int) -> tuple[Place, list[Place]]:
    return ("mart", "all", "n"), [("mart", f"diploma-{number}", "n") for number in range(n)]


def parts_of_a_whole(n: int, seed: int = 1) -> tuple[dict[Place, tuple[int, int]], list[Relation]]:
    """n diplomas with narrow intervals, their sum, and one that the sum alone makes narrow."""
    rng = np.random.default_rng(seed)
    whole, parts = places(n)
    lows = rng.integers(20, 40, n)
    bounds = {part: (int(low), int(low + rng.integers(0, 4))) for part, low in zip(parts, lows, strict=True)}
    bounds[parts[0]] = (0, 1000)
    least = sum(low for low, _ in bounds.values())
    bounds[whole] = (least + n, least + n)
    terms = (*((part, 1) for part in parts), (whole, -1))
    return bounds, [Relation(terms, is_equal=True)]


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    solved: list[int] = []
    solve = system._Program._solve

    def counting(self, objective):
        solved.append(1)
        return solve(self, objective)

    monkeypatch.setattr(system._Program, "_solve", counting)
    return solved


@pytest.mark.parametrize("seed", range(5))
def test_the_bounds_are_those_of_a_program_for_each_count(monkeypatch, seed):
    bounds, relations = parts_of_a_whole(12, seed)
    together = system.System(bounds, relations).tighten(is_near)
    monkeypatch.setattr(system._Program, "_reach", lambda self, near, sign: None)
    monkeypatch.setattr(system._Program, "_is_open", lambda self, number, sign, near: True)
    assert system.System(bounds, relations).tighten(is_near) == together


def test_ten_times_the_diplomas_need_no_more_programs(monkeypatch):
    solved = counted(monkeypatch)
    needed = []
    for n in (30, 300):
        solved.clear()
        bounds, relations = parts_of_a_whole(n)
        system.System(bounds, relations).tighten(is_near)
        needed.append(len(solved))
    assert needed[1] <= needed[0] + 5 < 60

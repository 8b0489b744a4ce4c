"""Intervals keep their promise: coverage of the published way, with the shipped table of noise (Wilson 1927,
Fieller 1954, Rocks 2016).
"""

from __future__ import annotations

from math import lgamma

import duckdb
import numpy as np
import pytest
from oracle import TABLE
from small_school import policy

from anonymart.disclosure import intervals
from anonymart.gate.consistent import falling
from anonymart.policy import load_policy

# Of true persons, from a little over the smallest base of the class on: smaller ones are published where
# noise lifts them, and so too large.
BASES = {"coarse": [35, 50, 100, 300], "fine": [45, 60, 100, 300], "broad": [55, 70, 100, 300]}
SHARES = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98]
# Promoters, passives and detractors, of schools that are loved and of schools that are not.
MIXES = [
    (0.5, 0.3, 0.2),
    (0.6, 0.25, 0.15),
    (0.4, 0.35, 0.25),
    (0.7, 0.18, 0.12),
    (0.3, 0.4, 0.3),
    (0.2, 0.3, 0.5),
    (0.55, 0.33, 0.12),
]
BLOCKS: dict[tuple[str, int], list[tuple[int, float]]] = {}
for _noise, _rows in TABLE.items():
    for _row in _rows:
        _chance = (_row["key_upto"] - _row["key_from"]) / 2**32
        BLOCKS.setdefault((_noise, _row["true_count"]), []).append((_row["deviation"], _chance))
LAST = {noise: max(row["true_count"] for row in rows) for noise, rows in TABLE.items()}
CLASSES = [("coarse", "coarse"), ("fine", "fine"), ("fine", "coarse"), ("broad", "broad")]  # of part and base
PURE = [noise for noise in CLASSES if noise[0] == noise[1]]
DECIMALS = policy()["rates"]["decimals"]


def told(count: int, noise: str) -> list[tuple[int, float]]:
    """What is published of a count, with its probability."""
    return [(count + deviation, chance) for deviation, chance in BLOCKS[noise, min(count, LAST[noise])]]


def cells(
    base: int, parts: range, noise: tuple[str, str], is_consistent: bool = False
) -> dict[str, np.ndarray]:
    """Everything that may be published of cells with these parts of a base, with its probability, where the
    base is large enough for a rate.

    `is_consistent`: a part that lies over its whole is joined with it.
    """
    smallest = policy()["rates"]["smallest_base"][noise[0]]

    def joined(top: int, bottom: int) -> tuple[int, int]:
        return (round((top + bottom) / 2),) * 2 if is_consistent and top > bottom > 0 else (top, bottom)

    rows = [
        (part, base, *joined(top, bottom), chance * other)
        for part in parts for top, chance in told(part, noise[0]) for bottom, other in told(base, noise[1])
        if joined(top, bottom)[1] >= smallest
    ]  # fmt: skip
    return dict(
        zip(("part", "whole", "top", "bottom", "chance"), map(np.array, zip(*rows, strict=True)), strict=True)
    )


def ends(
    rate: dict[str, bool], found: dict[str, np.ndarray], noise: tuple[str, str]
) -> tuple[np.ndarray, np.ndarray]:
    """Both ends, as published, of the shares `share` on the bases `bottom`."""
    laws = tuple(load_policy().of_class(each) for each in noise)
    columns = ", ".join(
        f"round({intervals.of_share(laws, rate, side, 'share', 'bottom')}, {DECIMALS}) AS {side}"
        for side in ("low", "high")
    )
    result = duckdb.sql(f"SELECT {columns} FROM found").fetchnumpy()
    return result["low"], result["high"]


@pytest.mark.parametrize("is_consistent", [False, True])
@pytest.mark.parametrize("base, noise", [(base, noise) for noise in PURE for base in BASES[noise[0]]])
def test_the_interval_of_a_rate_of_all_people_covers_the_noise(base, noise, is_consistent):
    found = cells(base, range(base + 1), noise, is_consistent)
    found["share"] = np.round(np.minimum(1, found["top"] / found["bottom"]), DECIMALS)
    low, high = ends({}, found, noise)
    truth = found["part"] / base
    is_covered = (low <= truth + 5e-5) & (truth <= high + 5e-5)
    sums = [
        np.bincount(found["part"], weights) for weights in (found["chance"] * is_covered, found["chance"])
    ]
    coverage = sums[0] / sums[1]
    assert coverage.min() >= 0.95 and coverage.mean() <= 0.98
    assert (low <= found["share"]).all() and (found["share"] <= high).all()
    print(
        base,
        noise,
        is_consistent,
        coverage.min(),
        coverage.mean(),
        (high - low)[found["part"] == base // 2].mean(),
    )


@pytest.mark.parametrize("base, noise", [(base, noise) for noise in CLASSES for base in BASES[noise[0]]])
def test_the_interval_of_a_share_of_answers_covers_chance_and_noise(base, noise):
    """A share that is cut at its band included: its interval is that of the edge, open to one side."""
    found = cells(base, range(base + 1), noise)
    bands = policy()["sensitive_bands"]
    band = [next(b for b in bands if b["base_from"] <= n <= (b["base_to"] or n)) for n in found["bottom"]]
    lowest, highest = (np.array([each[name] for each in band]) for name in ("lowest", "highest"))
    is_low = np.minimum(found["part"], found["top"] + 1e-9) <= lowest * found["bottom"] + 1e-10
    is_high = (
        np.maximum(found["bottom"] - (base - found["part"]), found["top"] - 1e-9)
        >= highest * found["bottom"] - 1e-10
    )
    share = np.round(found["top"] / found["bottom"], DECIMALS)
    found["share"] = np.where(is_low, lowest, np.where(is_high, highest, share))
    low, high = ends({"sampled": True, "sensitive": True}, found, noise)
    coverage = []
    for truth in SHARES:
        weights = found["chance"] * binomial(found["part"], base, truth)
        coverage.append(weights[(low <= truth) & (truth <= high)].sum() / weights.sum())
    print(base, noise, min(coverage), np.mean(coverage))
    assert min(coverage) >= 0.95 and np.mean(coverage) <= 0.99
    assert (low <= found["share"]).all() and (found["share"] <= high).all()


@pytest.mark.parametrize("base", [50, 100])
def test_the_interval_of_a_step_of_a_funnel_covers_the_noise(base):
    """Steps that are made consistent with five others: those near each other are joined, and err less."""
    dice = np.random.default_rng(20261129)
    coverage = []
    for left in (1.0, 0.99, 0.9, 0.6):
        steps = [round(base * left**step) for step in range(6)]
        drawn = with_noise(np.tile(steps, (4000, 1)), dice)
        shown = np.array([falling(row) for row in drawn.tolist()])
        shown = shown[shown[:, 0] >= policy()["rates"]["smallest_base"]["coarse"]]
        for step in range(1, 6):
            found = {"share": np.round(shown[:, step] / shown[:, 0], DECIMALS), "bottom": shown[:, 0]}
            low, high = ends({}, found, ("coarse", "coarse"))
            truth = steps[step] / base
            coverage.append(((low <= truth + 5e-5) & (truth <= high + 5e-5)).mean())
    print(base, min(coverage), np.mean(coverage))
    assert min(coverage) >= 0.94 and np.mean(coverage) <= 0.995


def binomial(part: np.ndarray, base: int, chance: float) -> np.ndarray:
    ways = np.array([lgamma(base + 1) - lgamma(n + 1) - lgamma(base - n + 1) for n in range(base + 1)])
    return np.exp(ways[part] + part * np.log(chance) + (base - part) * np.log(1 - chance))


@pytest.mark.parametrize("base", [50, 60, 100, 300])
def test_the_interval_of_a_score_covers_chance_and_noise(base):
    dice = np.random.default_rng(20260630)
    coverage = [score_coverage(base, mix, dice) for mix in MIXES]
    assert all(0.93 <= each <= 0.98 for each in coverage)
    print(base, [round(each, 4) for each in coverage], round(float(np.mean(coverage)), 4))
    assert 0.945 <= np.mean(coverage) <= 0.965


def score_coverage(
    base: int, mix: tuple[float, float, float], dice: np.random.Generator, n: int = 100_000
) -> float:
    """How often the published interval covers the score of the population, over the cells whose score is
    published.
    """
    answers = dice.multinomial(base, mix, size=n)
    promoters, passives, detractors = (with_noise(answers[:, column], dice) for column in range(3))
    bottom = with_noise(np.full(n, base), dice)
    bands = [
        np.array(
            [
                (b["lowest"], b["highest"]) if b["base_from"] <= size <= (b["base_to"] or size) else (0, 0)
                for size in range(bottom.max() + 1)
            ]
        )[bottom]
        for b in policy()["sensitive_bands"]
    ]
    low, high = sum(bands).T
    is_clipped = (answers[:, 2] <= low * bottom) | (detractors < low * bottom)
    is_clipped |= (base - answers[:, 2] <= bottom - high * bottom) | (detractors > high * bottom)
    promoters, passives, detractors = made_consistent(
        promoters, passives, detractors, bottom, low * bottom, high * bottom, ~is_clipped
    )
    smallest = policy()["nps"]["smallest_base"]
    is_shown = (
        ~is_clipped
        & (bottom >= policy()["sensitive_bands"][0]["base_from"])
        & (promoters + passives + detractors >= smallest)
    )
    found = {"p": promoters[is_shown], "a": passives[is_shown], "d": detractors[is_shown]}  # noqa: F841 (the SQL below reads it)
    decimals, truth = policy()["nps"]["decimals"], 100 * (mix[0] - mix[2])
    sides = (
        f"round({intervals.score(load_policy().of_class('coarse'), side, 'p', 'a', 'd')}, {decimals})"
        for side in ("low", "high")
    )
    return duckdb.sql(f"SELECT avg(({truth} BETWEEN {' AND '.join(sides)})::INTEGER) FROM found").fetchone()[
        0
    ]


def made_consistent(promoters, passives, detractors, whole, lowest, highest, is_open):
    """Three parts that share what they lack of their whole, where each is shown before and after."""
    parts = np.stack([promoters, passives, detractors])
    lacking, n = whole - parts.sum(0), (parts > 0).sum(0)
    places = np.argsort(np.argsort(-parts, axis=0, kind="stable"), axis=0)
    share, left = np.divmod(np.abs(lacking), np.maximum(n, 1))
    moved = np.where(parts > 0, parts + np.sign(lacking) * (share + (places < left)), 0)
    smallest = policy()["counts"]["smallest"]["coarse"]
    fits = (
        is_open
        & (n > 0)
        & (whole > 0)
        & ((moved == 0) | (moved >= smallest)).all(0)
        & (moved[2] >= lowest)
        & (moved[2] <= highest)
    )
    return np.where(fits, moved, parts)


def with_noise(counts: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """Counts as published, each with a draw of its own."""
    found, drawn = counts.copy(), dice.random(counts.shape)
    for (noise, block), deviations in BLOCKS.items():
        if noise != "coarse":
            continue
        here = np.minimum(counts, LAST["coarse"]) == block
        steps = np.cumsum([chance for _, chance in deviations])[:-1]
        found[here] += np.array([deviation for deviation, _ in deviations])[
            np.searchsorted(steps, drawn[here])
        ]
    return found


def test_what_a_perfect_score_says():
    """Cutting at 1 makes scores perfect that are not: what `docs/disclosure.md` says of it."""
    found = cells(100, range(95, 101), ("coarse", "coarse"))
    share = np.minimum(1, found["top"] / found["bottom"])
    told_perfect = {}
    for part in range(95, 101):
        here = found["part"] == part
        weights = found["chance"][here] / found["chance"][here].sum()
        told_perfect[part] = (
            round(float(weights[share[here] == 1].sum()), 2),
            round(float((weights * share[here]).sum() - part / 100), 4),
        )
    print(told_perfect)
    assert {part: rate for part, (rate, _) in told_perfect.items()} == {
        100: 0.53,
        99: 0.47,
        98: 0.40,
        97: 0.34,
        96: 0.29,
        95: 0.23,
    }
    assert told_perfect[100][1] == pytest.approx(-0.0237, abs=0.0005)
    assert told_perfect[95][1] == pytest.approx(-0.0058, abs=0.0005)

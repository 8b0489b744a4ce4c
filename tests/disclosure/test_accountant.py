"""What all counts over the years tell: the accountant against simulated attackers, and against the cases that
are known (S-ANON).
"""

from __future__ import annotations

import math

import duckdb
import numpy as np
import pytest

from anonymart.disclosure import accountant
from anonymart.disclosure.accountant import Spent
from anonymart.disclosure.perturbation import BEFORE_CLASSES, MODULUS, of_policy
from anonymart.policy import load_policy
from anonymart.release.ledger import noise_by_release

TABLES = of_policy(load_policy())
SIZES = {noise: accountant.blocks(table) for noise, table in TABLES.items()}
VARIANCE = load_policy().of_class("coarse").figure("counts", "variance")
FALSE_ALARMS = 0.001


def law(n: int, noise: str) -> dict[int, float]:
    return {
        entry.deviation: (entry.key_upto - entry.key_from) / MODULUS
        for entry in TABLES[noise]
        if entry.true_count == min(n, SIZES[noise] - 1)
    }


def simulated(counts: list[tuple[int, str]], tries: int = 200_000) -> float:
    """How often the best attacker is right who draws the line at one false alarm in a thousand."""
    dice = np.random.default_rng(20261129)
    ratios = {True: np.zeros(tries), False: np.zeros(tries)}
    for n, noise in counts:
        inside, outside = ({true + v: p for v, p in law(true, noise).items()} for true in (n, n - 1))
        seen = sorted(inside.keys() | outside.keys())
        of = {
            value: math.log(max(inside.get(value, 0), 1e-300)) - math.log(max(outside.get(value, 0), 1e-300))
            for value in seen
        }
        for is_in, published in ((True, inside), (False, outside)):
            draws = dice.choice(
                list(published), size=tries, p=np.array(list(published.values())) / sum(published.values())
            )
            ratios[is_in] += np.clip(np.vectorize(of.get)(draws), -16, 16)
    line = np.quantile(ratios[False], 1 - FALSE_ALARMS)
    # On the line itself the attacker throws a coin that keeps him at one in a thousand.
    above, on = ((ratios[False] > line).mean(), (np.abs(ratios[False] - line) < 1e-9).mean())
    coin = (FALSE_ALARMS - above) / on if on else 0.0
    return float((ratios[True] > line).mean() + coin * (np.abs(ratios[True] - line) < 1e-9).mean())


def spent(coarse: list[int], sums: float = 0.0, fine: list[int] | None = None) -> Spent:
    found = []
    for noise, counts in (("coarse", coarse), ("fine", fine or []), ("broad", [])):
        blocks = [0] * SIZES[noise]
        for n in counts:
            blocks[min(n, SIZES[noise]) - 1] += 1
        found += blocks
    return Spent(tuple(found), sums)


def test_a_release_of_before_the_class_broad_drew_from_coarse():
    with duckdb.connect() as connection:
        connection.execute("ATTACH ':memory:' AS vault; CREATE SCHEMA vault.ledger")
        connection.execute("CREATE TABLE vault.ledger.releases (release_id VARCHAR, noise VARCHAR)")
        noise = '{"coarse": [15, 19.0, 6], "fine": [23, 45.0, 10]}'
        connection.execute("INSERT INTO vault.ledger.releases VALUES ('a', NULL), ('b', ?)", [noise])
        found = noise_by_release(connection)
    assert set(found["a"].values()) == {BEFORE_CLASSES}
    assert found["b"]["broad"] == found["b"]["coarse"] == (15, 19.0, 6)


def told(*groups: Spent) -> list[float]:
    return [accountant.rates_at([group], TABLES.values(), FALSE_ALARMS, (1.0,))[1.0] for group in groups]


@pytest.mark.parametrize(
    "coarse, fine",
    [
        ([40] * 30, []),
        ([], [40] * 60),
        ([9] * 51, [30] * 20),
        ([3] * 5 + [40] * 10, [2] * 3),
        ([1] * 3 + [6] * 4, [1] * 2),
    ],
)
def test_it_is_what_the_best_attacker_reaches(coarse, fine):
    seen = simulated([(n, "coarse") for n in coarse] + [(n, "fine") for n in fine])
    assert told(spent(coarse, fine=fine))[0] == pytest.approx(seen, abs=0.015)


def test_nothing_told_is_a_guess_and_more_tells_more():
    rates = told(*(spent([20] * n) for n in (0, 20, 60, 200, 900)))
    assert rates[0] == pytest.approx(FALSE_ALARMS, abs=1e-6)
    assert rates == sorted(rates) and rates[-1] > 0.999


def test_a_sum_counts_by_the_share_of_its_noise():
    """Forty sums in which a person makes one person of noise tell about what forty counts tell; nothing in
    them tells nothing.
    """
    counts, sums, none = told(spent([40] * 40), spent([], 40 / VARIANCE), spent([], 0.0))
    assert sums == pytest.approx(counts, abs=0.02) and none == pytest.approx(FALSE_ALARMS, abs=1e-6)


def test_shares_of_persons():
    rates = [(0.5, 1), (0.1, 98), (0.9, 1)]
    assert [accountant.at_share(rates, share) for share in (0.5, 0.98, 0.99, 1.0)] == [0.1, 0.1, 0.5, 0.9]
    assert accountant.at_share([], 0.5) == 0.0


@pytest.mark.long
def test_a_few_persons_around_each_share_speak_for_all():
    dice = np.random.default_rng(4)
    groups = [
        spent([1] * int(a) + [5] * int(b), float(d) / 10, [30] * int(c))
        for a, b, c, d in dice.integers(0, 9, (400, 4))
    ]
    every = [(rate, 1) for rate in told(*groups)]
    near = accountant.rates_at(groups, TABLES.values(), FALSE_ALARMS, (0.25, 0.5, 0.9, 1.0))
    assert near == pytest.approx({share: accountant.at_share(every, share) for share in near}, abs=0.03)
    assert accountant.rates_at([], TABLES.values(), FALSE_ALARMS, (0.5,)) == {0.5: 0.0}

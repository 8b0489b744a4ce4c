"""What all counts of a life tell: the accountant against simulated attackers, and against the cases that are known (S-ANON)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from anonymart.disclosure import accountant
from anonymart.disclosure.accountant import Spent
from anonymart.disclosure.perturbation import MODULUS, of_policy
from anonymart.policy import load_policy

TABLE = of_policy(load_policy())
LAST = max(entry.true_count for entry in TABLE)
FALSE_ALARMS = 0.001


def law(n: int) -> dict[int, float]:
    return {
        entry.deviation: (entry.key_upto - entry.key_from) / MODULUS
        for entry in TABLE
        if entry.true_count == min(n, LAST)
    }


def simulated(counts: list[int], tries: int = 200_000) -> float:
    """How often the best attacker is right who draws the line at one false alarm in a thousand."""
    dice = np.random.default_rng(20261129)
    ratios = {True: np.zeros(tries), False: np.zeros(tries)}
    for n in counts:
        inside, outside = ({true + v: p for v, p in law(true).items()} for true in (n, n - 1))
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


def spent(counts: list[int], sums: float = 0.0) -> Spent:
    blocks = [0] * (LAST + 1)
    for n in counts:
        blocks[min(n, LAST + 1) - 1] += 1
    return Spent(tuple(blocks), sums)


def told(*groups: Spent) -> list[float]:
    return [accountant.told_at([group], TABLE, FALSE_ALARMS, (1.0,))[1.0] for group in groups]


@pytest.mark.parametrize("counts", [[20] * 10, [20] * 30, [9] * 51, [3] * 5 + [40] * 10, [1] * 3 + [6] * 4])
def test_it_is_what_the_best_attacker_reaches(counts):
    assert told(spent(counts))[0] == pytest.approx(simulated(counts), abs=0.015)


def test_nothing_told_is_a_guess_and_more_tells_more():
    rates = told(*(spent([20] * n) for n in (0, 5, 20, 60, 200)))
    assert rates[0] == pytest.approx(FALSE_ALARMS, abs=1e-6)
    assert rates == sorted(rates) and rates[-1] > 0.999


def test_a_sum_counts_by_the_share_of_its_noise():
    """Ten sums in which a person makes one person of noise tell about what ten counts tell; nothing in them tells nothing."""
    counts, sums, none = told(spent([20] * 10), spent([], 10.0), spent([], 0.0))
    assert sums == pytest.approx(counts, abs=0.02) and none == pytest.approx(FALSE_ALARMS, abs=1e-6)


def test_shares_of_persons():
    rates = [(0.5, 1), (0.1, 98), (0.9, 1)]
    assert [accountant.at_share(rates, share) for share in (0.5, 0.98, 0.99, 1.0)] == [0.1, 0.1, 0.5, 0.9]
    assert accountant.at_share([], 0.5) == 0.0


def test_a_few_persons_around_each_share_speak_for_all():
    dice = np.random.default_rng(4)
    groups = [
        spent([1] * int(a) + [5] * int(b) + [30] * int(c), float(d)) for a, b, c, d in dice.integers(0, 9, (400, 4))
    ]
    every = [(rate, 1) for rate in told(*groups)]
    near = accountant.told_at(groups, TABLE, FALSE_ALARMS, (0.25, 0.5, 0.9, 1.0))
    assert near == pytest.approx({share: accountant.at_share(every, share) for share in near}, abs=0.03)
    assert accountant.told_at([], TABLE, FALSE_ALARMS, (0.5,)) == {0.5: 0.0}

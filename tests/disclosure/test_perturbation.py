"""The noise of counts: the shipped table is the register's, has the moments that it should, and draws as it says."""

from __future__ import annotations

import copy
import math
import random
from itertools import groupby, pairwise

import pytest

from anonymart.disclosure import perturbation
from anonymart.disclosure.perturbation import (
    MODULUS,
    Entry,
    draw,
    largest_entropy,
    of_policy,
    perturbation_table,
    read_seed,
)
from anonymart.errors import UsageError
from anonymart.policy import Policy, load_policy

TABLE = read_seed()
BLOCKS = {count: list(entries) for count, entries in groupby(TABLE, key=lambda entry: entry.true_count)}
COUNTS = [count for count in BLOCKS if count > 0]


def widths(count: int) -> list[tuple[int, int]]:
    """Deviation and number of cell keys that give it."""
    return [(entry.deviation, entry.key_upto - entry.key_from) for entry in BLOCKS[count]]


def test_the_shipped_table_is_the_registers():
    perturbation.check_seed(load_policy())
    assert [(e.true_count, e.deviation, e.key_from, e.key_upto) for e in of_policy(load_policy())] == [
        (e.true_count, e.deviation, e.key_from, e.key_upto) for e in TABLE
    ]


@pytest.mark.parametrize("name, value", [("variance", 2.5), ("largest_deviation", 4), ("smallest", 2)])
def test_a_table_of_other_figures_is_refused(name, value):
    raw = copy.deepcopy(load_policy().raw)
    raw["counts"][name] = value
    with pytest.raises(UsageError, match="perturbation --write"):
        perturbation.check_seed(Policy(raw))


def test_writing_and_reading_give_the_same_table(tmp_path):
    perturbation.write_seed(of_policy(load_policy()), tmp_path / "table.csv")
    perturbation.check_seed(load_policy(), tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_bytes() == perturbation.SEED.read_bytes()


def test_zero_stays_zero():
    assert widths(0) == [(0, MODULUS)]


@pytest.mark.parametrize("count", COUNTS)
def test_keys_are_dealt_out_whole(count):
    entries = BLOCKS[count]
    assert entries[0].key_from == 0 and entries[-1].key_upto == MODULUS
    assert all(before.key_upto == after.key_from for before, after in pairwise(entries))


@pytest.mark.parametrize("count", COUNTS)
def test_mean_variance_and_forbidden_values(count):
    law = load_policy().raw["counts"]
    dealt = widths(count)
    # The mean is 0 to the last key; the variance differs by what rounding to whole keys leaves.
    assert sum(deviation * width for deviation, width in dealt) == 0
    assert sum(deviation**2 * width for deviation, width in dealt) / MODULUS == pytest.approx(law["variance"], abs=1e-7)
    for deviation, width in dealt:
        assert abs(deviation) <= law["largest_deviation"] and width > 0
        assert count + deviation == 0 or count + deviation >= law["smallest"]
    allowed = {v for v in range(-law["largest_deviation"], law["largest_deviation"] + 1) if count + v == 0 or count + v >= law["smallest"]}
    assert {deviation for deviation, _ in dealt} == allowed


@pytest.mark.parametrize("count", COUNTS)
def test_no_other_probabilities_of_these_moments_have_more_entropy(count):
    """Any step that keeps sum, mean and variance lowers the entropy: three equations, so steps live on four neighbours."""
    deviations = [entry.deviation for entry in BLOCKS[count]]
    p = largest_entropy(deviations, load_policy().raw["counts"]["variance"])
    entropy = -math.fsum(q * math.log(q) for q in p)
    dice = random.Random(count)
    for _ in range(50):
        chosen = sorted(dice.sample(range(len(p)), 4))
        v = [deviations[i] for i in chosen]
        # Lagrange: the weights 1 / prod(v_i - v_j) are orthogonal to all polynomials of degree 2 and less.
        step = [1 / math.prod(v[i] - v[j] for j in range(4) if j != i) for i in range(4)]
        largest = min(p[i] for i in chosen) / max(map(abs, step))
        for size in (0.5 * largest, -0.5 * largest, 0.01 * largest, -0.01 * largest):
            other = list(p)
            for i, s in zip(chosen, step, strict=True):
                other[i] += size * s
            assert -math.fsum(q * math.log(q) for q in other) < entropy + 1e-15


def test_the_last_block_is_symmetric():
    last = max(BLOCKS)
    law = load_policy().raw["counts"]
    assert last == law["largest_deviation"] + law["smallest"]
    shares = {entry.deviation: entry.probability for entry in BLOCKS[last]}
    assert all(shares[v] == pytest.approx(shares[-v], abs=1e-12) for v in shares)


def test_impossible_noise_is_refused():
    with pytest.raises(UsageError, match="variance"):
        largest_entropy([-1, 2, 3], 7.0)
    with pytest.raises(UsageError, match="variance"):
        perturbation_table(5, 1.0, 4)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 40])
def test_draws_follow_the_table(count):
    """A simulation: the sum of random record keys modulo 2^32 draws each deviation as often as the table says."""
    dice, n = random.Random(count), 20_000
    drawn = [draw(TABLE, count, sum(dice.getrandbits(32) for _ in range(count)) % MODULUS) for _ in range(n)]
    assert abs(sum(drawn) / n) < 4 * math.sqrt(2.2 / n)
    for entry in BLOCKS[min(count, max(BLOCKS))]:
        expected = entry.probability
        assert abs(drawn.count(entry.deviation) / n - expected) <= 5 * math.sqrt(expected * (1 - expected) / n) + 1 / n


def test_a_key_between_two_deviations_takes_the_upper():
    entries = [Entry(1, -1, 0.5, 0, 10), Entry(1, 1, 0.5, 10, MODULUS)]
    assert [draw(entries, 1, key) for key in (0, 9, 10, MODULUS - 1)] == [-1, -1, 1, 1]

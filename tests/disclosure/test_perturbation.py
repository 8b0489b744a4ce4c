"""The noise of counts: the shipped table is the register's, has the moments that it should, and draws as it
says.
"""

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

TABLES = read_seed()
BLOCKS = {
    (noise, count): list(entries)
    for noise, table in TABLES.items()
    for count, entries in groupby(table, key=lambda entry: entry.true_count)
}
COUNTS = [place for place in BLOCKS if place[1] > 0]
each_block = pytest.mark.parametrize("noise, count", COUNTS)


def widths(noise: str, count: int) -> list[tuple[int, int]]:
    """Deviation and number of cell keys that give it."""
    return [(entry.deviation, entry.key_upto - entry.key_from) for entry in BLOCKS[noise, count]]


def law(noise: str) -> dict[str, float]:
    return load_policy().of_class(noise).figure("counts")


def variance(noise: str, count: int) -> float:
    """That of the policy; a few persons have a third of the largest possible, or a little over the least."""
    found = law(noise)
    largest, smallest = found["largest_deviation"], found["smallest"]
    # The largest: all at both ends. The least: at the two values beside the count.
    least = count * (smallest - count) if count < smallest else 0
    return min(found["variance"], max(min(count, largest) * largest / 3, 1.15 * least))


def test_the_shipped_tables_are_the_registers():
    perturbation.check_seed(load_policy())
    tables = of_policy(load_policy())
    assert tables.keys() == TABLES.keys() == {"coarse", "fine", "broad"}
    for noise, table in tables.items():
        keys = [
            [(e.true_count, e.deviation, e.key_from, e.key_upto) for e in each]
            for each in (table, TABLES[noise])
        ]
        assert keys[0] == keys[1]


@pytest.mark.parametrize("noise", ["coarse", "fine", "broad"])
def test_noise_reaches_far_enough_for_its_variance(noise):
    assert law(noise)["largest_deviation"] >= 3.4 * math.sqrt(law(noise)["variance"])


@pytest.mark.parametrize(
    "name, value",
    [
        ("variance", {"coarse": 14, "fine": 37, "broad": 81}),
        ("largest_deviation", {"coarse": 14, "fine": 22, "broad": 31}),
        ("smallest", {"coarse": 5, "fine": 10, "broad": 12}),
    ],
)
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
    assert widths("coarse", 0) == widths("fine", 0) == widths("broad", 0) == [(0, MODULUS)]


@each_block
def test_keys_are_dealt_out_whole(noise, count):
    entries = BLOCKS[noise, count]
    assert entries[0].key_from == 0 and entries[-1].key_upto == MODULUS
    assert all(before.key_upto == after.key_from for before, after in pairwise(entries))


@each_block
def test_mean_variance_and_forbidden_values(noise, count):
    dealt, largest, smallest = widths(noise, count), law(noise)["largest_deviation"], law(noise)["smallest"]
    # The mean is 0 to the last key; the variance differs by what rounding to whole keys leaves.
    assert sum(deviation * width for deviation, width in dealt) == 0
    assert sum(deviation**2 * width for deviation, width in dealt) / MODULUS == pytest.approx(
        variance(noise, count), abs=1e-5
    )
    for deviation, width in dealt:
        assert abs(deviation) <= largest and width > 0
        assert count + deviation == 0 or count + deviation >= smallest
    allowed = {v for v in range(-largest, largest + 1) if count + v == 0 or count + v >= smallest}
    assert {deviation for deviation, _ in dealt} == allowed


@each_block
def test_no_other_probabilities_of_these_moments_have_more_entropy(noise, count):
    """Any step that keeps sum, mean and variance lowers the entropy: three equations, so steps live on four
    neighbours.
    """
    deviations = [entry.deviation for entry in BLOCKS[noise, count]]
    p = largest_entropy(deviations, variance(noise, count))
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


@pytest.mark.parametrize("noise", ["coarse", "fine", "broad"])
def test_the_last_block_is_symmetric(noise):
    last = max(count for each, count in BLOCKS if each == noise)
    assert last == law(noise)["largest_deviation"] + law(noise)["smallest"]
    shares = {entry.deviation: entry.probability for entry in BLOCKS[noise, last]}
    assert all(shares[v] == pytest.approx(shares[-v], abs=1e-12) for v in shares)


def test_impossible_noise_is_refused():
    with pytest.raises(UsageError, match="variance"):
        largest_entropy([-1, 2, 3], 7.0)
    with pytest.raises(UsageError, match="variance"):
        perturbation_table(5, 1.0, 4)


def test_a_few_persons_have_less_noise():
    """One person gets 0 or up to 1 + D, a variance of D at most, with 0 or 1 + D alone; and of 2 at least,
    with 0 or 3 alone.
    """
    one = [entry for entry in perturbation_table(9, 20.0, 3) if entry.true_count == 1]
    assert sum(entry.deviation**2 * entry.probability for entry in one) == pytest.approx(3)
    one = [entry for entry in perturbation_table(5, 20.0, 3) if entry.true_count == 1]
    assert sum(entry.deviation**2 * entry.probability for entry in one) == pytest.approx(2.3)


@pytest.mark.parametrize("noise", ["coarse", "fine", "broad"])
@pytest.mark.parametrize("count", [1, 2, 3, 8, 40])
def test_draws_follow_the_table(noise, count):
    """A simulation: the sum of random record keys modulo 2^32 draws each deviation as often as the table
    says.
    """
    dice, n = random.Random(count), 20_000
    drawn = [
        draw(TABLES[noise], count, sum(dice.getrandbits(32) for _ in range(count)) % MODULUS)
        for _ in range(n)
    ]
    assert abs(sum(drawn) / n) < 4 * math.sqrt(law(noise)["variance"] / n)
    for entry in BLOCKS.get(
        (noise, count), [e for e in TABLES[noise] if e.true_count == TABLES[noise][-1].true_count]
    ):
        expected = entry.probability
        assert (
            abs(drawn.count(entry.deviation) / n - expected)
            <= 5 * math.sqrt(expected * (1 - expected) / n) + 1 / n
        )


def test_a_key_between_two_deviations_takes_the_upper():
    entries = [Entry(1, -1, 0.5, 0, 10), Entry(1, 1, 0.5, 10, MODULUS)]
    assert [draw(entries, 1, key) for key in (0, 9, 10, MODULUS - 1)] == [-1, -1, 1, 1]

"""The perturbation table of the cell key method: which deviation a count gets from which cell keys (S-ANON).

For each true count i the probabilities of the deviations v have the largest entropy among all that have mean
0 and the given variance, lie between -D and D, and make no published count negative or one of 1 .. smallest -
1. They are p(v) proportional to exp(a v + b v^2); a and b are found by Newton's method on the dual.

Sources: Fraser and Wooton, "A proposed method for confidentialising tabular output to protect against
differencing" (UNECE work session on statistical data confidentiality, 2005); Giessing, "Computational issues
in the design of transition probabilities and disclosure risk estimation for additive noise" (Privacy in
Statistical Databases, 2016); Handbook on Statistical Disclosure Control, chapter on tables.
"""

from __future__ import annotations

import csv
import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from anonymart.errors import UsageError
from anonymart.home import PROJECT
from anonymart.policy import CLASSES, Policy

SEED = PROJECT / "dbt_project" / "seeds" / "perturbation_table.csv"
COLUMNS = ("noise_class", "true_count", "deviation", "probability", "key_from", "key_upto")
MODULUS = 1 << 32
# Of the largest and of the smallest variance that deviations of mean 0 can have.
_MOST, _LEAST = 1 / 3, 1.15


class Scheme(NamedTuple):
    """The parameters of a table: D and the smallest published count in persons, and the variance of the
    noise.
    """

    largest_deviation: int
    variance: float
    smallest: int


# What every count was drawn by before marts had classes of noise; published cells keep it.
BEFORE_CLASSES = Scheme(5, 2.2, 3)


@dataclass(frozen=True)
class Entry:
    """Cell keys from `key_from` up to, and without, `key_upto` give a true count this deviation."""

    true_count: int
    deviation: int
    probability: float
    key_from: int
    key_upto: int


def perturbation_table(largest_deviation: int, variance: float, smallest: int) -> list[Entry]:
    """Entries in the order of count and deviation; the last count stands for itself and every larger one.

    A few persons have less noise than the variance: a third of the most that their deviations can have, or a
    little over the least, for else one person would be published as 0 or as D and more, and no interval would
    hold. Raises UsageError when no such probabilities exist for a count.
    """
    return list(_table(largest_deviation, variance, smallest))


@functools.lru_cache(maxsize=16)
def _table(largest_deviation: int, variance: float, smallest: int) -> tuple[Entry, ...]:
    entries = [Entry(0, 0, 1.0, 0, MODULUS)]
    for true_count in range(1, largest_deviation + smallest + 1):
        deviations = [
            v
            for v in range(-largest_deviation, largest_deviation + 1)
            if true_count + v == 0 or true_count + v >= smallest
        ]
        probabilities = largest_entropy(deviations, _variance(deviations, variance))
        widths = _widths(deviations, probabilities)
        key_from = 0
        for deviation, probability, width in zip(deviations, probabilities, widths, strict=True):
            entries.append(Entry(true_count, deviation, probability, key_from, key_from + width))
            key_from += width
    return tuple(entries)


def of_policy(policy: Policy) -> dict[str, list[Entry]]:
    """The tables of the register's own parameters (counts), by class of noise."""
    return {noise: perturbation_table(*scheme) for noise, scheme in schemes(policy).items()}


def schemes(policy: Policy) -> dict[str, Scheme]:
    """The register's parameters of the noise, by class."""
    laws = {noise: policy.of_class(noise) for noise in CLASSES}
    return {
        noise: Scheme(*(law.figure("counts", name) for name in Scheme._fields)) for noise, law in laws.items()
    }


def mean_error(table: Iterable[Entry]) -> float:
    """By how many persons a large count is off in the mean, from the table alone: a fact of the method, and
    of no school.
    """
    entries = list(table)
    last = max(entry.true_count for entry in entries)
    return sum(abs(entry.deviation) * entry.probability for entry in entries if entry.true_count == last)


def largest_entropy(deviations: list[int], variance: float) -> list[float]:
    """The probabilities of largest entropy with mean 0 and this variance. Raises UsageError when there are
    none.
    """
    least, most = _limits(deviations)
    if not least < variance < most:
        raise UsageError(
            f"No noise on {deviations} has the variance {variance}: it must lie between {least} and "
            f"{most}; change counts in policy.yml."
        )
    a = b = 0.0
    gap = _dual(deviations, variance, a, b)
    for _ in range(200):
        p = _probabilities(deviations, a, b)
        moments = [sum(q * v**k for q, v in zip(p, deviations, strict=True)) for k in range(5)]
        slope = (moments[1], moments[2] - variance)
        if max(map(abs, slope)) < 1e-13:
            return p
        haa, hab, hbb = (
            moments[2] - moments[1] ** 2,
            moments[3] - moments[1] * moments[2],
            moments[4] - moments[2] ** 2,
        )
        determinant = haa * hbb - hab**2
        step_a, step_b = (
            (hbb * slope[0] - hab * slope[1]) / determinant,
            (haa * slope[1] - hab * slope[0]) / determinant,
        )
        size = 1.0
        while (
            lower := _dual(deviations, variance, a - size * step_a, b - size * step_b)
        ) > gap and size > 1e-12:
            size /= 2
        a, b, gap = a - size * step_a, b - size * step_b, lower
    return _probabilities(deviations, a, b)


def draw(entries: Iterable[Entry], true_count: int, cell_key: int) -> int:
    """The deviation of a count with this cell key (0 .. 2^32 - 1); counts beyond the table take its last
    block.
    """
    listed = list(entries)
    block = min(true_count, max(entry.true_count for entry in listed))
    return next(
        entry.deviation
        for entry in listed
        if entry.true_count == block and entry.key_from <= cell_key < entry.key_upto
    )


def law_of(table: Iterable[Entry]) -> dict[int, dict[int, float]]:
    """For each true count of a table the probability of each deviation, in persons, exactly as its keys are
    dealt out.
    """
    found: dict[int, dict[int, float]] = {}
    for entry in table:
        found.setdefault(entry.true_count, {})[entry.deviation] = (entry.key_upto - entry.key_from) / MODULUS
    return found


def write_seed(tables: Mapping[str, Iterable[Entry]], path: Path = SEED) -> None:
    """Write the tables as the dbt seed."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        for noise, entries in tables.items():
            rows.writerows(
                (noise, e.true_count, e.deviation, f"{e.probability:.12f}", e.key_from, e.key_upto)
                for e in entries
            )


def read_seed(path: Path = SEED) -> dict[str, list[Entry]]:
    """The shipped tables, by class of noise."""
    found: dict[str, list[Entry]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            numbers = (int(row[name]) for name in ("key_from", "key_upto"))
            entry = Entry(int(row["true_count"]), int(row["deviation"]), float(row["probability"]), *numbers)
            found.setdefault(row["noise_class"], []).append(entry)
    return found


def check_seed(policy: Policy, path: Path = SEED) -> None:
    """Raise UsageError when the shipped table is not the one of the register's parameters."""
    keys = [
        [
            (noise, e.true_count, e.deviation, e.key_from, e.key_upto)
            for noise, table in tables.items()
            for e in table
        ]
        for tables in (of_policy(policy), read_seed(path))
    ]
    if keys[0] != keys[1]:
        raise UsageError(
            "The perturbation table is not that of policy.yml's counts: run `anonymart perturbation "
            "--write`, and commit the seed with the policy."
        )


def _probabilities(deviations: list[int], a: float, b: float) -> list[float]:
    exponents = [a * v + b * v * v for v in deviations]
    top = max(exponents)
    weights = [math.exp(exponent - top) for exponent in exponents]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def _limits(deviations: list[int]) -> tuple[int, int]:
    """The smallest and the largest variance of probabilities on these deviations with mean 0."""
    least = min(-low * high for low in deviations if low <= 0 for high in deviations if high > 0)
    return least, -min(deviations) * max(deviations)


def _variance(deviations: list[int], variance: float) -> float:
    least, most = _limits(deviations)
    return min(variance, max(_MOST * most, _LEAST * least))


def _dual(deviations: list[int], variance: float, a: float, b: float) -> float:
    exponents = [a * v + b * v * v for v in deviations]
    top = max(exponents)
    return top + math.log(math.fsum(math.exp(exponent - top) for exponent in exponents)) - b * variance


def _widths(deviations: list[int], probabilities: list[float]) -> list[int]:
    """Whole numbers of keys in proportion, 2^32 in all, with a mean of exactly 0."""
    widths = [round(p * MODULUS) for p in probabilities]
    middle = widths.index(max(widths))
    widths[middle] += MODULUS - sum(widths)
    left, right = next(
        (n, n + 1)
        for n, (low, high) in enumerate(pairwise(deviations))
        if high - low == 1 and min(widths[n], widths[n + 1]) > 1 << 16
    )
    surplus = sum(width * v for width, v in zip(widths, deviations, strict=True))
    widths[left] += surplus
    widths[right] -= surplus
    return widths

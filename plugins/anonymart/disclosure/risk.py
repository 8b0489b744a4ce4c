"""What one published count tells an attacker who knows all other persons of its cell, exactly, from the table
of noise (S-ANON).

The attacker asks whether one more person is in a cell: n others, or n + 1 persons. Published counts of both
have known distributions, since a cell key is uniform to whoever does not know the key of the record keys.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from anonymart.disclosure.perturbation import MODULUS, Entry

Distribution = dict[int, float]
_DIGITS = 5  # of a log-likelihood ratio


def published_counts(table: Iterable[Entry], true_count: int) -> Distribution:
    """The probability of each published count of a true one."""
    entries = list(table)
    block = min(true_count, max(entry.true_count for entry in entries))
    return {
        true_count + e.deviation: (e.key_upto - e.key_from) / MODULUS
        for e in entries
        if e.true_count == block
    }


def total_variation(one: Distribution, other: Distribution) -> float:
    """Half the sum of absolute differences, 0 to 1; the best guess between both is right with probability (1
    + it) / 2.
    """
    return (
        math.fsum(abs(one.get(value, 0.0) - other.get(value, 0.0)) for value in one.keys() | other.keys()) / 2
    )


def certain(one: Distribution, other: Distribution) -> float:
    """How often the published count is possible with the person only, or without only: the mean of both."""
    return (
        math.fsum(p for a, b in ((one, other), (other, one)) for value, p in a.items() if value not in b) / 2
    )


def best_guess(table: Iterable[Entry], others: int, cells: int = 1) -> float:
    """How often somebody is right who knows all `others` of each of some cells that hold the same persons but
    for other people.

    From 0.5 (a coin) to 1. The cells have different persons, so their noise is independent; all have the same
    size.
    """
    entries = list(table)
    without, with_person = published_counts(entries, others), published_counts(entries, others + 1)
    common = sorted(without.keys() & with_person.keys())
    one = np.array([[side[value] for value in common] for side in (without, with_person)])
    ratios = np.round(np.log(one[1]) - np.log(one[0]), _DIGITS)
    sums, both = np.zeros(1), np.ones((2, 1))
    for _ in range(cells):
        # What tells the two sides equally well is one outcome.
        found, place = np.unique(np.round(np.add.outer(sums, ratios), _DIGITS), return_inverse=True)
        both = np.array(
            [np.bincount(place.ravel(), np.outer(b, o).ravel()) for b, o in zip(both, one, strict=True)]
        )
        sums = found
    # An outcome that only one side allows in any of the cells is sure; of the others the likelier side is
    # said.
    sure = sum(1 - side.sum() for side in both)
    return float(sure + both.max(axis=0).sum()) / 2

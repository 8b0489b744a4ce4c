"""Attack 7: a sensitive share of hidden people, from a whole less the parts that are shown.

What a whole ("all") and its shown parts leave over is a count of the hidden people, with the noise of each
figure in the sum. The attacker knows the noise, so every true count has a probability given what is seen (all
counts equally likely before): at 95 % that the persons with or without the value are no more than the band
allows beyond its edge, (nearly) nobody or everybody of the hidden people has it. Source: Handbook on
Statistical Disclosure Control, chapter on tables, on secondary suppression; the probability in place of
certainty is that of Bayes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from anonymart.attack.release import Release, Table, order
from anonymart.attack.rules import ENDLESS, PublishedRules
from anonymart.attack.score import Result, Truth

NAME = "subtraction"
SURE = 0.95

Law = Mapping[int, float]  # deviation of a large count, in persons: probability
Row = Mapping[str, Any]


def attack(release: Release, others: Iterable[Release], rules: PublishedRules, truth: Truth) -> Result:
    """Hidden parts, and all hidden parts together, whose sensitive share lies beyond its band with a
    probability of 95 %.

    What an earlier release has told already is counted apart (`told_before`): it cannot be taken back by
    hiding it now.
    """
    result = Result(NAME, details={"told_before": 0, "wrong": 0})
    earlier = [other for other in others if order(other) < order(release)]
    laws: dict[tuple[int, float], _Sums] = {}
    for mart, table in release.tables.items():
        nesting = table.contract.disclosure.get("nesting")
        if nesting is None:
            continue
        for measure in table.measures("count"):
            if not measure.get("sensitive"):
                continue
            for whole, parts in _groups(table, nesting["dimension"], nesting["whole"]):
                result.tried += 1
                known = rules.at(table.contract, whole)
                found = _Remainder(table, measure, whole, parts, known)
                scheme = (known.largest_deviation, known.variance)
                sums = laws.setdefault(scheme, _Sums(known.likely(ENDLESS)))
                if not found.is_reported(sums):
                    continue
                if any(_shows(other, mart, whole, measure["name"]) for other in earlier):
                    result.details["told_before"] += 1
                elif found.is_wrong(truth):
                    result.details["wrong"] += 1
                else:
                    result.hit(mart, measure["name"])
    result.scored = result.tried if truth.is_known else 0
    return result


def _groups(table: Table, dimension: str, whole: str) -> Iterable[tuple[str, list[str]]]:
    """The key of each whole, with the keys of its parts."""
    found: dict[tuple[Any, ...], tuple[list[str], list[str]]] = {}
    for key, row in table.cells.items():
        others = tuple(row[name] for name in table.contract.dimensions if name != dimension)
        found.setdefault(others, ([], []))[row[dimension] != whole].append(key)
    return [(wholes[0], parts) for wholes, parts in found.values() if wholes]


def _shows(release: Release, mart: str, key: str, measure: str) -> bool:
    table = release.tables.get(mart)
    return (
        table is not None
        and key in table.cells
        and _value(table, table.cells[key], table.measure(measure)) is not None
    )


def _value(
    table: Table, row: Row, measure: Mapping[str, Any], rules: PublishedRules | None = None
) -> int | None:
    """The published count, or the one that its rate and base tell; None where it is hidden, or told as the
    edge of a band only.
    """
    if row.get(measure["name"]) is not None:
        return int(row[measure["name"]])
    rate, base = _rate(table, row, measure), row.get(measure["of"])
    if rate is None or base is None or (rules and rate in (rules.band(base) or ())):
        return None
    return round(rate * base)


def _rate(table: Table, row: Row, measure: Mapping[str, Any]) -> float | None:
    names = [
        rate["name"]
        for rate in table.measures("rate")
        if rate["numerator"] == measure["name"] and rate.get("sensitive")
    ]
    return next((row[name] for name in names if row.get(name) is not None), None)


class _Remainder:
    """What is left of a whole: counts as (estimate in persons, published figures in it), and how few would
    tell.
    """

    def __init__(
        self, table: Table, measure: Mapping[str, Any], whole: str, parts: list[str], rules: PublishedRules
    ) -> None:
        self.table, self.measure, self.whole, self.rules = table, measure, whole, rules
        self.shown = [key for key in parts if self._value(key) is not None]
        hidden = [key for key in parts if key not in self.shown]
        # Of a clipped share whose edge is told, nothing is left to find out.
        self.secret = [
            key
            for key in hidden
            if _rate(table, table.cells[key], measure) is None and (self._base(key) or 0) > 0
        ]
        self.is_asked = bool(self.secret) or not hidden

    def is_reported(self, sums: _Sums) -> bool:
        """Whether nearly nobody, or nearly everybody, of the hidden people has the value, with a probability
        of `SURE`.
        """
        part, base = self._left(self._value), self._left(self._base)
        if part is None or base is None or base <= 0 or not self.is_asked:
            return False
        if not self.secret and base < self.rules.smallest_base:
            return False
        others = self._left(self._others)
        draws = 1 + len(self.shown)
        with_it, without_it = [(part, draws)], [(base - part, 2 * draws)]
        if others is not None:
            n_others = len(self._sisters())
            with_it.append((base - others, (1 + n_others) * draws))
            without_it.append((others, n_others * draws))
        few_with, few_without = self._few(base)
        return (
            sums.at_most(few_with, with_it, base) >= SURE
            or sums.at_most(few_without, without_it, base) >= SURE
        )

    def is_wrong(self, truth: Truth) -> bool:
        """Whether the truth, where it is known, says that the share of what is left lies within its band."""
        counts = []
        for name in (self.measure["name"], self.measure["of"]):
            whole, *shown = (
                truth.count(self.table.contract.name, key, name) for key in (self.whole, *self.shown)
            )
            known = [number for number in shown if number is not None]
            if whole is None or len(known) < len(shown):
                return False
            counts.append(whole - sum(known))
        part, base = counts
        if base <= 0:
            return True
        few_with, few_without = self._few(base)
        return part > few_with and base - part > few_without

    def _value(self, key: str) -> int | None:
        return _value(self.table, self.table.cells[key], self.measure, self.rules)

    def _base(self, key: str) -> int | None:
        return self.table.cells[key].get(self.measure["of"])

    def _others(self, key: str) -> int | None:
        numbers = [self.table.cells[key].get(name) for name in self._sisters()]
        known = [number for number in numbers if number is not None]
        return sum(known) if known and len(known) == len(numbers) else None

    def _sisters(self) -> list[str]:
        """The other parts of a partition."""
        mine = self.measure
        return [
            other["name"]
            for other in self.table.measures("count")
            if mine.get("partition")
            and other.get("partition") == mine["partition"]
            and other["name"] != mine["name"]
        ]

    def _left(self, read: Any) -> int | None:
        numbers = [read(key) for key in (self.whole, *self.shown)]
        return None if None in numbers else numbers[0] - sum(numbers[1:])

    def _few(self, base: int) -> tuple[float, float]:
        """How few persons with, and without, the value would tell: of all that is left by its band, of a
        hidden part by the lowest band.

        That a part is hidden says that it lies beyond a band; so to see that it is beyond the lowest one is
        to see on which side.
        """
        smallest = min(
            self.rules.bands, key=lambda band: band["base_from"], default={"lowest": 0.0, "highest": 1.0}
        )
        lowest, highest = float(smallest["lowest"]), float(smallest["highest"])
        of_all = self.rules.band(base) or (lowest, highest)
        largest = max((int(self._base(key) or 0) for key in self.secret), default=0)
        return max(base * of_all[0], largest * lowest), max(base * (1 - of_all[1]), largest * (1 - highest))


class _Sums:
    """Probabilities of sums of independent draws of the noise."""

    def __init__(self, law: Law) -> None:
        self.reach = max(abs(deviation) for deviation in law)
        self.laws = {
            1: np.array([law.get(deviation, 0.0) for deviation in range(-self.reach, self.reach + 1)])
        }

    def law(self, draws: int) -> np.ndarray:
        if draws not in self.laws:
            self.laws[draws] = np.convolve(self.law(draws - 1), self.laws[1])
        return self.laws[draws]

    def at_most(self, few: float, seen: list[tuple[int, int]], base: int) -> float:
        """Probability that a true count from 0 on is at most `few`, given independent sights of it: (seen,
        draws of noise in it).
        """
        highest = max(0, base) + self.reach * max(draws for _, draws in seen)
        likely = np.ones(highest + 1)
        for number, draws in seen:
            law, middle = self.law(draws), self.reach * draws
            places = number - np.arange(highest + 1) + middle
            inside = (places >= 0) & (places < len(law))
            likely *= np.where(inside, law[np.clip(places, 0, len(law) - 1)], 0.0)
        total = likely.sum()
        return float(likely[: math.floor(few + 1e-9) + 1].sum() / total) if total > 0 else 0.0

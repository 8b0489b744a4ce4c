"""The rules for figures without people, written a second time in plain Python from the design.

It shares nothing with the macros but the policy and the mart's YAML: exact fractions, one person at a time.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from math import floor, sqrt
from pathlib import Path
from typing import Any

with (Path(__file__).parents[2] / "dbt_project" / "seeds" / "perturbation_table.csv").open(encoding="utf-8") as _file:
    TABLE = [{name: int(row[name]) for name in row if name != "probability"} for row in csv.DictReader(_file)]
LAST = max(row["true_count"] for row in TABLE)

Z = {0.9: 1.644854, 0.95: 1.959964, 0.99: 2.575829}
Person = dict[str, Any]
Figures = dict[str, tuple[float | None, str | None]]


def exact(number: float) -> Fraction:
    """A decimal of the policy as a fraction: 0.1 is one tenth."""
    return Fraction(str(number))


def deviation(n: int, key: int) -> int:
    """What the shipped table adds to a count of n persons with this cell key."""
    block = min(n, LAST)
    return next(row["deviation"] for row in TABLE if row["true_count"] == block and row["key_from"] <= key < row["key_upto"])


def cells(rules: dict[str, Any], people: Iterable[Person]) -> dict[tuple, list[Person]]:
    """People by cell."""
    found: dict[tuple, list[Person]] = defaultdict(list)
    for person in people:
        found[tuple(person[name] for name in rules["dimensions"])].append(person)
    return dict(found)


def shown_cells(rules: dict[str, Any], law: dict[str, Any], people: Iterable[Person]) -> dict[tuple, list[Person]]:
    """People by cell, without the cells that have no count but 0 to show."""
    counts = [measure["name"] for measure in rules["measures"] if measure["kind"] == "count"]
    found = cells(rules, people)
    return {key: those for key, those in found.items() if any((cell := Cell(rules, law, those)).perturbed(cell.members(name)) for name in counts)}


class Cell:
    """The publishable figures of one cell."""

    def __init__(self, rules: dict[str, Any], law: dict[str, Any], people: list[Person]) -> None:
        self.people, self.law, self.rules = people, law, rules
        self.measures = {measure["name"]: measure for measure in rules["measures"]}

    def figures(self) -> Figures:
        """Value and reason of every measure, hidden ones too."""
        return {name: getattr(self, "nps" if kind["kind"].startswith("nps") else kind["kind"])(kind) for name, kind in self.measures.items()}

    def members(self, name: str) -> list[Person]:
        where = self.measures[name].get("where")
        return [person for person in self.people if where is None or person[where]]

    def perturbed(self, members: list[Person]) -> int:
        return len(members) + deviation(len(members), sum(person["record_key"] for person in members) % 2**32)

    def base_too_small(self, members: list[Person]) -> bool:
        return self.perturbed(members) < self.law["rates"]["smallest_base"]

    def band(self, members: list[Person]) -> tuple[Fraction, Fraction] | None:
        n = self.perturbed(members)
        for band in self.law["sensitive_bands"]:
            if band["base_from"] <= n <= (band["base_to"] or n):
                return exact(band["lowest"]), exact(band["highest"])
        return None

    def clipped(self, measure: dict[str, Any]) -> Fraction | None:
        """The edge of the band, where the part is outside it: by true persons in and out, or by published share."""
        inside, base = self.members(measure["name"]), self.members(measure["of"])
        band = self.band(base)
        if band is None:
            return None
        lowest, highest = band
        shown = self.perturbed(base)
        if len(inside) <= lowest * shown or Fraction(self.perturbed(inside), shown) < lowest:
            return lowest
        if len(base) - len(inside) <= (1 - highest) * shown or Fraction(self.perturbed(inside), shown) > highest:
            return highest
        return None

    def count(self, measure: dict[str, Any]) -> tuple[float | None, str | None]:
        sisters = [
            other
            for other in self.measures.values()
            if other.get("sensitive")
            and other["kind"] == "count"
            and (other is measure or (measure.get("partition") and measure["partition"] == other.get("partition")))
        ]
        if sisters and (base := self.members(measure["of"])):
            if self.band(base) is None:
                return None, "too_few"
            if any(self.clipped(sister) is not None for sister in sisters):
                return None, "protected"
        return self.perturbed(self.members(measure["name"])), None

    def rate(self, measure: dict[str, Any]) -> tuple[float | None, str | None]:
        numerator, denominator = self.measures[measure["numerator"]], self.measures[measure["denominator"]]
        reason = self.count(denominator)[1]
        base = self.members(denominator["name"])
        if reason or self.base_too_small(base):
            return None, reason or "too_few"
        if measure.get("sensitive") and (edge := self.clipped(numerator)) is not None:
            return float(edge), None
        value, reason = self.count(numerator)
        if reason:
            return None, reason
        return round(min(1.0, value / self.perturbed(base)), self.law["rates"]["decimals"]), None

    def mean(self, measure: dict[str, Any]) -> tuple[float | None, str | None]:
        people = self.members(measure["base"])
        if self.base_too_small(people):
            return None, "too_few"
        means = self.law["means"]
        parts = [min(person[measure["value"]], means["largest_events_per_person"]) for person in people]
        mixed = (sum(person["record_key"] for person in people) % 2**32 * 1640531527 + 2654435769) % 2**32
        noise = means["noise_of_largest"] * max(parts) * deviation(LAST, mixed)
        return max(0, sum(parts) + noise) / self.perturbed(people), None

    def nps(self, measure: dict[str, Any]) -> tuple[float | None, str | None]:
        parts = [self.count(self.measures[measure[name]]) for name in ("promoters", "passives", "detractors")]
        reasons = {reason for _, reason in parts}
        if reasons - {None}:
            return None, "protected" if "protected" in reasons else "too_few"
        p, a, d = (value for value, _ in parts)
        n = p + a + d
        if n < self.law["rates"]["smallest_base"]:
            return None, "too_few"
        score = (p - d) / n
        error = sqrt(((p + d) / n - score**2) / n + self.law["counts"]["variance"] * (2 + 3 * score**2) / n**2)
        side = {"nps": 0, "nps_low": -1, "nps_high": 1}[measure["kind"]]
        value = 100 * (score + side * Z[self.law["nps"]["confidence"]] * error)
        return max(-100.0, min(100.0, value)), None

    def quantile(self, measure: dict[str, Any]) -> tuple[float | None, str | None]:
        with_value = [person for person in self.people if person[measure["value"]] is not None]
        values = sorted(person[measure["value"]] for person in with_value)
        n, law = len(values), self.law["quantiles"]
        smallest = law["smallest_base_median" if measure["quantile"] == 0.5 else "smallest_base_quartile"]
        if self.perturbed(with_value) < smallest:
            return None, "too_few"
        if "pooling" in self.rules and self.base_too_small(self.members(self.rules["pooling"]["decided_by"])):
            return None, "too_few"
        place = exact(measure["quantile"]) * (n - 1)
        low = floor(place)
        high = min(low + 1, n - 1)
        value = values[low] + float(place - low) * (values[high] - values[low])
        if measure.get("money"):
            money, total = self.law["money"], sum(values)
            others = total - values[-1] - values[-2]
            if others < money["p_percent"] / 100 * values[-1] or values[-1] > money["largest_share_percent"] / 100 * total:
                return None, "protected"
            sides = sum(each < value for each in values), sum(each > value for each in values)
            if min(sides) < law["persons_each_side"]:
                return None, "protected"
            return value, None
        if min(-floor(-place), n - 1 - low) < law["persons_each_side"]:
            return None, "too_few"
        return value, None

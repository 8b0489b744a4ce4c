"""The rules for figures without people, written a second time in plain Python from the design.

It shares nothing with the macros but the policy and the mart's YAML: exact fractions, one person at a time.
"""

from __future__ import annotations

import csv
import hmac
from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from math import floor, sqrt
from pathlib import Path
from typing import Any

with (Path(__file__).parents[2] / "dbt_project" / "seeds" / "perturbation_table.csv").open(
    encoding="utf-8"
) as _file:
    ROWS = list(csv.DictReader(_file))
TABLE = {
    noise: [
        {name: int(row[name]) for name in ("true_count", "deviation", "key_from", "key_upto")}
        for row in ROWS
        if row["noise_class"] == noise
    ]
    for noise in ("coarse", "fine", "broad")
}
LAST = 10**6  # a count of the last block, whatever the class

RECORD_KEY = "5e" * 32  # of the schools that tests build

Z = {0.9: 1.644854, 0.95: 1.959964, 0.99: 2.575829}
METHODS = {"nps_low": "nps", "nps_high": "nps", "rate_low": "interval", "rate_high": "interval"}
Person = dict[str, Any]
Figures = dict[str, tuple[float | None, str | None]]


def exact(number: float) -> Fraction:
    """A decimal of the policy as a fraction: 0.1 is one tenth."""
    return Fraction(str(number))


def of_class(law: dict[str, Any], noise: str) -> dict[str, Any]:
    """The policy with the figures of one class of noise."""
    return {
        group: {
            name: entry[noise] if isinstance(entry, dict) and noise in entry else entry
            for name, entry in entries.items()
        }
        if isinstance(entries, dict)
        else entries
        for group, entries in law.items()
    }


def deviation(n: int, key: int, noise: str = "coarse") -> int:
    """What the shipped table of a class adds to a count of n persons with this cell key."""
    block = min(n, max(row["true_count"] for row in TABLE[noise]))
    return next(
        row["deviation"]
        for row in TABLE[noise]
        if row["true_count"] == block and row["key_from"] <= key < row["key_upto"]
    )


def cells(rules: dict[str, Any], people: Iterable[Person]) -> dict[tuple, list[Person]]:
    """People by cell."""
    found: dict[tuple, list[Person]] = defaultdict(list)
    for person in people:
        found[tuple(person[name] for name in rules["dimensions"])].append(person)
    return dict(found)


def draw_key(rules: dict[str, Any], name: str, place: dict[str, Any], set_key: int) -> int:
    """What a draw is looked up by: a keyed hash of what the cell is, or of the cell that tells the figure
    first, and of its people.
    """
    first = next((m["told_by"] for m in rules["measures"] if m["name"] == name and "told_by" in m), {})
    at = first.get("at", {})
    values = [at.get(dimension, dimension) for dimension in (at if "mart" in first else rules["dimensions"])]
    told = [
        f"{first.get('mart', rules['mart'])}.{first.get('measure', name)}",
        *(str(place.get(value, value)) for value in values),
    ]
    message = f"cell|{'|'.join(told)}|{set_key}"
    return int(hmac.new(bytes.fromhex(RECORD_KEY), message.encode(), "sha256").hexdigest()[:8], 16)


def funnels(
    rules: dict[str, Any], law: dict[str, Any], found: dict[tuple, list[Person]]
) -> dict[tuple, dict[str, int]]:
    """The counts of each cell that follow from the other steps of its funnel: by the best of all sequences
    that do not rise, one step at a time.
    """
    fixed: dict[tuple, dict[str, int]] = defaultdict(dict)
    for rule in rules.get("consistent", []):
        if "along" not in rule:
            continue
        place = list(rules["dimensions"]).index(rule["along"])
        ways: dict[tuple, dict[str, tuple]] = defaultdict(dict)
        for key in found:
            ways[key[:place] + key[place + 1 :]][key[place]] = key
        for steps in ways.values():
            known = [steps[step] for step in rule["order"] if step in steps]
            figures = not_rising(
                [Cell(rules, law, found[key], key).drawn_count(rule["falls"]) for key in known]
            )
            for key, figure in zip(known, figures, strict=True):
                fixed[key][rule["falls"]] = figure
            for key in steps.values() if rule["order"][0] in steps else ():
                fixed[key][rule["first"]] = figures[0]
    return fixed


def not_rising(counts: list[int]) -> list[int]:
    """Neighbours that rise are joined until none does, over all that is 0; a joined stretch has its mean, a
    half goes to the even number.
    """
    stretches = [[n] for n in counts if n]
    place = 1
    while place < len(stretches):
        before, here = stretches[place - 1], stretches[place]
        if Fraction(sum(here), len(here)) >= Fraction(sum(before), len(before)):
            stretches[place - 1 : place + 1] = [before + here]
            place = max(1, place - 1)
        else:
            place += 1
    found = iter([round(Fraction(sum(stretch), len(stretch))) for stretch in stretches for _ in stretch])
    return [next(found) if n else 0 for n in counts]


def shown_cells(
    rules: dict[str, Any], law: dict[str, Any], people: Iterable[Person]
) -> dict[tuple, list[Person]]:
    """People by cell, without the cells that have no count but 0 to show; a part that is hidden shows
    nothing.
    """
    counts = [
        measure["name"]
        for measure in rules["measures"]
        if measure["kind"] == "count" and not (measure.get("hidden") and measure.get("where"))
    ]
    found = cells(rules, people)
    fixed = funnels(rules, law, found)
    return {
        key: those
        for key, those in found.items()
        if any(Cell(rules, law, those, fixed=fixed.get(key)).perturbed(name) for name in counts)
    }


class Cell:
    """The publishable figures of one cell."""

    def __init__(
        self,
        rules: dict[str, Any],
        law: dict[str, Any],
        people: list[Person],
        key: tuple | None = None,
        fixed: dict[str, int] | None = None,
    ) -> None:
        """`key` are the dimensions of the cell, where they are not those of its first person: a pool has
        years of its own.

        `fixed` are counts that follow from other cells.
        """
        self.fixed = fixed or {}
        self.people, self.law, self.laws, self.rules = people, of_class(law, rules["noise"]), law, rules
        self.place = dict(
            zip(rules["dimensions"], key or [people[0][name] for name in rules["dimensions"]], strict=True)
        )
        self.measures = {measure["name"]: measure for measure in rules["measures"]}

    def figures(self) -> Figures:
        """Value and reason of every measure, hidden ones too."""
        return {
            name: getattr(self, METHODS.get(kind["kind"], kind["kind"]))(kind)
            for name, kind in self.measures.items()
        }

    def members(self, name: str) -> list[Person]:
        where = self.measures[name].get("where")
        return [person for person in self.people if where is None or person[where]]

    def drawn(self, name: str, members: list[Person], n: int) -> int:
        set_key = sum(person["record_key"] for person in members) % 2**32
        return deviation(n, draw_key(self.rules, name, self.place, set_key), self.noise(name))

    def noise(self, name: str) -> str:
        return self.measures.get(name, {}).get("noise", self.rules["noise"])

    def variance(self, name: str) -> float:
        return self.laws["counts"]["variance"][self.noise(name)]

    def drawn_count(self, name: str) -> int:
        members = self.members(name)
        return len(members) + self.drawn(name, members, len(members))

    def perturbed(self, name: str) -> int:
        """A count as it is shown: with its noise, and consistent with those that it is held against."""
        for rule in self.rules.get("consistent", []):
            if name in rule.get("sums", []):
                return self.part_of_sum(rule, name)
            if "along" not in rule and name in rule.get("falls", []):
                return not_rising([self.drawn_count(each) for each in rule["falls"]])[
                    rule["falls"].index(name)
                ]
        return self.fixed.get(name, self.drawn_count(name))

    def part_of_sum(self, rule: dict[str, Any], name: str) -> int:
        """One person at a time goes to, or leaves, the parts that are not 0: in turns, the largest first."""
        before = {part: self.drawn_count(part) for part in rule["sums"]}
        whole, after = self.perturbed(rule["to"]), dict(before)
        turns = sorted((part for part in before if before[part]), key=lambda part: -before[part])
        if not turns or not whole:
            return before[name]
        sign, lacking = (1 if whole > sum(before.values()) else -1), abs(whole - sum(before.values()))
        for turn in range(lacking):
            after[turns[turn % len(turns)]] += sign
        for part, measure in ((part, self.measures[part]) for part in after):
            if before[part] and after[part] < self.laws["counts"]["smallest"][self.noise(part)]:
                return before[name]
            if measure.get("sensitive"):
                band = self.band(rule["to"])
                if (
                    band is None
                    or self.clipped(measure) is not None
                    or not band[0] <= Fraction(after[part], whole) <= band[1]
                ):
                    return before[name]
        return after[name]

    def base_too_small(self, name: str) -> bool:
        return self.perturbed(name) < self.law["rates"]["smallest_base"]

    def band(self, name: str) -> tuple[Fraction, Fraction] | None:
        n = self.perturbed(name)
        for band in self.law["sensitive_bands"]:
            if band["base_from"] <= n <= (band["base_to"] or n):
                return exact(band["lowest"]), exact(band["highest"])
        return None

    def clipped(self, measure: dict[str, Any]) -> Fraction | None:
        """The edge of the band, where the part is outside it: by true persons in and out, or by published
        share.
        """
        inside, base = self.members(measure["name"]), self.members(measure["of"])
        band = self.band(measure["of"])
        if band is None:
            return None
        lowest, highest = band
        shown = self.perturbed(measure["of"])
        if len(inside) <= lowest * shown or Fraction(self.drawn_count(measure["name"]), shown) < lowest:
            return lowest
        if (
            len(base) - len(inside) <= (1 - highest) * shown
            or Fraction(self.drawn_count(measure["name"]), shown) > highest
        ):
            return highest
        return None

    def count(self, measure: dict[str, Any]) -> tuple[float | None, str | None]:
        sisters = [
            other
            for other in self.measures.values()
            if other.get("sensitive")
            and other["kind"] == "count"
            and (
                other is measure
                or (measure.get("partition") and measure["partition"] == other.get("partition"))
            )
        ]
        if sisters and self.members(measure["of"]):
            if self.band(measure["of"]) is None:
                return None, "too_few"
            if any(self.clipped(sister) is not None for sister in sisters):
                return None, "protected"
        return self.perturbed(measure["name"]), None

    def rate(self, measure: dict[str, Any]) -> tuple[float | None, str | None]:
        numerator, denominator = self.measures[measure["numerator"]], self.measures[measure["denominator"]]
        reason = self.count(denominator)[1]
        if reason or self.base_too_small(denominator["name"]):
            return None, reason or "too_few"
        if measure.get("sensitive") and (edge := self.clipped(numerator)) is not None:
            return float(edge), None
        value, reason = self.count(numerator)
        if reason:
            return None, reason
        # SQL rounds a half up.
        steps = 10 ** self.law["rates"]["decimals"]
        return floor(min(1.0, value / self.perturbed(denominator["name"])) * steps + 0.5) / steps, None

    def interval(self, measure: dict[str, Any]) -> tuple[float | None, str | None]:
        """By bisection: the rate furthest from the published one that it does not contradict."""
        rate = self.measures[measure["rate"]]
        share, reason = self.rate(rate)
        if share is None:
            return None, reason
        numerator, denominator = rate["numerator"], rate["denominator"]
        own, base = (draw_key(self.rules, name, self.place, 0) for name in (numerator, denominator))
        if own == base:
            return share, None
        n, is_low = self.perturbed(denominator), measure["kind"] == "rate_low"
        if rate.get("sensitive"):
            band = next(
                band
                for band in self.law["sensitive_bands"]
                if band["base_from"] <= n <= (band["base_to"] or n)
            )
            if share <= band["lowest"]:
                share, n = (None if is_low else band["lowest"]), band["base_from"]
            elif share >= band["highest"]:
                share, n = (band["highest"] if is_low else None), band["base_from"]
        if share is None:
            return (0.0 if is_low else 1.0), None
        part = (
            share * n - 0.25
            if is_low
            else share * n + 0.25 + (share == 0) * self.laws["counts"]["smallest"][self.noise(numerator)] / 2
        )
        z, chance = Z[self.law["rates"]["confidence"]], bool(rate.get("sampled"))

        def contradicts(r: float) -> bool:
            noise = self.variance(numerator) + self.variance(denominator) * r * r
            return abs(part - r * n) > z * sqrt(max(0, chance * n * r * (1 - r) + noise))

        near, far = min(1, max(0, part / n)), 0.0 if is_low else 1.0
        if not contradicts(far):
            return far, None
        for _ in range(60):
            middle = (near + far) / 2
            near, far = (near, middle) if contradicts(middle) else (middle, far)
        return near, None

    def mean(self, measure: dict[str, Any]) -> tuple[float | None, str | None]:
        people = self.members(measure["base"])
        if self.base_too_small(measure["base"]):
            return None, "too_few"
        means = self.law["means"]
        parts = [min(person[measure["value"]], means["largest_events_per_person"]) for person in people]
        noise = means["noise_of_largest"] * max(parts) * self.drawn(measure["name"], people, LAST)
        return max(0, sum(parts) + noise) / self.perturbed(measure["base"]), None

    def nps(self, measure: dict[str, Any]) -> tuple[float | None, str | None]:
        parts = [self.count(self.measures[measure[name]]) for name in ("promoters", "passives", "detractors")]
        reasons = {reason for _, reason in parts}
        if reasons - {None}:
            return None, "protected" if "protected" in reasons else "too_few"
        p, a, d = (value for value, _ in parts)
        n = p + a + d
        if n < self.law["nps"]["smallest_base"]:
            return None, "too_few"
        side = {"nps": 0, "nps_low": -1, "nps_high": 1}[measure["kind"]]
        if side:
            p, a, d = p + 0.75, a + 1.5, d + 0.75
            n = p + a + d
        score = (p - d) / n
        error = sqrt(
            ((p + d) / n - score**2) / n + self.law["counts"]["variance"] * (2 + 3 * score**2) / n**2
        )
        value = 100 * (score + side * Z[self.law["nps"]["confidence"]] * error)
        return max(-100.0, min(100.0, value)), None

    def quantile(self, measure: dict[str, Any]) -> tuple[float | None, str | None]:
        with_value = [person for person in self.people if person[measure["value"]] is not None]
        values = sorted(person[measure["value"]] for person in with_value)
        n, law = len(values), self.law["quantiles"]
        smallest = law["smallest_base_median" if measure["quantile"] == 0.5 else "smallest_base_quartile"]
        if n + self.drawn(f"with_{measure['value']}", with_value, n) < smallest:
            return None, "too_few"
        if "pooling" in self.rules and self.base_too_small(self.rules["pooling"]["decided_by"]):
            return None, "too_few"
        place = exact(measure["quantile"]) * (n - 1)
        low = floor(place)
        value = at_rank(values, place)
        drawn = at_rank(values, drawn_rank(place, n, self.rank_noise(measure, with_value)))
        if measure.get("money"):
            money, total = self.law["money"], sum(values)
            others = total - values[-1] - values[-2]
            if (
                others < money["p_percent"] / 100 * values[-1]
                or values[-1] > money["largest_share_percent"] / 100 * total
            ):
                return None, "protected"
            sides = sum(each < value for each in values), sum(each > value for each in values)
            if min(sides) < law["persons_each_side"]:
                return None, "protected"
            return drawn, None
        if min(-floor(-place), n - 1 - low) < law["persons_each_side"]:
            return None, "too_few"
        return drawn, None

    def rank_noise(self, measure: dict[str, Any], members: list[Person]) -> Fraction:
        """The ranks that a quantile is read beside its own, between -w and w, from the cell key and the
        quantile.
        """
        widest = (
            self.law["money"]["rank_noise"]
            if measure.get("money")
            else self.law["quantiles"][f"{measure['unit']}_rank_noise"]
        )
        key = draw_key(
            self.rules,
            f"with_{measure['value']}",
            self.place,
            sum(person["record_key"] for person in members) % 2**32,
        )
        return widest * noise_of_rank(key, measure["quantile"])


def noise_of_rank(key: int, quantile: float) -> Fraction:
    """Between -1 and 1: the four bytes of a number that follows from the cell key, another one for each
    quantile, less their mean.
    """
    high, low = divmod((key * 1597334677 + 374761393) % 2**32, 2**16)
    number = (low * 2**16 + high) * (2 * int(1000 * quantile) * 1000003 + 1) % 2**32
    return Fraction(sum(number.to_bytes(4, "big")) - 510, 512)


def drawn_rank(place: Fraction, n: int, noise: Fraction) -> Fraction:
    """The rank at which a quantile is read: none of the three persons at either end."""
    return min(max(place + noise, Fraction(3)), Fraction(n - 4))


def at_rank(values: list[float], rank: Fraction) -> float:
    """The value at a rank from 0, on the line between its two neighbours."""
    low = floor(rank)
    high = min(low + 1, len(values) - 1)
    return values[low] + float(rank - low) * (values[high] - values[low])

"""What the figures of a cell tell of each published count, shown or hidden: a range of whole numbers, by
interval arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from anonymart.attack.release import Table
from anonymart.attack.rules import ENDLESS, PublishedRules

Range = tuple[int, int]
_SLACK = 1e-9


def published_ranges(table: Table, key: str, rules: PublishedRules) -> dict[str, Range]:
    """For every count of one cell the published numbers that its figures allow; hidden counts follow from
    their rates.
    """
    row, rules = table.cells[key], rules.at(table.contract, key)
    found = {measure["name"]: _of_count(measure, row, rules) for measure in table.measures("count")}
    for _ in range(2):
        for rate in table.measures("rate"):
            _of_rate(rate, row, rules, found)
    return found


def true_ranges(
    table: Table, key: str, rules: PublishedRules, published: Mapping[str, Range]
) -> dict[str, Range]:
    """For every count of one cell the true numbers behind its published range."""
    row, found = table.cells[key], {}
    for measure in table.measures("count"):
        name = measure["name"]
        if rules.hidden_below and row.get(f"{name}_reason"):
            found[name] = (1, rules.hidden_below - 1)
            continue
        low, high = rules.at(table.contract, key, name).true_range(*published[name])
        further = _moved(table, row, name, rules.at(table.contract, key, name))
        low, high = max(0, low - further), min(ENDLESS, high + further)
        # A row stands where somebody is counted: who counts all people of a cell counts at least one.
        found[name] = (low if measure.get("where") else max(1, low), high)
    return found


def _moved(table: Table, row: Mapping[str, Any], name: str, rules: PublishedRules) -> int:
    """By how many persons more than its noise a part of a partition may be off: the parts that are not 0
    share what all of them lack of their whole.
    """
    for rule in table.contract.consistent:
        if name in rule.get("sums", ()):
            parts, whole = [row.get(part) for part in rule["sums"]], row.get(rule["to"])
            shown = [int(part) for part in parts if part is not None]
            is_moved = (
                rules.largest_deviation
                and len(shown) == len(parts)
                and whole is not None
                and sum(shown) == int(whole)
            )
            n_sharing = max(1, sum(part > 0 for part in shown))
            return math.ceil((len(parts) - 1) / n_sharing * rules.largest_deviation) + 1 if is_moved else 0
    return 0


def published_counts(table: Table, row: Mapping[str, Any]) -> dict[str, int]:
    """The counts that a cell shows."""
    return {
        measure["name"]: int(row[measure["name"]])
        for measure in table.measures("count")
        if row.get(measure["name"]) is not None
    }


def _of_count(measure: Mapping[str, Any], row: Mapping[str, Any], rules: PublishedRules) -> Range:
    value = row.get(measure["name"])
    return (0, ENDLESS) if value is None else (int(value), int(value))


def _of_rate(
    rate: Mapping[str, Any], row: Mapping[str, Any], rules: PublishedRules, found: dict[str, Range]
) -> None:
    part, base = rate["numerator"], rate["denominator"]
    value = row.get(rate["name"])
    if value is None:
        if row.get(f"{rate['name']}_reason") == "too_few":
            found[base] = _meet(found[base], (0, rules.smallest_base - 1))
        return
    value, half = float(value), 0.5 * 10.0**-rules.decimals
    found[base] = _meet(found[base], (rules.smallest_base, ENDLESS))
    is_low, is_high = _may_be_clipped(rate, value, found[base], rules)
    low, high = found[base]
    lowest = 0 if is_low else math.ceil((value - half) * low - _SLACK)
    highest = (
        ENDLESS
        if is_high or value + half >= 1 or high >= ENDLESS
        else math.floor((value + half) * high + _SLACK)
    )
    found[part] = _meet(found[part], (max(0, lowest), highest))
    if not (is_low or is_high):
        low, high = found[part]
        most = ENDLESS if value - half <= 0 or high >= ENDLESS else math.floor(high / (value - half) + _SLACK)
        least = 0 if value + half >= 1 else math.ceil(low / (value + half) - _SLACK)
        found[base] = _meet(found[base], (least, most))


def _may_be_clipped(
    rate: Mapping[str, Any], value: float, base: Range, rules: PublishedRules
) -> tuple[bool, bool]:
    if not rate.get("sensitive"):
        return False, False
    edges = [edge for edge in (rules.band(base[0]), rules.band(min(base[1], ENDLESS))) if edge]
    edges += (
        [(float(entry["lowest"]), float(entry["highest"])) for entry in rules.bands]
        if base[0] != base[1]
        else []
    )
    return any(abs(value - low) < _SLACK for low, _ in edges), any(
        abs(value - high) < _SLACK for _, high in edges
    )


def _meet(one: Range, other: Range) -> Range:
    """What both allow; where they contradict each other, the first."""
    low, high = max(one[0], other[0]), min(one[1], other[1])
    return (low, high) if low <= high else one

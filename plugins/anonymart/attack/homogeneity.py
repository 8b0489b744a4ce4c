"""Attack 5: a sensitive value of everybody in a known group, inferred with certainty.

Whoever knows that a person is in a cell knows the value when all, or none, of the cell have it. A share told
as the edge of its band says "that far or further" and is no certainty. Source: Machanavajjhala, Kifer, Gehrke
and Venkitasubramaniam, "l-diversity: privacy beyond k-anonymity" (ACM Transactions on Knowledge Discovery
from Data, 2007).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anonymart.attack.linear import Bounds
from anonymart.attack.release import Release, Table
from anonymart.attack.rules import PublishedRules
from anonymart.attack.score import Result, Truth

NAME = "homogeneity"


def attack(release: Release, rules: PublishedRules, truth: Truth, bounds: Bounds) -> Result:
    """Sensitive shares of 0 or 1, sensitive counts that are surely none or all, and salaries that are surely
    one and the same.
    """
    result = Result(NAME, details={"shares": 0, "counts": 0, "equal_quantiles": 0, "wrong": 0})
    for mart, table in release.tables.items():
        sensitive = [measure for measure in table.measures("count") if measure.get("sensitive")]
        for key, row in table.cells.items():
            for measure in sensitive:
                result.tried += 1
                if kind := _is_certain(table, key, row, measure, bounds):
                    _score(result, kind, truth, mart, key, measure)
            result.tried += bool(table.measures("quantile"))
            if name := _one_amount(table, row, rules):
                result.details["equal_quantiles"] += 1
                result.hit(mart, name)
    result.scored = result.tried if truth.is_known else 0
    return result


def _is_certain(
    table: Table, key: str, row: Mapping[str, Any], measure: Mapping[str, Any], bounds: Bounds
) -> str | None:
    mart, name, whole = table.contract.name, measure["name"], measure["of"]
    for rate in table.measures("rate"):
        if rate["numerator"] == name and row.get(rate["name"]) in (0.0, 1.0):
            return "shares"
    low, high = bounds.get((mart, key, name), (0, 1))
    whole_low, whole_high = bounds.get((mart, key, whole), (0, 1))
    is_all = whole_low == whole_high == low
    return "counts" if whole_low > 0 and (high == 0 or is_all) else None


def _score(result: Result, kind: str, truth: Truth, mart: str, key: str, measure: Mapping[str, Any]) -> None:
    part, whole = truth.count(mart, key, measure["name"]), truth.count(mart, key, measure["of"])
    if part is not None and whole is not None and (whole == 0 or part not in (0, whole)):
        result.details["wrong"] += whole > 0
        return
    result.details[kind] += 1
    result.hit(mart, measure["name"])


def _one_amount(table: Table, row: Mapping[str, Any], rules: PublishedRules) -> str | None:
    """Quartiles of money that coincide on so few persons that they are everybody's: nobody is promised to lie
    outside of them.
    """
    money = [measure["name"] for measure in table.measures("quantile") if measure.get("money")]
    values = [row.get(name) for name in money]
    if len(values) < 3 or None in values or len(set(values)) > 1:
        return None
    # The register promises persons on each side whose amount is another; only without that promise is it
    # everybody's.
    return money[0] if rules.hidden_below or not rules.largest_deviation else None

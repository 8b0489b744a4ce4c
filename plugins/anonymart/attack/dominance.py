"""Attack 6: the second largest contributor to a figure estimates the largest within p %.

It knows its own amount, and from a mean and a count the total; from a quartile of few persons it knows where
the largest lies. Source: Cox, "Linear sensitivity measures in statistical disclosure control" (Journal of
Statistical Planning and Inference, 1981); Handbook on Statistical Disclosure Control, chapter on magnitude
tables, on the p% rule.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from anonymart.attack.observed import published_ranges
from anonymart.attack.release import Release, Table
from anonymart.attack.rules import PublishedRules
from anonymart.attack.score import Result, Top, Truth

NAME = "dominance"
P_SHARE = 0.10


def attack(release: Release, rules: PublishedRules, truth: Truth) -> Result:
    """How often the estimate comes within 10 % of the largest contribution. Needs the second's own amount, so
    only scored cells are tried.
    """
    result = Result(NAME, details={"means": 0, "quantiles": 0, "untried": 0})
    for mart, table in release.tables.items():
        for key, row in table.cells.items():
            for measure in table.measures("mean", "quantile"):
                if row.get(measure["name"]) is None or (
                    measure["kind"] == "quantile" and not measure.get("money")
                ):
                    continue
                top = truth.tops.get((mart, key, measure["value"]))
                if top is None:
                    result.details["untried"] += 1
                    continue
                result.tried += 1
                result.scored += 1
                estimate = (
                    _of_mean(table, key, measure, top, rules)
                    if measure["kind"] == "mean"
                    else _of_quantile(row, measure, top)
                )
                if estimate is not None and abs(estimate - top.largest) <= P_SHARE * abs(top.largest):
                    result.details["means" if measure["kind"] == "mean" else "quantiles"] += 1
                    result.hit(mart, measure["name"])
    return result


def _of_mean(
    table: Table, key: str, measure: Mapping[str, Any], top: Top, rules: PublishedRules
) -> float | None:
    """The most that the largest can be: the total less one's own. Noise in proportion to the largest itself
    widens that; from as much noise as the largest on, or beyond the published cap of a contribution, nothing
    follows. A guess that noise makes true is no estimate.
    """
    low, high = published_ranges(table, key, rules)[measure["base"]]
    row, rules = table.cells[key], rules.at(table.contract, key)
    noise = rules.noise_of_largest * rules.largest_deviation
    if low != high or noise >= 1:
        return None
    total = (float(row[measure["name"]]) + 0.5 * 10.0**-rules.mean_decimals) * low
    most = (total - top.second) / (1 - noise)
    return most if most < rules.largest_contribution else None


def _of_quantile(row: Mapping[str, Any], measure: Mapping[str, Any], top: Top) -> float | None:
    """An interpolated quantile that lies between the two largest gives the largest to the second; so it is
    with up to four persons.
    """
    place = float(measure["quantile"]) * (top.persons - 1)
    below = math.floor(place)
    if below != top.persons - 2 or place == below:
        return None
    part = place - below
    return (float(row[measure["name"]]) - (1 - part) * top.second) / part

"""Attack 9: who left meanwhile, from a base that is counted again.

A cohort that is counted at each of its closings, or the graduates of a year after 6 and after 24 months, is
one thing told twice. Where the later telling is counted anew, it differs by the people who left in between
(objection, erasure, end of the years), and their cell tells their study. So each figure that the contracts
declare as told by another cell is held against that cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from anonymart.attack.observed import published_ranges
from anonymart.attack.relations import Place, first_place
from anonymart.attack.release import Release, Table
from anonymart.attack.rules import PublishedRules
from anonymart.attack.score import Result

NAME = "recounting"
_SLACK = 1e-9


def attack(release: Release, others: Iterable[Release], rules: PublishedRules) -> Result:
    """Figures that are not as the cell says that told them first. What an earlier release has told so already
    is `told_before`.
    """
    result = Result(NAME, details={"told_before": 0})
    before = [other for other in others if other.folder != release.folder]
    for mart, table in release.tables.items():
        for measure in table.contract.measures:
            if not measure.get("told_by"):
                continue
            for key, row in table.cells.items():
                place = first_place(table.contract, row, measure["name"])
                if (
                    place is None
                    or place == (mart, key, measure["name"])
                    or (first := _figure(release, place, rules)) is None
                ):
                    continue
                result.tried += 1
                if _allows(table, key, measure, first, rules):
                    continue
                if any(mart in other.tables and key in other.tables[mart].cells for other in before):
                    result.details["told_before"] += 1
                else:
                    result.hit(mart, measure["name"])
    result.scored = result.tried
    return result


def _figure(release: Release, place: Place, rules: PublishedRules) -> float | None:
    """What the first cell shows, or tells for sure of a hidden count; None where it has no row or hides the
    figure.
    """
    mart, key, name = place
    table = release.tables.get(mart)
    row = table.cells.get(key) if table else None
    if table is None or row is None:
        return None
    if name in row:
        return None if row[name] is None else float(row[name])
    low, high = published_ranges(table, key, rules)[name]
    return float(low) if low == high else None


def _allows(table: Table, key: str, measure: Mapping[str, Any], first: float, rules: PublishedRules) -> bool:
    if measure["kind"] == "count":
        low, high = published_ranges(table, key, rules)[measure["name"]]
        return low <= first <= high
    value = table.cells[key].get(measure["name"])
    return value is not None and abs(float(value) - first) <= _SLACK

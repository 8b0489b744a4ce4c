"""Attack 11: who left between a release and its correction, from the cells that came out otherwise.

People may leave between a release that is recalled and its correction (objection, erasure, end of the years).
Where a few of them move, hide or remove a figure of their cell and leave the cells beside it as they were,
those cells are the study record of whoever left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from anonymart.attack.release import Release, Table
from anonymart.attack.rules import PublishedRules
from anonymart.attack.score import Result

NAME = "corrections"
Cells = Mapping[str, dict[str, Any]]


def attack(release: Release, others: Iterable[Release], rules: PublishedRules) -> Result:
    """Cells of corrected periods that tell themselves from the cells beside them.

    What a release that stands has told already is `told_before`.
    """
    result = Result(NAME, details={"told_before": 0})
    others = [other for other in others if other.folder != release.folder]
    for recalled in others:
        for mart in sorted(recalled.recalled_marts & release.tables.keys() & recalled.tables.keys()):
            standing = [
                other.tables[mart].cells
                for other in others
                if mart in other.tables and mart not in other.recalled_marts
            ]
            for before, after in _corrected(recalled.tables[mart], release.tables[mart]):
                _compare(release.tables[mart], before, after, standing, rules, result)
    result.scored = result.tried
    return result


def _corrected(before: Table, after: Table) -> list[tuple[Cells, Cells]]:
    """The cells of each period that reads otherwise now, as they were and as they are."""
    then, now = (_by_period(table) for table in (before, after))
    return [
        (cells, now[period])
        for period, cells in sorted(then.items())
        if period in now and now[period] != cells
    ]


def _by_period(table: Table) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for key, row in table.cells.items():
        found.setdefault("|".join(str(row[name]) for name in table.contract.period_key), {})[key] = row
    return found


def _compare(
    table: Table, before: Cells, after: Cells, standing: list[Cells], rules: PublishedRules, result: Result
) -> None:
    counts = table.contract.plain_counts
    codes = {
        name: {row[name] for row in table.cells.values()}
        for name, spec in table.contract.dimensions.items()
        if isinstance(spec, str)
    }
    stays = []
    for key, row in before.items():
        largest = max((row.get(name) or 0 for name in counts), default=0)
        if key in after:
            if all(row.get(name) == after[key].get(name) for name in counts):
                stays.append(key)
        elif 0 < largest < rules.at(table.contract, key).smallest_move and all(
            row[name] in found for name, found in codes.items()
        ):
            result.tried += 1
            _hit(table, key, counts[0], standing, result)
    for figure in (
        measure["name"] for measure in table.contract.measures if table.contract.tells_more(measure)
    ):
        shown = [key for key in stays if before[key].get(figure) is not None]
        changed = [key for key in shown if after[key].get(figure) != before[key][figure]]
        result.tried += len(shown)
        # What is hidden in all cells alike tells of nobody.
        if len(changed) < len(shown) or any(after[key].get(figure) is not None for key in changed):
            for key in changed:
                _hit(table, key, figure, standing, result)


def _hit(table: Table, key: str, figure: str, standing: list[Cells], result: Result) -> None:
    def figure_in(cells: Cells) -> Any:
        return cells[key].get(figure) if key in cells else "no cell"

    if any(figure_in(cells) == figure_in(table.cells) for cells in standing):
        result.details["told_before"] += 1
    else:
        result.hit(table.contract.name, figure)

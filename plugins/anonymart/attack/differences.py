"""Attack 2: differences between tables of one release, and between this release and all others (S-ANON).

A cell is published once and never changes, so a cell that differs between two releases tells of whoever came
or went between them: each is a success. A recalled release and its correction may differ: the attack
`corrections` looks at these. Within a release, two nested sets of people with noise-free figures that differ
give away a few persons when the sets are that few apart. Source: Handbook on Statistical Disclosure Control,
chapter on tables, on differencing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from anonymart.attack.relations import nestings
from anonymart.attack.release import Release, Table
from anonymart.attack.rules import PublishedRules
from anonymart.attack.score import Result, Truth

NAME = "differences"


def attack(release: Release, others: Iterable[Release], rules: PublishedRules, truth: Truth) -> Result:
    """Cells that differ between releases, and nested cells whose noise-free figures differ by fewer persons
    than allowed.
    """
    result = Result(
        NAME,
        details={
            "cells_compared": 0,
            "cells_changed": 0,
            "cells_corrected": 0,
            "cells_gone": 0,
            "nestings": 0,
            "nestings_by_few": 0,
        },
    )
    for other in others:
        if other.folder != release.folder:
            _between(release, other, result)
    for table in release.tables.values():
        for whole, parts in nestings(table):
            for part in parts:
                _nested(table, whole, part, rules, truth, result)
    return result


def _between(release: Release, other: Release, result: Result) -> None:
    recalled = release.recalled_marts | other.recalled_marts
    for mart, table in release.tables.items():
        there = other.tables.get(mart)
        if there is None:
            continue
        result.details["cells_gone"] += len(there.cells.keys() - table.cells.keys())
        for key in table.cells.keys() & there.cells.keys():
            result.tried += 1
            result.details["cells_compared"] += 1
            changed = [
                name
                for name in table.contract.figures
                if _shown(table.cells[key], name) != _shown(there.cells[key], name)
                and not _is_added(table, name, table.cells[key], there.cells[key])
            ]
            if changed and mart in recalled:
                result.details["cells_corrected"] += 1
            elif changed:
                result.details["cells_changed"] += 1
                result.hit(mart, changed[0])


def _is_added(table: Table, figure: str, now: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """What a migration has given to a cell of before: an interval, which follows from what the cell had told;
    a figure that nobody had asked for, which is hidden there.
    """
    is_end = table.measure(figure)["kind"] in ("rate_low", "rate_high")
    return figure not in before and (is_end or now.get(figure) is None)


def _shown(row: Mapping[str, Any], figure: str) -> tuple[Any, Any]:
    return row.get(figure), row.get(f"{figure}_reason")


def _nested(table: Table, whole: str, part: str, rules: PublishedRules, truth: Truth, result: Result) -> None:
    """Quantiles have no noise: where both are told and differ, the attacker knows that somebody stands
    between the two sets.
    """
    of_value: dict[str, list[str]] = {}
    for measure in table.measures("quantile"):
        of_value.setdefault(measure["value"], []).append(measure["name"])
    for names in of_value.values():
        told = [
            name
            for name in names
            if table.cells[whole].get(name) is not None and table.cells[part].get(name) is not None
        ]
        if not told:
            continue
        result.tried += 1
        result.details["nestings"] += 1
        apart = _apart(table, whole, part, told[0], truth)
        if apart is not None:
            result.scored += 1
            is_few = 0 < apart < rules.fewest_apart
        else:
            is_few = _surely_few(table, whole, part, told, rules)
        if is_few:
            result.details["nestings_by_few"] += 1
            result.hit(table.contract.name, told[0])


def _apart(table: Table, whole: str, part: str, figure: str, truth: Truth) -> int | None:
    in_whole, in_part = (truth.persons(table.contract.name, key, figure) for key in (whole, part))
    return None if in_whole is None or in_part is None else in_whole - in_part


def _surely_few(table: Table, whole: str, part: str, told: list[str], rules: PublishedRules) -> bool:
    """Without the truth: the quantiles differ, and even the largest number of persons apart is under what is
    allowed.
    """
    if all(table.cells[whole][name] == table.cells[part][name] for name in told):
        return False
    bases = [measure["name"] for measure in table.measures("count") if not measure.get("of")]
    in_whole, in_part = (table.cells[key].get(bases[0]) if bases else None for key in (whole, part))
    noise = 2 * rules.at(table.contract, whole).largest_deviation
    return in_whole is not None and in_part is not None and in_whole - in_part + noise < rules.fewest_apart

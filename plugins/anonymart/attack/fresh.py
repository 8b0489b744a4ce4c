"""What is new in a release, and the carried cells that hang together with it: all that an attacker can find
out from it which nobody could from the releases before (S-ANON).

Carried cells are the same in each release. Those that no relation ties to a new cell tell what they told when
they were new, and were attacked then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from anonymart.attack.relations import first_place, nestings, relations
from anonymart.attack.release import Release, Table

Cell = tuple[str, str]  # mart, key of the cell


def fresh(release: Release, earlier: Iterable[Release]) -> Release:
    """The release with its new cells alone, and with those that hang together with them, through however many
    others. A cell that was recalled is new. The release itself where nothing was carried.
    """
    carried: set[Cell] = set()
    for other in earlier:
        stands = other.tables.keys() & release.tables.keys() - other.recalled_marts
        carried |= {(mart, key) for mart in stands for key in other.tables[mart].cells}
    cells = {(mart, key) for mart, table in release.tables.items() for key in table.cells}
    if not carried & cells:
        return release
    kept: dict[str, set[str]] = {}
    for mart, key in _reached(cells - carried, _ties(release)):
        kept.setdefault(mart, set()).add(key)
    return release.only(kept)


def _reached(start: set[Cell], ties: dict[Cell, set[Cell]]) -> set[Cell]:
    found, waiting = set(start), deque(start)
    while waiting:
        others = ties.get(waiting.popleft(), set()) - found
        found |= others
        waiting.extend(others)
    return found


def _ties(release: Release) -> dict[Cell, set[Cell]]:
    """For each cell those that an attack reads together with it."""
    ties: dict[Cell, set[Cell]] = {}
    for one, other in _pairs(release):
        if one != other:
            ties.setdefault(one, set()).add(other)
            ties.setdefault(other, set()).add(one)
    return ties


def _pairs(release: Release) -> Iterator[tuple[Cell, Cell]]:
    for relation in relations(release):
        (mart, key, _), _ = relation.terms[0]
        for (other_mart, other_key, _), _ in relation.terms[1:]:
            yield (mart, key), (other_mart, other_key)
    for mart, table in release.tables.items():
        for whole, parts in nestings(table):
            for part in parts:
                yield (mart, whole), (mart, part)
        yield from _first_tellings(release, table)


def _first_tellings(release: Release, table: Table) -> Iterator[tuple[Cell, Cell]]:
    mart = table.contract.name
    for measure in table.contract.measures:
        if measure.get("told_by"):
            for key, row in table.cells.items():
                place = first_place(table.contract, row, measure["name"])
                if place and place[0] in release.tables and place[1] in release.tables[place[0]].cells:
                    yield (mart, key), place[:2]

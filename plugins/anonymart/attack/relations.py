"""How the true counts of a release hang together, as the contracts of the marts tell everybody.

A relation is a row of a linear system: low <= sum of coefficient x count <= high. Sound ones hold for any
people; assumed ones (each learner follows one path, the same graduates were counted twice) are what an
attacker would try, and are given up where they contradict the figures.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from anonymart.attack.release import Release, Table, cell_key
from anonymart.contracts import MartContract

ALL = "all"
_SPAN = "n_months"

Place = tuple[str, str, str]  # mart, key of the cell, measure


class Relation(NamedTuple):
    """terms: ((place, coefficient), …); the sum is at most 0 or, when `is_equal`, exactly 0."""

    terms: tuple[tuple[Place, int], ...]
    is_equal: bool = False
    is_sound: bool = True


def relations(release: Release) -> Iterator[Relation]:
    """Every relation between true counts of the release."""
    for table in release.tables.values():
        yield from _of_cells(table)
        yield from _of_steps(table)
        yield from _of_repeats(table)
        yield from _of_spans(table)
        for whole, parts in nestings(table):
            yield from _of_nesting(table, whole, parts)
    for table in release.tables.values():
        yield from _of_first_tellings(release, table)
        yield from _of_parts(release, table)


def first_place(contract: MartContract, row: Mapping[str, Any], measure: str) -> Place | None:
    """The place that tells a figure first, by the contract (`told_by`); None for a figure that is told here
    alone.
    """
    first = next(each for each in contract.measures if each["name"] == measure).get("told_by")
    if not first:
        return None
    at = first.get("at") or {}
    names = at if "mart" in first else contract.dimensions
    told = [at.get(name, name) for name in names]
    key = "|".join(str(row[name] if name in contract.dimensions else name) for name in told)
    return first.get("mart", contract.name), key, first.get("measure", measure)


def nestings(table: Table) -> Iterator[tuple[str, list[str]]]:
    """Every cell that others of its mart lie in, with these: "all" and its parts, a pool and its years."""
    for name, codes in table.contract.dimensions.items():
        if isinstance(codes, str) and codes.endswith("_or_all"):
            yield from _of_all(table, name)
    pooling = table.contract.disclosure.get("pooling")
    if pooling:
        yield from _of_pools(table, pooling["year"], pooling["year_from"])


def _of_cells(table: Table) -> Iterator[Relation]:
    mart = table.contract.name
    counts = table.measures("count")
    partitions: dict[tuple[str, str], list[str]] = {}
    for measure in counts:
        if measure.get("partition"):
            partitions.setdefault((measure["of"], measure["partition"]), []).append(measure["name"])
    for key in table.cells:
        for measure in counts:
            if measure.get("of"):
                yield Relation((((mart, key, measure["name"]), 1), ((mart, key, measure["of"]), -1)))
        for (whole, _), parts in partitions.items():
            yield Relation(
                (*(((mart, key, part), 1) for part in parts), ((mart, key, whole), -1)), is_equal=True
            )


def _of_steps(table: Table) -> Iterator[Relation]:
    """Steps of a funnel are nested: who reached one has reached those before it, and all have reached the
    first.
    """
    contract = table.contract
    funnel = next((rule for rule in contract.consistent if "along" in rule), None)
    if funnel is None:
        return
    name, order = funnel["along"], {step: number for number, step in enumerate(funnel["order"])}
    reached = [measure for measure in table.measures("count") if measure.get("where")]
    for group in _groups(table, {name}):
        steps = sorted(
            (key for key in group if table.cells[key][name] in order),
            key=lambda key: order[table.cells[key][name]],
        )
        for measure in reached:
            places = [(contract.name, key, measure["name"]) for key in steps]
            for earlier, later in itertools.pairwise(places):
                yield Relation(((later, 1), (earlier, -1)))
            if steps and order[table.cells[steps[0]][name]] == min(order.values()) and measure.get("of"):
                yield Relation(
                    ((places[0], 1), ((contract.name, steps[0], measure["of"]), -1)), is_equal=True
                )


def _of_repeats(table: Table) -> Iterator[Relation]:
    """A hidden count of all people of a cell that its mart repeats along a dimension: steps, months since
    start, job families.
    """
    mart = table.contract.name
    for measure in table.measures("count"):
        if not measure.get("hidden") or measure.get("where"):
            continue
        inner = [
            name
            for name, codes in table.contract.dimensions.items()
            if codes in ("step", "job_family") or not isinstance(codes, str)
        ]
        parts = [other for other in table.measures("count") if other.get("of") == measure["name"]]
        for group in _groups(table, set(inner)):
            places = [(mart, key, measure["name"]) for key in group]
            # The same people only as long as nobody left between the closing dates of the rows.
            is_sound = all(table.contract.dimensions[name] in ("step", "job_family") for name in inner)
            for place in places[1:]:
                yield Relation(((places[0], 1), (place, -1)), is_equal=True, is_sound=is_sound)
            if any(table.contract.dimensions[name] == "job_family" for name in inner):
                for part in parts:
                    terms = tuple(((mart, key, part["name"]), 1) for key in group)
                    yield Relation((*terms, (places[0], -1)), is_equal=True, is_sound=False)


def _of_spans(table: Table) -> Iterator[Relation]:
    """Months, quarters and years of one mart (`n_months`): who is in a month is in its quarter, and who is in
    a quarter is in one of its months; what happens to a person once (`adds_up_over`) adds up.

    Assumed: somebody may leave between the closing of a month and that of its quarter.
    """
    contract = table.contract
    lengths = contract.dimensions.get(_SPAN)
    if not isinstance(lengths, list):
        return
    cells: dict[tuple[int, int], str] = {}
    for key, row in table.cells.items():
        start = row[contract.period.column]
        cells[row[_SPAN], 12 * start.year + start.month] = key
    for shorter, longer in itertools.pairwise(sorted(lengths)):
        for (length, start), whole in cells.items():
            starts = range(start, start + longer, shorter) if length == longer else ()
            parts = [cells[shorter, month] for month in starts if (shorter, month) in cells]
            for measure in table.measures("count"):
                yield from _of_span(contract.name, measure, whole, parts, len(parts) == len(starts))


def _of_span(
    mart: str, measure: Mapping[str, Any], whole: str, parts: list[str], has_all_parts: bool
) -> Iterator[Relation]:
    name = measure["name"]
    for part in parts:
        yield Relation((((mart, part, name), 1), ((mart, whole, name), -1)), is_sound=False)
    if parts and has_all_parts:
        terms = (((mart, whole, name), 1), *(((mart, part, name), -1) for part in parts))
        yield Relation(terms, is_equal=measure.get("adds_up_over") == _SPAN, is_sound=False)


def _of_nesting(table: Table, whole: str, parts: list[str]) -> Iterator[Relation]:
    mart = table.contract.name
    for measure in table.measures("count"):
        name = measure["name"]
        is_sound = not measure.get("where")
        for part in parts:
            yield Relation((((mart, part, name), 1), ((mart, whole, name), -1)), is_sound=is_sound)
        terms = tuple(((mart, part, name), 1) for part in parts)
        yield Relation((*terms, ((mart, whole, name), -1)), is_equal=True, is_sound=False)


def _of_all(table: Table, name: str) -> Iterator[tuple[str, list[str]]]:
    for group in _groups(table, {name}):
        whole = [key for key in group if table.cells[key][name] == ALL]
        parts = [key for key in group if table.cells[key][name] != ALL]
        if whole and parts:
            yield whole[0], parts


def _of_pools(table: Table, year: str, year_from: str) -> Iterator[tuple[str, list[str]]]:
    for group in _groups(table, {year, year_from}):
        rows = {key: table.cells[key] for key in group}
        years = {row[year]: key for key, row in rows.items() if row[year] == row[year_from]}
        for key, row in rows.items():
            if row[year_from] < row[year]:
                parts = [years[one] for one in range(row[year_from], row[year] + 1) if one in years]
                if parts:
                    yield key, parts


def _of_first_tellings(release: Release, table: Table) -> Iterator[Relation]:
    """A count that another mart tells too: the same people, for sure where both cells close at the same
    time.
    """
    for measure in table.measures("count"):
        first = measure.get("told_by") or {}
        other = release.tables.get(first.get("mart", table.contract.name))
        if other is None or other is table:
            continue
        is_sound = table.contract.period.observation in other.contract.period.observation
        for key, row in table.cells.items():
            place = first_place(table.contract, row, measure["name"])
            if place is not None and place[1] in other.cells:
                yield Relation(
                    (((table.contract.name, key, measure["name"]), 1), (place, -1)), True, is_sound
                )


def _of_parts(release: Release, table: Table) -> Iterator[Relation]:
    """A count of some of the people of another mart's cell (`part_of`): never more than those, whatever the
    people are; where they are all of them (`all_at`), never fewer. Both have their own noise.
    """
    for measure in table.measures("count"):
        part_of = measure.get("part_of")
        if not part_of or part_of["mart"] not in release.tables:
            continue
        whole = release.tables[part_of["mart"]]
        for key, row in table.cells.items():
            there = cell_key(
                whole.contract, {name: row.get(value, value) for name, value in part_of["at"].items()}
            )
            if there in whole.cells:
                one = (table.contract.name, key, measure["name"])
                other = (whole.contract.name, there, part_of["measure"])
                yield Relation(((one, 1), (other, -1)))
                all_at = part_of.get("all_at")
                if all_at and all(row[name] == value for name, value in all_at.items()):
                    yield Relation(((other, 1), (one, -1)))


def _groups(table: Table, without: set[str]) -> Iterator[list[str]]:
    """The keys of cells that agree on all dimensions but those named."""
    kept = [name for name in table.contract.dimensions if name not in without]
    found: dict[tuple[Any, ...], list[str]] = {}
    for key, row in table.cells.items():
        found.setdefault(tuple(row[name] for name in kept), []).append(key)
    yield from found.values()

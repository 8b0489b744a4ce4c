"""The exact figures of a candidate as tables, for the reviewer's page and `anonymart figures` (S-ANON)."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, NamedTuple

from anonymart.disclosure import utility
from anonymart.release import exact, names, what_moved
from anonymart.release.page_parts import in_words, table

_ERRORS = {
    utility.COUNT_ERROR: "Counts off by, persons",
    utility.NPS_ERROR: "NPS, points",
    utility.MEDIAN_SALARY_ERROR: "Median salary, %",
    utility.QUARTILE_SALARY_ERROR: "Quartile salary, %",
    utility.IN_COUNTS: "Persons in published counts, %",
    utility.AS_ZERO: "In counts of 0, %",
    utility.IN_OTHERS: "In other figures, %",
}
_TOO_FEW = "too few cells"


class Table(NamedTuple):
    """A table: its caption, the names of its columns, and its rows."""

    caption: str
    head: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def tables(notes: Mapping[str, Any]) -> list[Table]:
    """What is told of a candidate, all but the accountant's figures; what was not noted has no table."""
    found = _moved(notes[what_moved.NAME]) if what_moved.NAME in notes else []
    if exact.REQUESTS in notes:
        requests = notes[exact.REQUESTS]
        words = {"open": "open", "near": "open, and near the last day to answer", "late": "open, and late"}
        found.append(
            Table(
                "Requests of persons (R-CLOCK)",
                ("State", "Requests"),
                [(words[name], requests[name]) for name in words],
            )
        )
    if exact.UTILITY in notes:
        costs = notes[exact.UTILITY]
        rows = [
            _cost(name, part)
            for name, part in (*costs["marts"].items(), ("all together", costs))
            if part["new_cells"]
        ]
        caption = f"What protection costs the new cells; told over {costs['smallest_cells']} cells or more"
        found.append(Table(caption, ("Mart", "New cells", *_ERRORS.values()), rows))
    if exact.SELECTION in notes:
        chosen = [
            (each["mart"], each["figure"], each["shown"], each["hidden"], each["bias"])
            for each in notes[exact.SELECTION]
        ]
        caption = (
            "Scores and sensitive shares: by how many points those that are shown lie above all of them, "
            "for what is protected is not like the rest"
        )
        found.append(
            Table(
                caption, ("Mart", "Figure", "Cells that show it", "Cells that protect it", "Points"), chosen
            )
        )
    if exact.HIDDEN in notes:
        hidden = [
            (name, exact.HIDDEN_BY[rule], n)
            for name, rules in notes[exact.HIDDEN].items()
            for rule, n in rules.items()
        ]
        found.append(
            Table(
                "Figures of new cells that are not shown, by the first rule that hid each",
                ("Mart", "Rule", "Figures"),
                hidden,
            )
        )
    if exact.BURSTS in notes:
        bursts = [
            (each["mart"], each["cell"], each["people"], each["new_people"], each["usual"])
            for each in notes[exact.BURSTS]
        ]
        caption = "New cells with a burst of new people: somebody may have opened accounts to fill them"
        found.append(Table(caption, ("Mart", "Cell", "People", "New people", "Usual in other cells"), bursts))
    if names.held_back(notes):
        caption = (
            "Titles of the catalogue that look like an identifier and are left out: who knows the public "
            "title of such a code may conclude that it names a learner"
        )
        rows = [
            (name, told["rows"], told["titles"], told["held_back"])
            for name, told in notes[names.NOTE].items()
        ]
        found.append(Table(caption, ("Table of names", "Rows", "With a title", "Held back"), rows))
    if notes.get(exact.ATTACKS):
        tried = [
            (each["attack"].replace("_", " "), each["tried"], each["succeeded"])
            for each in notes[exact.ATTACKS]
        ]
        found.append(Table("Attacks", ("Attack", "Tried", "Succeeded"), tried))
    return found


def _moved(told: Mapping[str, Any]) -> list[Table]:
    unknown = () if told["are_files_known"] else ("the files of then were not kept",)
    by_file = Table(
        f"What changed definitions may have moved since {told['since']}: the new cells of each mart, and the "
        f"changed files that they stand on",
        ("Mart", "New cells", "Figures in them", "Changed files"),
        [
            (each["mart"], each["new_cells"], each["figures"], ", ".join(each["files"] or unknown) or "none")
            for each in told["marts"]
        ],
    )
    # Notes of before do not tell it.
    beside = told.get("beside")
    return [by_file, _beside(beside, told["since"])] if beside else [by_file]


def _beside(beside: Mapping[str, Any], since: str) -> Table:
    caption = (
        f"What changed definitions move: the cells that close, built twice on the rows that the vault still "
        f"holds, by the definitions of {since} and by the present ones"
    )
    if beside["why_not"]:
        return Table(caption, ("Not known",), [(beside["why_not"],)])
    return Table(
        caption,
        ("Mart", "Cells", "Cells that differ", "Figures in them", "Figures that differ"),
        [
            tuple(each[name] for name in ("mart", "cells", "cells_moved", "figures", "figures_moved"))
            for each in beside["marts"]
        ],
    )


def _cost(name: str, part: Mapping[str, Any]) -> tuple[Any, ...]:
    figures = (part.get(error) for error in _ERRORS)
    return (
        name,
        part["new_cells"],
        *(_TOO_FEW if figure == utility.TOO_FEW_CELLS else figure for figure in figures),
    )


def part(notes: Mapping[str, Any]) -> str:
    """The tables as HTML, escaped."""
    if not notes:
        return "<p>Nothing was noted: the release was made by an earlier version.</p>"
    return "".join(table(*each) for each in tables(notes))


def lines(notes: Mapping[str, Any]) -> list[str]:
    """The tables as text."""
    found: list[str] = []
    for each in tables(notes):
        rows = [each.head, *([in_words(value) for value in row] for row in each.rows)]
        widths = [max(len(row[n]) for row in rows) for n in range(len(each.head))]
        found += [
            f"{each.caption}:",
            *(
                "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
                for row in rows
            ),
            "",
        ]
    return found[:-1] or ["Nothing was noted of this release."]


def heading() -> str:
    """What the page says above them."""
    return escape(
        "Made from true figures: who knows everybody but one could read that one off them. "
        "They stand here and in no file of the release."
    )

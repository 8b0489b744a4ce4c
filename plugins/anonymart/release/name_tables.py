"""The tables of names: what the codes of the marts are called. Their columns, described (S-ANON)."""

from __future__ import annotations

from collections.abc import Mapping

from anonymart.contracts import Column, MartContract
from anonymart.release.tables import ReleaseTable, of_marts

# Where a thing stands in the catalogue: column, kind of thing.
PARENTS: Mapping[str, Mapping[str, str]] = {
    "course": {"path_id": "path"},
    "chapter": {"course_id": "course"},
    "exercise": {"course_id": "course", "chapter_id": "chapter"},
    "project": {"path_id": "path", "course_id": "course", "chapter_id": "chapter"},
}
_ABOUT = {
    "course": "The courses of the school's catalogue, with or without learners.",
    "chapter": "The chapters of the school's catalogue, with or without learners.",
    "exercise": "The exercises of the school's catalogue, with or without learners.",
    "project": "The projects of the school's catalogue, with or without learners.",
    "path": "The training paths of the school's catalogue, with or without learners, and `all`.",
    "diploma": "The diplomas that have a published cell, and `all`; no catalogue lists diplomas, so they "
    "have no title.",
    "theme": "The themes of comments: the reviewed list.",
    "job_family": "The families of jobs: the reviewed list; `other` is any other job.",
}
_TITLES = (
    Column(
        "title",
        "VARCHAR",
        "What it is called, as the catalogue writes it in whatever language; of a reviewed list in English. "
        "Empty where the catalogue has none, or has one that looks like an identifier.",
    ),
    Column("title_en", "VARCHAR", "Its title in English, where a list says one; a catalogue does not."),
    Column("title_fr", "VARCHAR", "Its title in French, where a list says one; a catalogue does not."),
)
_PARENT = "Code of its {kind} in the catalogue, the one in which it is counted; empty where none is said."
_PLACE = (
    Column(
        "position",
        "INTEGER",
        "Its place among those of the same parent, from 1, in the order of the newest catalogue that names "
        "it; empty where that is not known.",
    ),
    Column(
        "is_in_catalogue",
        "BOOLEAN",
        "Whether the catalogue or the list has it on the day of the release; false for a code that published "
        "cells alone still carry, for a diploma, and for `all`.",
    ),
    Column("valid_from", "DATE", "Day on which the catalogue first had it; empty where that is not known."),
    Column(
        "valid_to",
        "DATE",
        "Last day on which a catalogue named it, of a code that the catalogue does not have any more; empty "
        "of all others.",
    ),
)


def _table(name: str) -> ReleaseTable:
    parents = PARENTS.get(name, {})
    columns = (
        Column("code", "VARCHAR", f"Code of the {name.replace('_', ' ')}, as it stands in the marts."),
        *_TITLES,
        *(Column(column, "VARCHAR", _PARENT.format(kind=kind)) for column, kind in parents.items()),
        *_PLACE,
    )
    return ReleaseTable(name, _ABOUT[name], columns, ("code",), links=parents)


NAME_TABLES = {name: _table(name) for name in _ABOUT}


def all_tables(contracts: Mapping[str, MartContract]) -> list[ReleaseTable]:
    """Every table of a release: the marts, then the names."""
    return [*of_marts(contracts.values(), NAME_TABLES), *NAME_TABLES.values()]

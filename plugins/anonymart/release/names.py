"""What the codes of the marts are called: the school's catalogue as it is on the day of the release (S-ANON).

A code is listed because the catalogue, or a reviewed list, has it, or because a published cell carries it:
never because of a count of persons. A title that looks like an identifier is held back (D-IDENT).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import duckdb

from anonymart.catalogue.refusals import CodeCheck
from anonymart.contracts import MartContract
from anonymart.detect.decoding import decoded
from anonymart.engine import literal
from anonymart.lists import SHIPPED
from anonymart.page.words import Said
from anonymart.release.folder import MARTS_SCHEMA, NAMES_SCHEMA
from anonymart.release.name_tables import NAME_TABLES, PARENTS
from anonymart.release.tables import code_lists
from anonymart.release.writing import write_names

NOTE = "names"
ALL = "all"
# A row that every cell of all things together carries: its titles.
_TOGETHER = {
    "path": Said("All paths together, counted by themselves", "Tous les parcours ensemble, comptés à part"),
    "diploma": Said(
        "All diplomas together, counted by themselves", "Tous les diplômes ensemble, comptés à part"
    ),
}
# The reviewed lists, whose first column is called as the table of names.
_LISTS = {"theme": "themes", "job_family": "job_families"}
_CATALOGUE = ("course", "chapter", "exercise", "project", "path")


class Told(NamedTuple):
    """Of one table of names: how many rows it has, how many with a title, how many titles were held back."""

    rows: int
    titles: int
    held_back: int


def held_back(notes: Mapping[str, Any]) -> dict[str, int]:
    """Of what was noted for the reviewer, how many titles are held back by table; only those of which one
    is.
    """
    return {name: told["held_back"] for name, told in notes.get(NOTE, {}).items() if told["held_back"]}


def sentence(held: Mapping[str, int]) -> str:
    """What was held back, and what to do."""
    tables = ", ".join(f"{name} {n}" for name, n in held.items())
    return (
        f"{sum(held.values())} titles of the catalogue look like an identifier and are left out of the "
        f"release ({tables}): give these things other titles and deliver the catalogue again."
    )


# All white space that Python knows; DuckDB's \s knows that of ASCII alone, and French sets a no-break space.
_SPACES = r"[\s\p{Z}\x{1c}-\x{1f}\x{0b}\x{85}]+"


def plain(title: str) -> str:
    """SQL: a title in one line, as a page shows it."""
    return f"nullif(trim(regexp_replace({title}, {literal(_SPACES)}, ' ', 'g')), '')"


def write(connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract]) -> dict[str, Told]:
    """Write the tables of names behind the marts of the attached `release`, from the attached `vault`, and
    tell what was written by table.
    """
    # The gate reads the words of a text decoded too: a title is asked for each of its readings.
    readings = {text: {text, *decoded(text)} for (text,) in connection.execute(_TITLES).fetchall()}
    check = CodeCheck(connection)
    refused = set(check.refused(sorted(set().union(*readings.values())))) if readings else set()
    check.close()
    held_back = sorted(title for title, read in readings.items() if read & refused)
    asked = {name: query(name, contracts) for name in NAME_TABLES}
    write_names(connection, {name: without(each, held_back) for name, each in asked.items()})
    return {name: _told(connection, name, each, held_back) for name, each in asked.items()}


def query(name: str, contracts: Mapping[str, MartContract]) -> str:
    """A query of all rows that a table of names has by vault, reviewed lists and the marts of the attached
    `release`; titles are not looked at here.
    """
    published = _published(name, contracts.values())
    if name in _CATALOGUE:
        rows = _of_catalogue(name, published)
    elif name in _LISTS:
        rows = _of_list(name, published)
    else:
        rows = f"SELECT code, false AS is_in_catalogue FROM ({published})"
    if name in _TOGETHER:
        english, french = (literal(text) for text in _TOGETHER[name])
        rows = (
            f"SELECT * FROM ({rows}) WHERE code <> '{ALL}' UNION ALL BY NAME SELECT '{ALL}' AS code, "
            f"{english} AS title, {english} AS title_en, {french} AS title_fr, false AS is_in_catalogue"
        )
    columns = NAME_TABLES[name].columns
    empty = ", ".join(f'NULL::{column.type} AS "{column.name}"' for column in columns)
    typed = ", ".join(f'"{column.name}"::{column.type} AS "{column.name}"' for column in columns)
    return f"SELECT {typed} FROM (SELECT {empty} WHERE false UNION ALL BY NAME ({rows}))"


def without(rows: str, titles: Iterable[str]) -> str:
    """The query without these titles."""
    listed = ", ".join(literal(title) for title in titles)
    held = f"if(title IN ({listed}), NULL, title)" if listed else "title"
    return f"SELECT * REPLACE ({held} AS title) FROM ({rows})"


def own_titles() -> list[str]:
    """The titles that are words of ours: those of the reviewed lists, and of what stands for all."""
    found = [title for pair in _TOGETHER.values() for title in pair]
    for seed in _LISTS.values():
        with (SHIPPED / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
            found += [row[name] for row in csv.DictReader(file) for name in ("title_en", "title_fr")]
    return sorted(set(found))


def titles(connection: duckdb.DuckDBPyConnection, database: str = "release") -> dict[tuple[str, str], Said]:
    """The title of each (table of names, code) that has one, in both languages as far as they are told."""
    found: dict[tuple[str, str], Said] = {}
    for name in NAME_TABLES:
        rows = connection.execute(
            f"SELECT code, coalesce(title_en, title), coalesce(title_fr, title) FROM "
            f"{database}.{NAMES_SCHEMA}.{name} WHERE title IS NOT NULL"
        ).fetchall()
        found |= {(name, code): Said(english, french) for code, english, french in rows}
    return found


def _told(connection: duckdb.DuckDBPyConnection, name: str, rows: str, held_back: list[str]) -> Told:
    row = connection.execute(
        f"SELECT count(*), count(title), count(*) FILTER (list_contains($1::VARCHAR[], title)) FROM ({rows})",
        [held_back],
    ).fetchone()
    n_rows, n_titles, n_held = row or (0, 0, 0)
    return Told(n_rows, n_titles - n_held, n_held)


_TITLES = f"""
    SELECT DISTINCT {plain("title")} AS title FROM vault.catalogue.items WHERE {plain("title")} IS NOT NULL
    ORDER BY title"""


def _published(name: str, contracts: Iterable[MartContract]) -> str:
    """A query of the codes of a list that stand in the marts of the release."""
    found = [
        f'SELECT "{column}" AS code FROM release.{MARTS_SCHEMA}.{contract.name}'
        for contract in contracts
        for column, kind in code_lists(contract).items()
        if kind == name
    ]
    together = f"AND code <> '{ALL}'" if name in _TOGETHER else ""
    union = " UNION ALL ".join(found) or "SELECT NULL::VARCHAR AS code"
    return f"SELECT DISTINCT code FROM ({union}) WHERE code IS NOT NULL {together}"


def _of_list(name: str, published: str) -> str:
    path = SHIPPED / f"{_LISTS[name]}.csv"
    source = f"read_csv({literal(str(path))}, header = true, all_varchar = true)"
    return f"""
        WITH listed AS (SELECT *, row_number() OVER () AS position FROM {source}),
        named AS (SELECT {name} AS code, title_en AS title, title_en, title_fr, position FROM listed)
        SELECT *, true AS is_in_catalogue FROM named UNION ALL BY NAME
        SELECT code, false AS is_in_catalogue FROM ({published}) ANTI JOIN named USING (code)"""


def _of_catalogue(kind: str, published: str) -> str:
    """What has a code today, and what only published cells still carry: by the item that had the code
    first.
    """
    parents = PARENTS.get(kind, {})
    parent_codes = ", ".join(f"{parent}.code AS {column}" for column, parent in parents.items())
    joins = " ".join(
        f"LEFT JOIN items AS {parent} ON {parent}.item_kind = '{parent}' AND {parent}.item_key = "
        f"{_parent_key(kind, parent)}"
        for parent in parents.values()
    )
    siblings = (
        f"PARTITION BY {', '.join(parents)}, place IS NULL" if parents else "PARTITION BY place IS NULL"
    )
    return f"""
        WITH items AS (FROM vault.catalogue.items),
        loads AS (SELECT load_no, min(as_of) AS as_of FROM vault.ledger.loads GROUP BY load_no),
        named AS (
            SELECT {kind}_id AS id, load_no, min(rowid) AS row_no FROM vault.raw.catalogue
            WHERE {kind}_id IS NOT NULL GROUP BY ALL
        ),
        places AS (
            SELECT aliases.item_key, max((named.load_no, -named.row_no)) AS place
            FROM named JOIN vault.catalogue.aliases AS aliases
                ON aliases.item_kind = '{kind}' AND aliases.alias = named.id
            GROUP BY aliases.item_key
        ),
        coded AS (
            SELECT *, true AS is_in_catalogue FROM items WHERE item_kind = '{kind}'
            QUALIFY row_number() OVER (PARTITION BY code ORDER BY item_key <> code, item_key) = 1
        ),
        kept AS (
            SELECT published.code, items.* EXCLUDE (code), false AS is_in_catalogue
            FROM ({published}) AS published ANTI JOIN coded ON coded.code = published.code
            LEFT JOIN items ON items.item_kind = '{kind}' AND items.item_key = published.code
        ),
        listed AS (FROM coded UNION ALL BY NAME FROM kept),
        told AS (
            SELECT listed.code, {plain("listed.title")} AS title, listed.is_in_catalogue, {parent_codes}
                {"," if parents else ""} if(listed.is_in_catalogue, places.place, NULL) AS place,
                (SELECT as_of FROM loads WHERE load_no = listed.load_no AND listed.item_key = listed.code)
                    AS valid_from,
                (SELECT max(loads.as_of) FROM named JOIN loads USING (load_no)
                    WHERE named.id = listed.code AND NOT listed.is_in_catalogue) AS valid_to
            FROM listed LEFT JOIN places ON places.item_key = listed.item_key
            LEFT JOIN items AS chapter_of ON chapter_of.item_kind = 'chapter'
                AND chapter_of.item_key = listed.chapter_key
            LEFT JOIN items AS course_of ON course_of.item_kind = 'course'
                AND course_of.item_key = coalesce(listed.course_key, chapter_of.course_key)
            {joins}
        )
        SELECT * EXCLUDE (place), if(place IS NULL, NULL, row_number() OVER ({siblings} ORDER BY
            place[1], -place[2], code)) AS position FROM told"""


def _parent_key(kind: str, parent: str) -> str:
    """SQL: what an item has not of its own, its chapter or its course has."""
    if parent == "course":
        return "coalesce(listed.course_key, chapter_of.course_key)"
    if parent == "path" and kind != "course":
        return "coalesce(listed.path_key, course_of.path_key)"
    return f"listed.{parent}_key"

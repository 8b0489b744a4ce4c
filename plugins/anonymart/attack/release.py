"""A release as an outsider holds it: the files of one folder, and nothing of vault, warehouse or keys
(S-ANON).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from anonymart import engine
from anonymart.contracts import MartContract
from anonymart.errors import AnonymartError
from anonymart.policy import BEFORE_BROAD, Policy
from anonymart.release.folder import MARTS_FILE, WITHDRAWN, marts_schema, parquet_path
from anonymart.release.privacy_report import read_privacy_report


@dataclass(frozen=True)
class Table:
    """One mart of a release: its contract, and its rows as mappings of column to value by key of their
    cell.
    """

    contract: MartContract
    cells: Mapping[str, dict[str, Any]]

    def measures(self, *kinds: str) -> list[Mapping[str, Any]]:
        """The measures of these kinds, hidden ones too, as the contract declares them."""
        return [measure for measure in self.contract.measures if measure["kind"] in kinds]

    def measure(self, name: str) -> Mapping[str, Any]:
        return next(measure for measure in self.contract.measures if measure["name"] == name)


@dataclass(frozen=True)
class Release:
    """The marts of one release folder."""

    folder: Path
    tables: Mapping[str, Table]

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def recalled_marts(self) -> frozenset[str]:
        """The marts whose cells were declared wrong when the release was recalled; none for a release that
        stands.
        """
        path = self.folder / WITHDRAWN
        return (
            frozenset(json.loads(path.read_text(encoding="utf-8"))["marts"])
            if path.is_file()
            else frozenset()
        )

    def only(self, cells: Mapping[str, Collection[str]]) -> Release:
        """The same release with these cells alone, by mart; a mart without any has none."""
        return Release(
            self.folder,
            {
                mart: Table(table.contract, {key: table.cells[key] for key in table.cells if key in kept})
                for mart, table in self.tables.items()
                if (kept := cells.get(mart, ()))
            },
        )

    def policy(self, present: Policy) -> Policy:
        """The policy by which it was published, as its report tells it; what an older one does not tell is as
        in the present one.
        """
        flat = read_privacy_report(self.folder).get("register") or {}
        return Policy(_merged(present.raw, _nested(flat)))

    def figures(self) -> Iterator[tuple[Table, str, dict[str, Any], str]]:
        """Every figure's place: table, key of the cell, row, column."""
        for table in self.tables.values():
            for key, row in table.cells.items():
                for figure in table.contract.figures:
                    if figure in row:
                        yield table, key, row, figure


def order(release: Release) -> tuple[str, int]:
    """Where a release, or a candidate, stands in the order of releases."""
    return order_of(release.name)


def order_of(name: str) -> tuple[str, int]:
    """Where the release, or candidate, in a folder of this name stands in the order of releases."""
    day, _, number = name.removeprefix(".candidate-").partition(".")
    return day, int(number) if number.isdigit() else 0


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Groups of entries from their paths: {"counts.smallest": 3} gives {"counts": {"smallest": 3}}."""
    found: dict[str, Any] = {}
    for path, value in flat.items():
        *groups, name = path.split(".")
        inner = found
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[name] = value
    _add_broad(found)
    return found


def _add_broad(told: dict[str, Any]) -> None:
    """A register of before there was the class `broad` gets it: its marts were of another class then."""
    for value in told.values():
        if isinstance(value, dict) and BEFORE_BROAD in value and "broad" not in value:
            value["broad"] = value[BEFORE_BROAD]
        elif isinstance(value, dict):
            _add_broad(value)


def _merged(present: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    found = {**present, **told}
    for name in present.keys() & told.keys():
        if isinstance(present[name], Mapping) and isinstance(told[name], Mapping):
            found[name] = _merged(present[name], told[name])
    return found


def cell_key(contract: MartContract, row: Mapping[str, Any]) -> str:
    """The dimensions of a cell as one text, in the order of the contract."""
    return "|".join("" if row[name] is None else str(row[name]) for name in contract.dimensions)


def read_release(folder: Path, contracts: Mapping[str, MartContract]) -> Release:
    """Read the marts of marts.duckdb or, where that is not, of the Parquet files.

    Raises AnonymartError for a folder in which neither can be read.
    """
    folder = folder.resolve()
    with duckdb.connect() as connection:
        sources = _sources(connection, folder, contracts)
        tables = {}
        for name, source in sources.items():
            cursor = connection.execute(f"SELECT * FROM {source}")
            columns = [column[0] for column in cursor.description]
            rows = [dict(zip(columns, values, strict=True)) for values in cursor.fetchall()]
            contract = contracts[name]
            if set(contract.dimensions) <= set(columns):
                tables[name] = Table(contract, {cell_key(contract, row): row for row in rows})
    if not tables:
        raise AnonymartError(f"{folder} holds no mart that can be read: give the folder of a release.")
    return Release(folder, tables)


def _sources(
    connection: duckdb.DuckDBPyConnection, folder: Path, contracts: Mapping[str, MartContract]
) -> dict[str, str]:
    path = folder / MARTS_FILE
    if path.is_file():
        try:
            connection.execute(f"ATTACH {engine.literal(str(path))} AS release (READ_ONLY)")
            schema = marts_schema(connection)
            found = connection.execute(
                "SELECT table_name FROM duckdb_tables() WHERE database_name = 'release' AND schema_name = ?",
                [schema],
            )
            return {name: f'release.{schema}."{name}"' for (name,) in found.fetchall() if name in contracts}
        except duckdb.Error as error:
            raise engine.not_opened(path, error, "the folder of a release") from None
    files = {name: folder / parquet_path(name) for name in contracts}
    return {
        name: f"read_parquet({engine.literal(str(file))})" for name, file in files.items() if file.is_file()
    }

"""A table as the files of a release hold it: a mart, or a table of names (S-ANON)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from anonymart.contracts import Column, MartContract
from anonymart.release.folder import MARTS_SCHEMA, NAMES_SCHEMA


@dataclass(frozen=True)
class ReleaseTable:
    """Its name, what it says, its columns, the columns that name a row, and where it stands in marts.duckdb.

    `links` are its columns that hold a code, each with the table of names that lists it.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    schema: str = NAMES_SCHEMA
    links: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def rows(self, database: str = "release") -> str:
        """SQL after FROM: its rows in an attached database, in their order."""
        order = ", ".join(f'"{name}"' for name in self.keys)
        return f"{database}.{self.schema}.{self.name} ORDER BY {order}"


def of_marts(contracts: Iterable[MartContract], names: Iterable[str]) -> list[ReleaseTable]:
    """The marts; a dimension whose codes one of the `names` lists is linked with it."""
    known = set(names)
    return [
        ReleaseTable(
            contract.name,
            contract.description,
            contract.columns,
            tuple(contract.dimensions),
            MARTS_SCHEMA,
            {column: kind for column, kind in code_lists(contract).items() if kind in known},
        )
        for contract in contracts
    ]


def code_lists(contract: MartContract) -> dict[str, str]:
    """The dimensions of a mart that hold codes, each with the name of its list."""
    return {
        column: spec.removesuffix("_or_all")
        for column, spec in contract.dimensions.items()
        if isinstance(spec, str) and spec not in ("period", "pooled_period")
    }

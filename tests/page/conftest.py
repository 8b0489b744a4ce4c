"""One page for all tests: that of a small school with something in every mart."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from anonymart.contracts import Column, MartContract, load_contracts
from anonymart.page import page

RELEASE, AS_OF = "2026-06-30.1", "2026-06-30"
SCHEMA = "marts.main"
_COUNT, _SHARE = 120, 0.62


@dataclass(frozen=True)
class Shown:
    """A page, its file and the marts that it was made of."""

    path: Path
    text: str
    marts: Path
    contracts: dict[str, MartContract]


def value(column: str, kind: str, row: int):
    """A figure that looks like one of its kind, another one in each row."""
    if column.endswith("_low"):
        return round(_SHARE - 0.1 + row / 1000, 4) if "nps" not in column else 20.0 + row / 10
    if column.endswith("_high"):
        return round(_SHARE + 0.1 + row / 1000, 4) if "nps" not in column else 40.0 + row / 10
    if column == "nps":
        return 30.0 + row / 10
    if column.startswith("salary"):
        return 30_000.0 + 100 * row + {"5": 0, "0": 5000}[column[-1]] + 10_000 * column.endswith("75")
    return _COUNT + row if kind in ("BIGINT", "INTEGER") else round(_SHARE + row / 1000, 4)


def dimension(name: str, kind: str, contract: MartContract, thing: int, period: int):
    """The value of a dimension: the code of a thing, or a period."""
    if name == contract.period.column:
        months = {"month": 1, "quarter": 3, "half_year": 6}.get(contract.period.grain, 12)
        first = date(2020 + (period * months) // 12, (period * months) % 12 + 1, 1)
        return first if kind == "DATE" else 2021 + period
    if name == "graduation_year_from":
        return 2021 + period
    if kind in ("INTEGER", "BIGINT"):
        return {"months_after": 6, "months_since_start": 6 * thing, "n_months": (1, 3, 12)[thing % 3]}[name]
    if name == "step":
        return ("registered", "completed")[thing % 2]
    if contract.dimensions[name].endswith("_or_all") and not thing:
        return "all"
    return f"{name.removesuffix('_id').replace('_', '-')}-{thing}"


def fill(
    connection: duckdb.DuckDBPyConnection,
    contracts: dict[str, MartContract],
    things: int = 2,
    periods: int = 4,
) -> None:
    """A row in each mart for each thing and period, the first of which is not complete; in one row every
    figure is hidden.
    """
    for contract in contracts.values():
        # Each length of a period is asked for by a question of its own.
        n_things = 3 if "n_months" in contract.dimensions else things
        places = [(thing, period) for thing in range(n_things) for period in range(periods)]
        columns = ", ".join(f'"{column.name}" {column.type}' for column in contract.columns)
        connection.execute(f"CREATE TABLE {SCHEMA}.{contract.name} ({columns})")
        values = [[_cell(contract, column, *place) for place in places] for column in contract.columns]
        marks = ", ".join(f"unnest(?::{column.type}[])" for column in contract.columns)
        connection.execute(f"INSERT INTO {SCHEMA}.{contract.name} SELECT {marks}", values)


def _cell(contract: MartContract, column: Column, thing: int, period: int):
    gone = (thing, period) == (1, 1)
    if column.name in contract.dimensions:
        return dimension(column.name, column.type, contract, thing, period)
    if column.name == "is_complete":
        return period > 0
    if column.name.endswith("_reason"):
        return "too_few" if gone else None
    return None if gone else value(column.name, column.type, 4 * thing + period)


@pytest.fixture(scope="session")
def shown(tmp_path_factory) -> Shown:
    folder, contracts = tmp_path_factory.mktemp("page"), load_contracts()
    with duckdb.connect(str(folder / "marts.duckdb"), config={"threads": 1}) as connection:
        fill(connection, contracts)
        text = page(connection, contracts, RELEASE, AS_OF, SCHEMA)
    (folder / "index.html").write_text(text, encoding="utf-8")
    return Shown(folder / "index.html", text, folder / "marts.duckdb", contracts)


@pytest.fixture(scope="session")
def browser():
    if not shutil.which("chromium"):
        pytest.skip("needs chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Root in a container has no sandbox to give.
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield chromium
        chromium.close()

"""Every mart is what its description says: the true figures behind each of its cells are those that a second
count finds in the landing files, and no cell is missing or too many.

The figures are those of `cell_evidence`. A cell whose counts are all 0 after the noise is neither there nor
in the mart; its people are counted in the mart's `int_people__MART`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import pytest

from anonymart import engine
from anonymart.contracts import MartContract, load_contracts
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.policy import load_policy
from tests.marts import second_count
from tests.marts.conftest import Built
from tests.marts.school import AS_OF
from tests.marts.second_count import Figures

CONTRACTS, POLICY = load_contracts(), load_policy()
_SHARES = ("rate", "rate_low", "rate_high", "nps", "nps_low", "nps_high")


@pytest.fixture(scope="module")
def landing(built: Built) -> Iterator[duckdb.DuckDBPyConnection]:
    with second_count.opened(built.landing, AS_OF) as connection:
        yield connection


@pytest.fixture(scope="module")
def warehouse(built: Built) -> Iterator[duckdb.DuckDBPyConnection]:
    home = Home(built.root)
    with engine.connect(home, Keys.load(home), vault="ro", warehouse="ro") as connection:
        yield connection


def test_every_mart_is_counted_a_second_time() -> None:
    found = {path.stem for path in second_count.FOLDER.glob("*.sql")} - set(second_count.SHARED)
    assert found == set(CONTRACTS), "each mart has its tests/marts/MART.sql"


@pytest.mark.long
@pytest.mark.parametrize("mart", CONTRACTS)
def test_a_mart_is_what_its_description_says(
    mart: str, landing: duckdb.DuckDBPyConnection, warehouse: duckdb.DuckDBPyConnection
) -> None:
    contract = CONTRACTS[mart]
    described, found = second_count.counted(landing, contract), evidence(warehouse, contract)
    cells, shown = _cells(described), _cells(found)
    assert len(shown) > 3, "too few cells to compare"
    other = [
        f"{key} {measure}: {described.get((key, measure))} by the description, {figure} in the mart"
        for (key, measure), figure in sorted(found.items())
        if described.get((key, measure)) != figure
    ]
    people = counts_of_people(warehouse, contract)
    for key in sorted(cells - shown):
        if is_possible_pool(contract, key):
            continue
        counts = {name: described[key, name][0] for name in _counts(contract)}
        if people.get(key) != counts:
            other.append(f"{key}: {counts} by the description, people of the mart: {people.get(key)}")
        if any(count > largest_deviation(contract, name) for name, count in counts.items()):
            other.append(f"{key}: {counts} by the description, and no cell in the mart")
    assert other == []


@pytest.mark.long
@pytest.mark.parametrize("mart", CONTRACTS)
def test_what_is_published_lies_as_far_from_it_as_the_noise_may(
    mart: str, landing: duckdb.DuckDBPyConnection, warehouse: duckdb.DuckDBPyConnection
) -> None:
    contract = CONTRACTS[mart]
    described = second_count.counted(landing, contract)
    published = warehouse.sql(f"FROM warehouse.marts.{mart}")
    rows = [dict(zip(published.columns, row, strict=True)) for row in published.fetchall()]
    assert {_key(contract, row) for row in rows} == _cells(evidence(warehouse, contract))
    for row in rows:
        for name in set(contract.figures) & set(_counts(contract)):
            true, value, reason = described[_key(contract, row), name][0], row[name], row[f"{name}_reason"]
            where = f"{_key(contract, row)} {name}: {true} by the description, published {value}"
            assert (value is None) == (reason in ("too_few", "protected")), where
            if value is None:
                continue
            assert value == 0 or value >= POLICY.figure("counts", "smallest")[contract.noise_of(name)], where
            assert abs(value - true) <= largest_deviation(contract, name) + moved(contract, name, row), where
            assert true > 0 or value == 0, where


def evidence(warehouse: duckdb.DuckDBPyConnection, contract: MartContract) -> Figures:
    """The true figures behind each cell of a mart, by cell and measure."""
    rows = warehouse.execute(
        """
        SELECT cell_key, measure, true_count, CASE WHEN kind IN $2 THEN true_numerator END,
            CASE WHEN kind IN ('mean', 'quantile') THEN true_value END
        FROM warehouse.evidence.cell_evidence WHERE mart = $1""",
        [contract.name, list(_SHARES)],
    ).fetchall()
    return {(key, measure): second_count.rounded(*figure) for key, measure, *figure in rows}


def counts_of_people(
    warehouse: duckdb.DuckDBPyConnection, contract: MartContract
) -> dict[str, dict[str, int]]:
    """Each count over the people that the mart is made from, by cell, whatever its period."""
    counts, cell = _counts(contract), ", ".join(contract.dimensions)
    figures = ", ".join(
        f"count(DISTINCT pseudonym) FILTER ({each.get('where', 'true')}) AS {name}"
        for name, each in counts.items()
    )
    found = warehouse.sql(f"""
        SELECT {cell}, {figures}
        FROM warehouse.intermediate.{contract.disclosure["people"]}
        GROUP BY {cell}""")
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    return {_key(contract, row): {name: row[name] for name in counts} for row in rows}


def is_possible_pool(contract: MartContract, key: str) -> bool:
    """Whether a cell is one of several years: which years are pooled follows from the noise."""
    pooling = contract.disclosure.get("pooling")
    if not pooling:
        return False
    row = dict(zip(contract.dimensions, key.split("|"), strict=True))
    return row[pooling["year"]] != row[pooling["year_from"]]


def largest_deviation(contract: MartContract, measure: str) -> int:
    return POLICY.figure("counts", "largest_deviation")[contract.noise_of(measure)]


def moved(contract: MartContract, measure: str, row: Mapping[str, Any]) -> int:
    """By how many persons more a part may be off: parts that are not 0 share what all of them lack of their
    whole (docs/decisions/consistent-counts.md).
    """
    for rule in contract.consistent:
        parts = [row[part] for part in rule.get("sums", ())]
        if measure in rule.get("sums", ()) and None not in parts and any(parts):
            n_moved = sum(part > 0 for part in parts)
            return math.ceil((len(parts) - 1) / n_moved * largest_deviation(contract, measure)) + 1
    return 0


def _counts(contract: MartContract) -> dict[str, Mapping[str, Any]]:
    return {each["name"]: each for each in contract.measures if each["kind"] == "count"}


def _key(contract: MartContract, row: Mapping[str, Any]) -> str:
    return "|".join(str(row[name]) for name in contract.dimensions)


def _cells(figures: Figures) -> set[str]:
    return {key for key, _ in figures}

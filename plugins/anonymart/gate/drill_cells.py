"""The cells that the leak drill plants in each mart, and the evidence, ledger and persons that make each rule
of figures refuse one.

A planted cell lies in a year before any school, so that it meets no real one. Cells go into the copy's files;
evidence, carried and recalled cells and persons go into the gate's own tables in memory, never into vault or
warehouse.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import duckdb

from anonymart import engine
from anonymart.contracts import COMPLETE, MartContract
from anonymart.disclosure.perturbation import of_policy
from anonymart.gate.reading import EVIDENCE
from anonymart.gate.tables import insert
from anonymart.policy import Policy
from anonymart.release.cells import number_of, people

CODE = "drill"
_WRONG, _CORRECTED, _NESTED, _CARRIED, _TWICE, _DAY, _NUMBER, TEXTS = range(1901, 1909)
_FAR = date(2999, 1, 1)
_FEW, _FINE, _COARSE = 5, 60, 63
# One of the people behind the planted cells.
_PEOPLE = "drill-"
SOMEBODY = f"{_PEOPLE}0"
_SALARY = 30000
_MISSING = "drill-missing"


def cells(contract: MartContract, as_of: date) -> list[dict[str, Any]]:
    """Rows for the mart's table, as columns by name: what is not named is empty."""
    counts = [
        measure["name"]
        for measure in contract.measures
        if measure["kind"] == "count" and measure["name"] in contract.figures
    ]
    shown = {figure: _VALUES[_kind(contract, figure)] for figure in contract.figures}
    stays = {measure["name"] for measure in contract.measures if contract.tells_more(measure)}
    rows = [
        place(contract, _WRONG)
        | {COMPLETE: True}
        | shown
        | {f"{figure}_reason": "too_few" for figure in contract.figures},
        place(contract, _CORRECTED) | {figure: 0.5 for figure in contract.figures if figure in stays},
        place(contract, _CARRIED) | dict.fromkeys(counts, 50),
        *[place(contract, _TWICE)] * 2,
        place(contract, _DAY) | {name: _day_inside(contract, name) for name in _periods(contract)},
        place(contract, as_of.year) | {name: _open(contract, name, as_of) for name in _periods(contract)},
        place(contract, _NUMBER)
        | {name: 30001 for name, spec in contract.dimensions.items() if not isinstance(spec, str)},
    ]
    return rows + [cell | shown for cell in _nested(contract)]


def place(contract: MartContract, year: int, code: str = CODE) -> dict[str, Any]:
    """The dimensions of a planted cell: a code that is in no list, the first day of a year, the first
    declared number.
    """
    return {name: _dimension(contract, name, spec, year, code) for name, spec in contract.dimensions.items()}


def _dimension(contract: MartContract, name: str, spec: Any, year: int, code: str) -> Any:
    if isinstance(spec, dict):
        return int(spec["from"])
    if not isinstance(spec, str):
        return spec[0]
    if spec not in ("period", "pooled_period"):
        return code
    return date(year, 1, 1) if _types(contract)[name] == "DATE" else year


def _types(contract: MartContract) -> dict[str, str]:
    return {column.name: column.type for column in contract.columns}


def _kind(contract: MartContract, figure: str) -> str:
    return next(measure["kind"] for measure in contract.measures if measure["name"] == figure)


# A count under its threshold, a share on few persons, ends that are not around it, a mean and a quantile that
# nobody rounded, a score of nothing.
_VALUES = {
    "count": 1,
    "rate": 0.4321,
    "rate_low": 0.8765,
    "rate_high": 0.1234,
    "mean": 12345.0,
    "quantile": 12345.678,
    "nps": 12.3,
    "nps_low": 12.3,
    "nps_high": 12.3,
}


def _periods(contract: MartContract) -> list[str]:
    return [name for name, spec in contract.dimensions.items() if spec in ("period", "pooled_period")]


def _day_inside(contract: MartContract, name: str) -> Any:
    return date(_DAY, 1, 2) if _types(contract)[name] == "DATE" else 1800


def _open(contract: MartContract, name: str, as_of: date) -> Any:
    return as_of.replace(day=1) if _types(contract)[name] == "DATE" else as_of.year


def _nested(contract: MartContract) -> list[dict[str, Any]]:
    """A cell and the one around it, where the mart has such."""
    nesting, pooling = contract.disclosure.get("nesting"), contract.disclosure.get("pooling")
    fine = coarse = place(contract, _NESTED)
    if nesting:
        coarse = coarse | {nesting["dimension"]: nesting["whole"]}
    elif pooling:
        coarse = coarse | {pooling["year_from"]: _NESTED - 1}
    return [fine, coarse] if fine != coarse else []


def plant_evidence(
    connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract], policy: Policy, as_of: date
) -> None:
    """What stands behind the planted cells, into the tables of the schema `gate`."""
    without = {
        noise: {entry.true_count: entry.key_from for entry in table if entry.deviation == 0}
        for noise, table in of_policy(policy).items()
    }
    rows = [row for contract in contracts.values() for row in _evidence(contract, without, as_of)]
    insert(connection, f"gate.evidence ({', '.join((*EVIDENCE, 'draw_key'))})", rows)
    for contract in contracts.values():
        _ledger(connection, contract)
        _people(connection, contract)


def _evidence(contract: MartContract, without: Mapping[str, Mapping[int, int]], as_of: date) -> list[tuple]:
    def row(key: str, measure: Mapping[str, Any], n: int, closing: date, day: date) -> tuple:
        keys = without[contract.noise_of(measure["name"])]
        # So few persons may have no noise of 0: any key does.
        drawn = keys.get(min(n, max(keys)), 0)
        return (
            contract.name,
            key,
            measure["name"],
            n,
            1.0,
            float(_SALARY),
            drawn,
            1.0,
            closing,
            None,
            None,
            day,
            None,
            None,
            None,
            None,
            None,
            drawn,
        )

    yesterday = as_of - timedelta(days=1)
    found = []
    for measure in contract.measures:
        found.append(row(_key(contract, place(contract, _WRONG)), measure, _FEW, yesterday, as_of))
        found.append(row(_MISSING, measure, _FEW, _FAR, yesterday))
        for cell, n in zip(_nested(contract), (_FINE, _COARSE), strict=False):
            found.append(
                row(_key(contract, cell), measure, 0 if measure.get("sensitive") else n, _FAR, as_of)
            )
    return found


def _key(contract: MartContract, cell: Mapping[str, Any]) -> str:
    return "|".join(str(cell[name]) for name in contract.dimensions)


def _ledger(connection: duckdb.DuckDBPyConnection, contract: MartContract) -> None:
    """A carried cell whose counts were one more, one that is gone, a recalled cell, one of few that is gone,
    and a period that was closed and recalled before.
    """
    name, key = (
        contract.name,
        {year: engine.literal(_key(contract, place(contract, year))) for year in (_CARRIED, _CORRECTED)},
    )
    counts = [
        measure["name"]
        for measure in contract.measures
        if measure["kind"] == "count" and measure["name"] in contract.figures
    ]
    stays = [
        measure["name"]
        for measure in contract.measures
        if measure["name"] in contract.figures and contract.tells_more(measure)
    ]
    source = f"FROM gate.{name} WHERE cell_key = {key[_CARRIED]}"
    connection.execute(f"""
        INSERT INTO gate.carried_{name} BY NAME SELECT * REPLACE ({_one_more(counts)}) {source};
        INSERT INTO gate.carried_{name} BY NAME SELECT * REPLACE ('{_MISSING}' AS cell_key) {source}""")
    recalled = f"INSERT INTO gate.withdrawn_{name} BY NAME SELECT * REPLACE"
    if stays:
        connection.execute(
            f"{recalled} ({_one_more(stays)}), 1 AS version FROM gate.{name} WHERE cell_key = "
            f"{key[_CORRECTED]}"
        )
    if few := ", ".join(f'{_FEW} AS "{count}"' for count in contract.plain_counts):
        listed = [
            dimension
            for dimension, spec in contract.dimensions.items()
            if isinstance(spec, str) and dimension not in _periods(contract)
        ]
        insert(
            connection, "gate.codes (list, code)", [(f"{name}.{dimension}", _MISSING) for dimension in listed]
        )
        codes = "".join(f", '{_MISSING}' AS {dimension}" for dimension in listed)
        connection.execute(
            f"{recalled} ('{_MISSING}' AS cell_key, {few}{codes}), 1 AS version, true AS is_asked {source}"
        )
    closed = place(contract, _WRONG)
    for table in ("closed_periods", "withdrawn_periods"):
        insert(
            connection, f"gate.{table}", [(name, "|".join(str(closed[part]) for part in contract.period_key))]
        )


def _one_more(figures: list[str]) -> str:
    return ", ".join(f'"{figure}" + 1 AS "{figure}"' for figure in figures)


def _people(connection: duckdb.DuckDBPyConnection, contract: MartContract) -> None:
    """Persons behind the wrong cell, of whom one earns nearly all, and behind the nested ones, of whom three
    are in one only.
    """
    view = f"gate.people_{contract.name}"
    try:
        columns = {row[0]: row[1] for row in connection.execute(f"DESCRIBE {view}").fetchall()}
    except duckdb.Error:
        return
    table, person = f"gate.planted_people_{contract.name}", contract.disclosure["person"]
    somebody = number_of(f"'{_PEOPLE}' || i")
    connection.execute(f"CREATE TABLE {table} AS FROM {view} LIMIT 0")
    groups = [(place(contract, _WRONG), 40, True)]
    groups += [(cell, n, False) for cell, n in zip(_nested(contract), (_FINE, _COARSE), strict=False)]
    for cell, n, is_dominated in groups:
        salary = f"{_SALARY} + 50 * (i - 20)" + (" + 1000000000 * (i = 39)::BIGINT" if is_dominated else "")
        values = {measure["value"] for measure in contract.measures if measure.get("value")} & set(columns)
        chosen = [f'{_literal(value)} AS "{name}"' for name, value in cell.items() if name in columns]
        chosen += [
            f'{somebody} AS "{person}"',
            *(f'{salary} AS "{name}"' for name in sorted(values)),
        ]
        chosen += [f'true AS "{name}"' for name, kind in columns.items() if kind == "BOOLEAN"]
        connection.execute(
            f"INSERT INTO {table} BY NAME SELECT {', '.join(chosen)} FROM range({n}) AS persons (i)"
        )
    source = people(connection, contract)
    connection.execute(f"CREATE OR REPLACE VIEW {view} AS FROM {source} UNION ALL BY NAME FROM {table}")


def _literal(value: Any) -> str:
    if isinstance(value, date):
        return f"DATE '{value}'"
    return engine.literal(value) if isinstance(value, str) else str(value)

"""Opening what the gate reads: the release files as they lie there, the vault and the warehouse, all
read-only (S-ANON).

What the rules query are views of the schema `gate`, in memory: one a mart on the very table, one on its
Parquet file, one on the ledger's cells, and the evidence of the cells that are new.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import duckdb

from anonymart import engine
from anonymart.contracts import MartContract
from anonymart.disclosure import perturbation
from anonymart.engine import table_exists
from anonymart.errors import AnonymartError
from anonymart.gate import consistent, draws
from anonymart.gate.tables import insert
from anonymart.policy import Policy
from anonymart.release.cells import key_sql, people
from anonymart.release.folder import MARTS_FILE, marts_schema, parquet_path
from anonymart.release.ledger import releases

EVIDENCE = (
    "mart",
    "cell_key",
    "measure",
    "true_count",
    "true_numerator",
    "true_value",
    "count_key",
    "largest",
    "earliest_closing_on",
    "published_value",
    "published_reason",
    "as_of",
    "clipped",
    "n_below",
    "n_above",
    "largest_share",
    "p_percent_ok",
)


def open_release(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Attach marts.duckdb as `release`. Raises AnonymartError when it is no DuckDB file."""
    path = folder / MARTS_FILE
    try:
        connection.execute(f"ATTACH {engine.literal(str(path))} AS release (READ_ONLY)")
    except duckdb.Error as error:
        raise engine.not_opened(path, error, "the folder of a release or candidate") from None
    connection.execute("CREATE SCHEMA gate")


def make_views(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    contracts: Mapping[str, MartContract],
    policy: Policy,
    release_id: str,
    record_key: str,
) -> None:
    """Make every view that the rules of marts query, the perturbation table and the key of each draw, worked
    out here once more.

    `record_key` is the key of record keys, in hexadecimal digits; it stands in no query and no table.
    """
    _periods(connection, "closed_periods")
    _periods(connection, "withdrawn_periods")
    _columns(connection, contracts)
    connection.execute("CREATE TABLE gate.parquet_states (mart VARCHAR, state VARCHAR)")
    published = [release["release_id"] for release in releases(connection)]
    # A published release is looked at as it was: cells and evidence of later ones say nothing about it.
    is_published = release_id in published
    known, later = (
        (published[: published.index(release_id) + 1], published[published.index(release_id) :])
        if is_published
        else (published, [])
    )
    for contract in contracts.values():
        _mart(connection, contract)
        _parquet(connection, folder, contract)
        _carried(connection, contract, known, later)
        _withdrawn(connection, contract, is_asked=not is_published)
        _people(connection, contract)
        _values(connection, contract)
    _evidence(connection, contracts, is_published)
    draws.add(connection, contracts, record_key)
    connection.execute(
        "CREATE TABLE gate.perturbation (noise_class VARCHAR, true_count BIGINT, deviation BIGINT, "
        "key_from BIGINT, key_upto BIGINT)"
    )
    rows = [
        (noise, e.true_count, e.deviation, e.key_from, e.key_upto)
        for noise, table in perturbation.of_policy(policy).items()
        for e in table
    ]
    insert(connection, "gate.perturbation", rows)
    consistent.add(connection, contracts, policy)


def _columns(connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract]) -> None:
    connection.execute(
        "CREATE TABLE gate.contract_columns (mart VARCHAR, name VARCHAR, promised_type VARCHAR)"
    )
    for contract in contracts.values():
        types = ", ".join(f'NULL::{column.type} AS "{column.name}"' for column in contract.columns)
        promised = connection.execute(f"DESCRIBE SELECT {types}").fetchall()
        insert(connection, "gate.contract_columns", [(contract.name, row[0], row[1]) for row in promised])
    # A column outside the contract is named by its place: its own name may be the leak.
    schema = engine.literal(marts_schema(connection))
    connection.execute(f"""
        CREATE TABLE gate.columns AS
        SELECT coalesce(promised.mart, real.table_name) AS mart, promised.promised_type,
            real.data_type AS real_type,
            coalesce(promised.name, '#' || real.column_index) AS label, coalesce(promised.name,
                real.column_name) AS name
        FROM gate.contract_columns AS promised
        FULL JOIN (
            SELECT * FROM duckdb_columns() WHERE database_name = 'release' AND schema_name = {schema}
        ) AS real ON real.table_name = promised.mart AND real.column_name = promised.name""")


def _mart(connection: duckdb.DuckDBPyConnection, contract: MartContract) -> None:
    rows = connection.execute(
        (
            "SELECT name, promised_type, real_type FROM gate.columns WHERE mart = ? AND promised_type IS "
            "NOT NULL"
        ),
        [contract.name],
    ).fetchall()
    types = {name: (promised, real) for name, promised, real in rows}
    schema = marts_schema(connection)
    is_there = table_exists(connection, schema, contract.name, database="release")
    columns = ", ".join(_as_promised(name, *types[name]) for name in contract.column_names)
    source = f"release.{schema}.{contract.name}" if is_there else "(SELECT 1 WHERE false)"
    connection.execute(f"""
        CREATE VIEW gate.{contract.name} AS
        SELECT *, {key_sql(tuple(contract.dimensions), "cell")} AS cell_key
            FROM (SELECT {columns} FROM {source}) AS cell""")


def _as_promised(name: str, promised: str, real: str | None) -> str:
    if real is None:
        return f'NULL::{promised} AS "{name}"'
    return f'"{name}"' if real == promised else f'try_cast("{name}" AS {promised}) AS "{name}"'


def _parquet(connection: duckdb.DuckDBPyConnection, folder: Path, contract: MartContract) -> None:
    schema = marts_schema(connection)
    real, table, file = (
        f"release.{schema}.{contract.name}",
        f"gate.table_{contract.name}",
        f"gate.parquet_{contract.name}",
    )
    is_there = table_exists(connection, schema, contract.name, database="release")
    connection.execute(
        f"CREATE VIEW {table} AS {f'FROM {real}' if is_there else 'SELECT 1 AS nothing WHERE false'}"
    )
    path = engine.literal(str(folder / parquet_path(contract.name)))
    try:
        connection.execute(f"CREATE VIEW {file} AS SELECT * FROM read_parquet({path})")
        columns = [
            [row[:2] for row in connection.execute(f"DESCRIBE {name}").fetchall()] for name in (file, table)
        ]
        state = "same" if columns[0] == columns[1] else "other_columns"
    except duckdb.Error:
        state = "unreadable"
    if state != "same":
        connection.execute(f"CREATE OR REPLACE VIEW {file} AS FROM {table} LIMIT 0")
    connection.execute("INSERT INTO gate.parquet_states VALUES (?, ?)", [contract.name, state])


def _carried(
    connection: duckdb.DuckDBPyConnection, contract: MartContract, known: list[str], later: list[str]
) -> None:
    """gate.carried_<mart>: the cells that a candidate has from others, or those that a published release was
    published with.

    `built_as_of` is the day of the release that a cell was first in.
    """
    accepted = f"release_id IN ({_listed(known)})"
    day = (
        ", (SELECT any_value(as_of) FROM vault.ledger.releases AS releases WHERE releases.release_id = "
        "cells.release_id) AS built_as_of"
    )
    sources = [_cells_of_ledger(connection, contract, f"cells_{contract.name}", accepted, day)]
    if later:
        # Cells that were withdrawn after it stood in it all the same.
        sources.append(
            _cells_of_ledger(
                connection,
                contract,
                f"withdrawn_{contract.name}",
                f"{accepted} AND last_release_id IN ({_listed(later)})",
                day,
            )
        )
    found = (
        " UNION ALL ".join(filter(None, sources))
        or f"SELECT * EXCLUDE (cell_key), NULL::DATE AS built_as_of FROM gate.{contract.name} LIMIT 0"
    )
    key = key_sql(tuple(contract.dimensions), "cell")
    connection.execute(
        f"CREATE TABLE gate.carried_{contract.name} AS SELECT *, {key} AS cell_key FROM ({found}) AS cell"
    )


def _withdrawn(connection: duckdb.DuckDBPyConnection, contract: MartContract, is_asked: bool) -> None:
    """gate.withdrawn_<mart>: every version of a cell that was ever recalled; a candidate `is_asked` where
    those are that few people were in.
    """
    found = _cells_of_ledger(connection, contract, f"withdrawn_{contract.name}", "true", ", version")
    found = found or f"SELECT * EXCLUDE (cell_key), 0 AS version FROM gate.{contract.name} LIMIT 0"
    key = key_sql(tuple(contract.dimensions), "cell")
    connection.execute(
        f"CREATE TABLE gate.withdrawn_{contract.name} AS SELECT *, {key} AS cell_key, {is_asked} AS "
        f"is_asked FROM ({found}) AS cell"
    )


def _people(connection: duckdb.DuckDBPyConnection, contract: MartContract) -> None:
    """gate.people_<mart>: what the build counted, where it is there; a rule that needs it and has none cannot
    be asked.
    """
    try:
        connection.execute(f"CREATE VIEW gate.people_{contract.name} AS FROM {people(connection, contract)}")
    except duckdb.Error:
        return


def _values(connection: duckdb.DuckDBPyConnection, contract: MartContract) -> None:
    """gate.values_<mart> (cell_key, value, sorted): the persons' values behind each new cell, smallest first,
    for the rule of quantiles.

    In a pool a person counts as in the last of the years. Where the people are not there, or hold no numbers,
    the rule cannot be asked.
    """
    names = sorted({measure["value"] for measure in contract.measures if measure["kind"] == "quantile"})
    pooling, person = contract.disclosure.get("pooling") or {}, contract.disclosure.get("person")
    same = " AND ".join(
        f'cell."{name}" = people."{name}"' for name in contract.dimensions if name not in pooling.values()
    )
    if pooling:
        same += (
            f' AND people."{pooling["year"]}" BETWEEN cell."{pooling["year_from"]}" AND '
            f'cell."{pooling["year"]}"'
        )
    last = f'people."{pooling["year"]}"' if pooling else "true"
    found = " UNION ALL ".join(
        f"""
        SELECT cell_key, '{name}' AS value, list(held.number ORDER BY held.number) AS sorted FROM (
            SELECT cell.cell_key, arg_max({{number: people."{name}"}}, {last}) AS held
            FROM gate.{contract.name} AS cell JOIN gate.people_{contract.name} AS people ON {same}
            ANTI JOIN gate.carried_{contract.name} AS carried ON carried.cell_key = cell.cell_key
            GROUP BY cell.cell_key, people."{person}"
        ) WHERE held.number IS NOT NULL GROUP BY cell_key"""
        for name in names
    )
    if names:
        with suppress(duckdb.Error):
            connection.execute(
                f"CREATE TABLE gate.values_{contract.name} AS SELECT cell_key, value, sorted::DOUBLE[] "
                f"AS sorted FROM ({found})"
            )


def _cells_of_ledger(
    connection: duckdb.DuckDBPyConnection, contract: MartContract, table: str, condition: str, more: str = ""
) -> str | None:
    if not table_exists(connection, "ledger", table):
        return None
    held = {row[0] for row in connection.execute(f"DESCRIBE vault.ledger.{table}").fetchall()}
    columns = ", ".join(
        f'"{column.name}"' if column.name in held else f'NULL::{column.type} AS "{column.name}"'
        for column in contract.columns
    )
    return f"SELECT {columns}{more} FROM vault.ledger.{table} AS cells WHERE {condition}"


def _listed(release_ids: list[str]) -> str:
    return ", ".join(engine.literal(release_id) for release_id in release_ids) or "NULL"


def _periods(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    is_there = table_exists(connection, "ledger", table)
    source = (
        f"SELECT mart, period_key FROM vault.ledger.{table}"
        if is_there
        else "SELECT '' AS mart, '' AS period_key LIMIT 0"
    )
    connection.execute(f"CREATE TABLE gate.{table} AS {source}")


def _evidence(
    connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract], is_published: bool
) -> None:
    if not table_exists(connection, "evidence", "cell_evidence", database="warehouse"):
        raise AnonymartError("The warehouse has no evidence of cells: run `anonymart build` first.")
    carried = " UNION ALL ".join(
        f"SELECT '{name}' AS mart, cell_key FROM gate.carried_{name}" for name in contracts
    )
    connection.execute(f"""
        CREATE TABLE gate.evidence AS SELECT {", ".join(EVIDENCE)}
        FROM warehouse.evidence.cell_evidence AS evidence
        ANTI JOIN ({carried}) AS carried USING (mart, cell_key) WHERE NOT {str(is_published).lower()}""")

"""The candidate: the very files that would be published, exported from the warehouse for the gate to read (S-ANON)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from anonymart import __version__, crash, engine
from anonymart.contracts import MartContract, load_contracts
from anonymart.errors import AnonymartError
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.policy import Policy
from anonymart.release import cells
from anonymart.release.datapackage import data_package
from anonymart.release.folder import (
    CANDIDATE_PREFIX,
    DATA_PACKAGE,
    MARTS_FILE,
    PRIVACY_REPORT,
    parquet_path,
    write_durably,
)
from anonymart.release.ledger import next_release_id, replaces, table_exists
from anonymart.release.manifest import write_manifest
from anonymart.release.privacy_report import new_evidence, privacy_report


def make_candidate(home: Home, keys: Keys, policy: Policy, as_of: date) -> Path:
    """Export the marts of the warehouse into `releases/.candidate-<id>/` and give that folder.

    Only the columns that a contract lists are exported. Raises AnonymartError when the warehouse lacks a mart.
    """
    contracts = load_contracts()
    with engine.connect(home, keys, vault="ro", warehouse="ro") as connection:
        release_id = next_release_id(connection, as_of)
        folder = home.releases / f"{CANDIDATE_PREFIX}{release_id}"
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "parquet").mkdir(parents=True)
        folder.chmod(0o700)
        marts = _export(connection, folder, contracts)
        report = privacy_report(connection, contracts, policy, new_evidence(connection, contracts), release_id, as_of, home.releases)
        connection.execute("DETACH release")
        replaced = replaces(connection)
    crash.point("candidate.after_marts")
    write_durably(folder / DATA_PACKAGE, _json(data_package(contracts, as_of.isoformat(), release_id)))
    write_durably(folder / PRIVACY_REPORT, _json(report))
    write_manifest(
        folder,
        {
            "release_id": release_id,
            "as_of": as_of.isoformat(),
            "code_version": __version__,
            "policy_version": policy.version,
            "rights": report["requests"],
            "marts": marts,
            "replaces": replaced,
        },
    )
    crash.point("candidate.after_files")
    return folder


def _export(
    connection: duckdb.DuckDBPyConnection, folder: Path, contracts: Mapping[str, MartContract]
) -> dict[str, dict[str, Any]]:
    connection.execute(f"ATTACH {engine.literal(str(folder / MARTS_FILE))} AS release")
    connection.execute("CREATE SCHEMA release.marts")
    for contract in contracts.values():
        _export_mart(connection, folder, contract)
    marts = {contract.name: cells.counts(connection, contract) for contract in contracts.values()}
    return marts


def _export_mart(connection: duckdb.DuckDBPyConnection, folder: Path, contract: MartContract) -> None:
    if not table_exists(connection, "marts", contract.name, database="warehouse"):
        raise AnonymartError(f"The warehouse has no mart {contract.name}: run `anonymart build` first.")
    table = f"release.marts.{contract.name}"
    columns = ", ".join(f'"{name}"' for name in contract.column_names)
    order = ", ".join(f'"{name}"' for name in contract.dimensions)
    connection.execute(f"CREATE TABLE {table} AS SELECT {columns} FROM warehouse.marts.{contract.name} ORDER BY {order}")
    connection.execute(f"COMMENT ON TABLE {table} IS {engine.literal(contract.description)}")
    for column in contract.columns:
        connection.execute(f'COMMENT ON COLUMN {table}."{column.name}" IS {engine.literal(column.description)}')
    target = engine.literal(str(folder / parquet_path(contract.name)))
    connection.execute(f"COPY (SELECT * FROM {table} ORDER BY {order}) TO {target} (FORMAT parquet, COMPRESSION zstd)")


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"

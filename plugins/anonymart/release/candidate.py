"""The candidate: the very files that would be published, exported from the warehouse for the gate to read
(S-ANON).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import date
from typing import Any

import duckdb

from anonymart import __version__, crash
from anonymart.contracts import MartContract, load_contracts
from anonymart.definitions import definitions
from anonymart.engine import table_exists
from anonymart.errors import AnonymartError
from anonymart.release import cell_definitions, cells, exact, for_reviewer, names, people_file, what_moved
from anonymart.release.datapackage import data_package
from anonymart.release.derived import write_derived
from anonymart.release.folder import (
    CSV_FOLDERS,
    DATA_PACKAGE,
    MARTS_FILE,
    PRIVACY_REPORT,
    parquet_path,
    write_durably,
)
from anonymart.release.ledger import next_release_id, replaces
from anonymart.release.manifest import write_manifest
from anonymart.release.name_tables import all_tables
from anonymart.release.privacy_report import new_evidence, privacy_report
from anonymart.release.report_changes import previous
from anonymart.release.states import Candidate
from anonymart.release.writing import attach_new, write_marts, write_parquet
from anonymart.rights import state
from anonymart.session import Session
from anonymart.vault import schema


def make_candidate(session: Session) -> Candidate:
    """Export the marts of the warehouse into a folder of `releases/` that is closed to readers.

    Only the columns that a contract lists are exported. Raises AnonymartError when the warehouse lacks a
    mart.
    """
    contracts = load_contracts()
    with (
        people_file.kept(session, contracts.values()) as reading,
        reading.connect(vault="rw", warehouse="ro") as connection,
    ):
        schema.create(connection, session.keys)
        release_id = next_release_id(connection, session.as_of)
        state.note_candidate(connection, release_id)
        candidate = Candidate(session.home.releases, release_id)
        folder = candidate.folder
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("parquet", *CSV_FOLDERS):
            (folder / name).mkdir(parents=True)
        folder.chmod(0o700)
        marts, named = _export(connection, candidate, contracts, session.as_of)
        evidence = new_evidence(connection, contracts)
        for_reviewer.note_all(
            connection,
            release_id,
            exact.figures(connection, contracts, session.policy, evidence, session.as_of, session.keys)
            | {names.NOTE: {name: told._asdict() for name, told in named.items()}},
        )
        report = privacy_report(
            connection, contracts, session.policy, release_id, session.as_of, session.home.releases
        )
        before = previous(connection, session.home.releases)["manifest"] if _is_changed(report) else None
        connection.execute("DETACH release")
        replaced = replaces(connection)
        made_by = {"release_id": release_id, "definitions": definitions(), "marts": marts}
        by_definitions = cell_definitions.of_cells(
            connection, session.home.releases, contracts.values(), made_by
        )
    if before:
        # After the zones are closed: what moved is built by processes that read the vault.
        moved = what_moved.what_moved(session, before, report["marts"], contracts)
        with session.connect(vault="rw") as connection:
            for_reviewer.note(connection, release_id, what_moved.NAME, moved)
    crash.point("candidate.after_marts")
    write_durably(
        folder / DATA_PACKAGE, _json(data_package(contracts, session.as_of.isoformat(), release_id))
    )
    write_durably(folder / PRIVACY_REPORT, _json(report))
    write_manifest(
        folder,
        {
            "release_id": release_id,
            "as_of": session.as_of.isoformat(),
            "code_version": __version__,
            "policy_version": session.policy.version,
            "definitions": definitions(),
            cell_definitions.NAME: by_definitions,
            "rights": report["requests"],
            "marts": marts,
            "replaces": replaced,
        },
    )
    crash.point("candidate.after_files")
    return candidate


def _is_changed(report: Mapping[str, Any]) -> bool:
    return bool(report["changes"].get("definitions"))


def _export(
    connection: duckdb.DuckDBPyConnection,
    candidate: Candidate,
    contracts: Mapping[str, MartContract],
    as_of: date,
) -> tuple[dict[str, dict[str, Any]], dict[str, names.Told]]:
    """Counts by mart, and what is told by table of names."""
    folder = candidate.folder
    attach_new(connection, folder / MARTS_FILE)
    for contract in contracts.values():
        if not table_exists(connection, "marts", contract.name, database="warehouse"):
            raise AnonymartError(f"The warehouse has no mart {contract.name}: run `anonymart build` first.")
    # One thread writes the same bytes each time, so that the gate can write them again and compare.
    [(threads,)] = connection.execute("SELECT current_setting('threads')").fetchall()
    connection.execute("SET threads = 1")
    write_marts(connection, contracts, "warehouse.marts")
    named = names.write(connection, contracts)
    for table in all_tables(contracts):
        write_parquet(connection, table, folder / parquet_path(table.name))
    write_derived(connection, contracts, folder, candidate.release_id, as_of.isoformat())
    connection.execute(f"SET threads = {int(threads)}")
    marts = {contract.name: cells.counts(connection, contract) for contract in contracts.values()}
    return marts, named


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"

"""What lies in a release folder and in its DuckDB file, compared with what a release may have (S-ANON,
S-SAFE).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from anonymart import engine
from anonymart.contracts import MartContract
from anonymart.definitions import definitions
from anonymart.gate import names, rewriting
from anonymart.gate.tables import insert
from anonymart.policy import Policy
from anonymart.release import cell_definitions, key_handover, ledger
from anonymart.release.candidate_hash import is_what_was_approved
from anonymart.release.datapackage import data_package
from anonymart.release.folder import (
    CANDIDATE_PREFIX,
    DATA_DOCS,
    DATA_PACKAGE,
    GATE_RESULT,
    KEY_HANDOVER,
    MANIFEST,
    MANIFEST_SIGNATURE,
    MARTS_FILE,
    NAMES,
    NAMES_SCHEMA,
    PRIVACY_PAGE,
    PRIVACY_REPORT,
    PROCESSING_REGISTER,
    WITHDRAWN,
    WITHDRAWN_SIGNATURE,
    all_files,
    derived_files,
    marts_schema,
    parquet_path,
)
from anonymart.release.ledger import releases
from anonymart.release.manifest import APPROVAL_ENTRIES, ENTRIES, altered_files
from anonymart.release.name_tables import all_tables
from anonymart.release.privacy_report import GATE, privacy_report, read_privacy_report

_MART_ENTRIES = {"rows", "new_cells", "closed_periods", "figures", "too_few", "protected"}
_NOT_PLAIN = ("marts", "files", "rights", "replaces", "approval", "definitions", cell_definitions.NAME)
_HASH = re.compile(r"[0-9a-f]{64}")
_PLAIN = re.compile(r"[\w.\- ]{1,64}")
_DOCS = re.compile(rf"{DATA_DOCS}/[\w./\-]+\.(html|css)")


def make_folder_tables(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    contracts: Mapping[str, MartContract],
    policy: Policy,
    manifest: dict[str, Any],
) -> None:
    """Fill gate.objects, gate.descriptions and gate.file_findings, which the rules of the folder query."""
    is_candidate = folder.name.startswith(CANDIDATE_PREFIX)
    has_names = is_candidate or parquet_path(NAMES[0]) in (manifest.get("files") or {})
    _objects(connection, contracts, NAMES if has_names else ())
    _descriptions(connection, contracts)
    names.make(connection, contracts, is_candidate)
    findings = [
        *_strange_files(folder, contracts, manifest),
        *(("altered_file", _label(name, folder)) for name in _altered(folder, manifest)),
        *_strange_entries(manifest, contracts, is_candidate),
        *(
            [("manifest_entry_unknown", MANIFEST)]
            if cell_definitions.is_strange(connection, manifest)
            else []
        ),
        *_data_package(folder, contracts, manifest),
        *_privacy_report(connection, folder, contracts, policy, manifest),
        *_withdrawals(connection, folder, manifest),
        *(rewriting.findings(folder, contracts, manifest) if is_candidate else ()),
    ]
    connection.execute("CREATE TABLE gate.file_findings (kind VARCHAR, label VARCHAR)")
    insert(connection, "gate.file_findings", findings)


def _objects(
    connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract], listed: Sequence[str]
) -> None:
    """`listed` are the tables of names that the release has."""
    marts = marts_schema(connection)
    connection.execute("CREATE TABLE gate.promised_tables (schema_name VARCHAR, name VARCHAR)")
    insert(
        connection,
        "gate.promised_tables",
        [*([marts, name] for name in contracts), *([NAMES_SCHEMA, name] for name in listed)],
    )
    known = ", ".join(engine.literal(each) for each in ("main", marts, *([NAMES_SCHEMA] if listed else ())))
    # What nobody promised is counted, not named: its name may be the leak.
    connection.execute(f"""
        CREATE TABLE gate.objects AS
        WITH real AS (
            SELECT 'table' AS object, schema_name, table_name AS name FROM duckdb_tables()
            WHERE database_name = 'release' AND NOT internal
            UNION ALL SELECT 'view', schema_name, view_name FROM duckdb_views()
            WHERE database_name = 'release' AND NOT internal
            UNION ALL SELECT 'macro', schema_name, function_name FROM duckdb_functions()
            WHERE database_name = 'release' AND NOT internal
            UNION ALL SELECT 'sequence', schema_name, sequence_name FROM duckdb_sequences()
            WHERE database_name = 'release'
            UNION ALL SELECT 'index', schema_name, index_name FROM duckdb_indexes()
            WHERE database_name = 'release'
            UNION ALL SELECT 'type', schema_name, type_name FROM duckdb_types()
            WHERE database_name = 'release' AND NOT internal
            UNION ALL SELECT 'constraint', schema_name, constraint_type FROM duckdb_constraints()
            WHERE database_name = 'release'
            UNION ALL SELECT 'schema', schema_name, schema_name FROM duckdb_schemas()
            WHERE database_name = 'release' AND NOT internal AND schema_name NOT IN ({known})
            UNION ALL SELECT 'default', schema_name, column_default FROM duckdb_columns()
            WHERE database_name = 'release' AND NOT internal AND column_default IS NOT NULL
        )
        SELECT coalesce(promised.name, '*') AS mart,
            CASE WHEN promised.name IS NULL THEN 'extra_' || real.object
                WHEN real.name IS NULL AND promised.schema_name = 'names' THEN 'missing_names'
                WHEN real.name IS NULL THEN 'missing_mart' ELSE 'promised' END AS kind
        FROM real FULL JOIN gate.promised_tables AS promised
            ON real.object = 'table' AND real.schema_name = promised.schema_name
                AND real.name = promised.name""")


def _descriptions(connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract]) -> None:
    connection.execute("CREATE TABLE gate.descriptions (mart VARCHAR, column_name VARCHAR, text VARCHAR)")
    tables = all_tables(contracts)
    rows = [[table.name, "*", table.description] for table in tables]
    rows += [[table.name, column.name, column.description] for table in tables for column in table.columns]
    insert(connection, "gate.descriptions", rows)


def _strange_files(
    folder: Path, contracts: Mapping[str, MartContract], manifest: dict[str, Any]
) -> list[tuple[str, str]]:
    # A candidate is signed when it is published, after the gate, which writes the page itself.
    is_candidate = folder.name.startswith(CANDIDATE_PREFIX)
    may_be = {
        GATE_RESULT,
        *(
            (PRIVACY_PAGE, PROCESSING_REGISTER)
            if is_candidate
            else (MANIFEST_SIGNATURE, WITHDRAWN, WITHDRAWN_SIGNATURE)
        ),
        *((KEY_HANDOVER,) if not is_candidate and key_handover.is_sound(folder / KEY_HANDOVER) else ()),
    }
    promised = {MARTS_FILE, DATA_PACKAGE, MANIFEST, *(parquet_path(name) for name in contracts)}
    # Releases of 0.1.0 have none.
    if folder.name.startswith(CANDIDATE_PREFIX) or PRIVACY_REPORT in (manifest.get("files") or {}):
        promised.add(PRIVACY_REPORT)
    # Releases of before may have none.
    listed = set(manifest.get("files") or {})
    promised |= {PRIVACY_PAGE, PROCESSING_REGISTER} & listed
    newer = [*derived_files(contracts), *(parquet_path(name) for name in NAMES)]
    promised |= {name for name in newer if is_candidate or name in listed}
    real = all_files(folder)
    # Data Docs and the gate's own answer are written by the gate and read again after they are built.
    extra = [
        position
        for position, name in enumerate(real, 1)
        if (folder / name).is_symlink() or not (name in promised or name in may_be or _DOCS.fullmatch(name))
    ]
    return [("extra_file", f"file #{position}") for position in extra] + [
        ("missing_file", name) for name in sorted(promised - set(real))
    ]


def _altered(folder: Path, manifest: dict[str, Any]) -> list[str]:
    # The gate is about to write these into a candidate anew; a published release keeps them as they were.
    written_anew = (
        (GATE_RESULT, PRIVACY_REPORT, PRIVACY_PAGE, PROCESSING_REGISTER, f"{DATA_DOCS}/")
        if folder.name.startswith(CANDIDATE_PREFIX)
        else ()
    )
    return [name for name in altered_files(folder, manifest) if not name.startswith(tuple(written_anew))]


def _strange_entries(
    manifest: dict[str, Any], contracts: Mapping[str, MartContract], is_candidate: bool
) -> list[tuple[str, str]]:
    found = sum(name not in ENTRIES for name in manifest)
    found += sum(not _PLAIN.fullmatch(str(manifest.get(name))) for name in ENTRIES if name not in _NOT_PLAIN)
    found += _strange_approval(manifest, is_candidate)
    # Releases of before do not tell them, published ones may have other ones.
    told = manifest.get("definitions", None if is_candidate else {})
    found += (
        told != definitions()
        if is_candidate
        else not isinstance(told, dict) or not all(_HASH.fullmatch(str(each)) for each in told.values())
    )
    # Releases of 0.1.0 do not tell it, later ones told how many were open, near their last day and late.
    rights = manifest.get("rights", {})
    found += (
        not isinstance(rights, dict)
        or not set(rights) <= {"all_in_time", "open", "near", "late"}
        or not all(isinstance(n, int) for n in rights.values())
    )
    marts = manifest.get("marts")
    if not isinstance(marts, dict) or set(marts) != set(contracts):
        found += 1
    else:
        found += sum(
            not isinstance(entry, dict)
            or set(entry) != _MART_ENTRIES
            or not all(isinstance(n, int) for n in entry.values())
            for entry in marts.values()
        )
    return [("manifest_entry_unknown", MANIFEST)] * found


def _strange_approval(manifest: dict[str, Any], is_candidate: bool) -> bool:
    """A candidate has none yet; releases of 0.1.0 have none either."""
    approval = manifest.get("approval")
    if approval is None:
        return False
    if is_candidate or not isinstance(approval, dict) or not set(approval) <= set(APPROVAL_ENTRIES):
        return True
    return not is_what_was_approved(manifest)


def _withdrawals(
    connection: duckdb.DuckDBPyConnection, folder: Path, manifest: dict[str, Any]
) -> list[tuple[str, str]]:
    release_id = str(manifest.get("release_id"))
    is_candidate = folder.name.startswith(CANDIDATE_PREFIX)
    found = []
    if manifest.get("replaces", []) != ledger.replaces(connection, None if is_candidate else release_id):
        found.append(("replaces_unlike_ledger", MANIFEST))
    if (folder / WITHDRAWN).exists():
        withdrawal = ledger.withdrawals(connection).get(release_id)
        if withdrawal is None or _read_json(folder / WITHDRAWN) != ledger.withdrawal_notice(withdrawal):
            found.append(("replaces_unlike_ledger", WITHDRAWN))
    return found


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _data_package(
    folder: Path, contracts: Mapping[str, MartContract], manifest: dict[str, Any]
) -> list[tuple[str, str]]:
    expected = data_package(contracts, str(manifest.get("as_of")), str(manifest.get("release_id")))
    return (
        []
        if _read_json(folder / DATA_PACKAGE) == expected
        else [("data_package_unlike_contract", DATA_PACKAGE)]
    )


def _privacy_report(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    contracts: Mapping[str, MartContract],
    policy: Policy,
    manifest: dict[str, Any],
) -> list[tuple[str, str]]:
    """What was published has no evidence any more; its bytes are held by the manifest."""
    release_id = str(manifest.get("release_id"))
    if release_id in {release["release_id"] for release in releases(connection)}:
        return []
    try:
        as_of = date.fromisoformat(str(manifest.get("as_of")))
        expected = privacy_report(connection, contracts, policy, release_id, as_of, folder.parent)
    except (duckdb.Error, ValueError):
        expected = {}
    # The gate's own part is not there yet, or is written anew.
    found = {name: part for name, part in read_privacy_report(folder).items() if name != GATE}
    return [] if found == expected != {} else [("privacy_report_unlike_evidence", PRIVACY_REPORT)]


def _label(name: str, folder: Path) -> str:
    real = all_files(folder)
    told = (
        MARTS_FILE,
        DATA_PACKAGE,
        PRIVACY_REPORT,
        PRIVACY_PAGE,
        PROCESSING_REGISTER,
        GATE_RESULT,
        MANIFEST,
    )
    if name in told:
        return name
    return f"file #{real.index(name) + 1}" if name in real else "a missing file"

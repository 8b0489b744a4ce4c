"""`privacy_report.json`: what protects the figures of a release (S-ANON).

In noisy counts, limits of the policy, yes or no, and what follows from the marts of the release: exact
figures about persons are the reviewer's alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from anonymart import __version__
from anonymart.contracts import MartContract
from anonymart.disclosure import membership, perturbation
from anonymart.engine import table_exists
from anonymart.policy import Policy
from anonymart.release import for_reviewer, report_cards, report_changes, report_costs, report_persons
from anonymart.release.cells import key_sql
from anonymart.release.folder import PRIVACY_REPORT
from anonymart.rights import count, load_states

GATE = "gate"


def privacy_report(
    connection: duckdb.DuckDBPyConnection,
    contracts: Mapping[str, MartContract],
    policy: Policy,
    release_id: str,
    as_of: date,
    releases: Path,
) -> dict[str, Any]:
    """The report as plain data, all but what the gate adds under `gate`; the marts are attached as `release`.

    `releases` is the folder of all releases. The gate works the report out once more and compares.
    """
    before = report_changes.previous(connection, releases)
    requests = count(load_states(connection, policy, as_of).values())
    known = (before.get("report") or {}).get("persons") or {}
    report: dict[str, Any] = {
        "release_id": release_id,
        "as_of": as_of.isoformat(),
        "code_version": __version__,
        "policy_version": policy.version,
        "count_error_persons": {
            noise: round(perturbation.mean_error(table), 2)
            for noise, table in perturbation.of_policy(policy).items()
        },
        "one_count": report_costs.one_count(policy),
        "marts": {
            name: report_cards.card(connection, contract, policy) for name, contract in contracts.items()
        },
        "persons": report_persons.persons(connection, policy, known),
        "requests": {"all_in_time": not requests["late"]},
        "membership": for_reviewer.notes(connection, release_id).get(membership.NAME, {}).get("within", {}),
        "register": report_changes.flat(policy.raw),
    }
    report["changes"] = report_changes.changes(before, report, contracts)
    return json.loads(json.dumps(report, default=str))


def new_evidence(connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract]) -> str:
    """SQL that may follow FROM: the warehouse's evidence without the cells that the ledger knows; none where
    there is no evidence.
    """
    if not table_exists(connection, "evidence", "cell_evidence", database="warehouse"):
        return NO_EVIDENCE
    known = [
        f"SELECT '{name}' AS mart, {key_sql(tuple(contract.dimensions), 'cell')} AS cell_key FROM "
        f"vault.ledger.cells_{name} AS cell"
        for name, contract in contracts.items()
        if table_exists(connection, "ledger", f"cells_{name}")
    ]
    carried = f"ANTI JOIN ({' UNION ALL '.join(known)}) AS carried USING (mart, cell_key)" if known else ""
    return f"(SELECT evidence.* FROM warehouse.evidence.cell_evidence AS evidence {carried})"


def read_privacy_report(folder: Path) -> dict[str, Any]:
    """The report of a release folder; empty where it has none, as releases of 0.1.0, or none that can be
    read.
    """
    try:
        report = json.loads((folder / PRIVACY_REPORT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return report if isinstance(report, dict) else {}


NO_EVIDENCE = (
    "(SELECT NULL::VARCHAR AS mart, NULL::VARCHAR AS cell_key, NULL::VARCHAR AS measure, NULL::BIGINT "
    "AS true_count, "
    "NULL::DOUBLE AS true_value, NULL::DOUBLE AS published_value, NULL::VARCHAR AS published_reason, "
    "NULL::VARCHAR AS clipped, "
    "NULL::BIGINT AS n_below, NULL::BIGINT AS n_above, NULL::DOUBLE AS largest_share, NULL::BOOLEAN AS "
    "p_percent_ok WHERE false)"
)

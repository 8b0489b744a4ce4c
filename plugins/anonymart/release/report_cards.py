"""A risk card for each mart, from what is published alone: it tells nobody more than the mart does (S-ANON)."""

from __future__ import annotations

import math
from typing import Any

import duckdb

from anonymart.contracts import MartContract
from anonymart.policy import Policy
from anonymart.release import cells


def card(connection: duckdb.DuckDBPyConnection, contract: MartContract, policy: Policy) -> dict[str, Any]:
    """Rows, cells and suppressed figures of a mart of the attached `release`, and its risk in published figures.

    smallest_cell: the smallest count that is shown and not 0. k: persons in the smallest row, by its largest count. l: in how many
    classes the persons of a row with a sensitive figure may be, at least. None where the mart has no such figure.
    """
    found = cells.counts(connection, contract)
    hidden = found["too_few"] + found["protected"]
    counts = [measure["name"] for measure in contract.measures if measure["kind"] == "count" and measure["name"] in contract.figures]
    listed = ", ".join(f'"{name}"' for name in counts)
    table = f"release.marts.{contract.name}"
    smallest, k = _row(connection, f"""
        SELECT min(list_min(list_filter([{listed}], lambda n: n > 0))), min(greatest({listed}, 0)) FILTER (greatest({listed}, 0) > 0) FROM {table}""")
    return {
        "rows": found["rows"],
        "new_cells": found["new_cells"],
        "carried_cells": found["rows"] - found["new_cells"],
        "closed_periods": found["closed_periods"],
        "figures": found["figures"],
        "suppressed": {reason: found[reason] for reason in ("too_few", "protected")},
        "suppressed_share": round(hidden / found["figures"], 4) if found["figures"] else 0.0,
        "smallest_cell": smallest,
        "k": k,
        "l": _diversity(connection, contract),
        "dominance": _dominance(contract, policy),
        "noise": {"standard_deviation": round(math.sqrt(policy.figure("counts", "variance")), 2)},
    }


def _diversity(connection: duckdb.DuckDBPyConnection, contract: MartContract) -> int | None:
    classes = []
    for measure in contract.measures:
        name = measure["name"]
        if not measure.get("sensitive") or name not in contract.figures:
            continue
        if measure["kind"] == "rate":
            classes.append(f'CASE WHEN "{name}" IN (0, 1) THEN 1 WHEN "{name}" IS NOT NULL THEN 2 END')
        elif measure.get("partition"):
            parts = [m["name"] for m in contract.measures if m.get("partition") == measure["partition"] and m["name"] in contract.figures]
            shown = " + ".join(f'("{part}" > 0)::INTEGER' for part in parts)
            classes.append(f'CASE WHEN {" + ".join(f"{chr(34)}{part}{chr(34)}" for part in parts)} > 0 THEN {shown} END')
    if not classes:
        return None
    return _row(connection, f"SELECT min(least({', '.join(classes)})) FROM release.marts.{contract.name}")[0]


def _dominance(contract: MartContract, policy: Policy) -> dict[str, Any] | None:
    """The limits of the rules for amounts of money; None for a mart without any."""
    has_money = any(measure.get("money") and measure["name"] in contract.figures for measure in contract.measures)
    return {name: policy.figure("money", name) for name in ("largest_share_percent", "p_percent")} if has_money else None


def _row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple:
    return connection.execute(sql).fetchone() or (None, None)

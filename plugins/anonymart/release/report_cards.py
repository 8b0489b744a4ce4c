"""A risk card for each mart, from what is published alone: it tells nobody more than the mart does (S-ANON)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import duckdb

from anonymart.contracts import MartContract
from anonymart.policy import Policy
from anonymart.release import cells

# Which rule hid a figure, as the reviewer reads it.
HIDDEN_BY = {
    "small_base": "too few people",
    "dominance": "one person makes the amount",
    "few_on_a_side": "too few people earn less, or more",
    "band": "a share beyond its band",
    "between_cells": "nested cells, remainders or a correction",
}


def card(
    connection: duckdb.DuckDBPyConnection, contract: MartContract, policy: Policy, utility: Mapping[str, Any], evidence: str
) -> dict[str, Any]:
    """Rows, cells and suppressed figures of a mart of the attached `release`, and its risk in published figures.

    smallest_cell: the smallest count that is shown and not 0. k: persons in the smallest row, by its largest count. l: in how many
    classes the persons of a row with a sensitive figure may be, at least. None where the mart has no such figure. hidden_by: figures
    of the new cells by the rule that struck, of `evidence`.
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
        "hidden_by": _hidden_by(connection, contract, policy, evidence),
        "noise": {
            "standard_deviation": round(math.sqrt(policy.figure("counts", "variance")), 2),
            "mean_error_persons": utility["marts"][contract.name].get("count_error_persons"),
        },
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


def _hidden_by(connection: duckdb.DuckDBPyConnection, contract: MartContract, policy: Policy, evidence: str) -> dict[str, int]:
    """How many figures of the new cells each rule hides: the first that applies, in the order of the build. Figures, never persons."""
    figures = ", ".join(f"'{name}'" for name in contract.figures)
    share, side = policy.figure("money", "largest_share_percent"), policy.figure("quantiles", "persons_each_side")
    rows = connection.execute(f"""
        SELECT CASE
            WHEN published_reason = 'too_few' THEN 'small_base'
            WHEN NOT p_percent_ok OR 100 * largest_share > {share} THEN 'dominance'
            WHEN least(n_below, n_above) < {side} THEN 'few_on_a_side'
            WHEN is_clipped AND largest_share IS NULL THEN 'band'
            ELSE 'between_cells' END AS rule, count(*)
        FROM (SELECT *, bool_or(clipped IS NOT NULL) OVER (PARTITION BY cell_key) AS is_clipped FROM {evidence} AS evidence WHERE mart = '{contract.name}')
        WHERE published_reason IS NOT NULL AND measure IN ({figures}) GROUP BY rule""").fetchall()
    found = dict(rows)
    return {rule: found[rule] for rule in HIDDEN_BY if rule in found}


def _row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple:
    return connection.execute(sql).fetchone() or (None, None)

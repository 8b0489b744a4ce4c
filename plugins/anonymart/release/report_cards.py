"""A risk card for each mart, from what is published alone: it tells nobody more than the mart does
(S-ANON).
"""

from __future__ import annotations

import math
from typing import Any

import duckdb

from anonymart.contracts import MartContract
from anonymart.policy import Policy
from anonymart.release import cells, report_costs


def card(connection: duckdb.DuckDBPyConnection, contract: MartContract, policy: Policy) -> dict[str, Any]:
    """Rows, cells and suppressed figures of a mart of the attached `release`, and its risk in published
    figures.

    smallest_cell: the smallest count that is shown and not 0, with its noise. guaranteed: what the rules hold
    each row to.
    """
    law = policy.of_class(contract.noise)
    found = cells.counts(connection, contract)
    hidden = found["too_few"] + found["protected"]
    counts = [
        measure["name"]
        for measure in contract.measures
        if measure["kind"] == "count" and measure["name"] in contract.figures
    ]
    listed = ", ".join(f'"{name}"' for name in counts)
    table = f"release.main.{contract.name}"
    smallest = connection.execute(
        f"SELECT min(list_min(list_filter([{listed}], lambda n: n > 0))) FROM {table}"
    ).fetchone()
    return {
        "rows": found["rows"],
        "new_cells": found["new_cells"],
        "carried_cells": found["rows"] - found["new_cells"],
        "closed_periods": found["closed_periods"],
        "figures": found["figures"],
        "suppressed": {reason: found[reason] for reason in ("too_few", "protected")},
        "suppressed_share": round(hidden / found["figures"], 4) if found["figures"] else 0.0,
        "smallest_cell": smallest[0] if smallest else None,
        "by_base": report_costs.by_base(connection, contract),
        "guaranteed": _guaranteed(contract, law),
        "dominance": _dominance(contract, policy),
        "noise": {
            "class": contract.noise,
            "standard_deviation": round(math.sqrt(law.figure("counts", "variance")), 2),
        },
    }


def _guaranteed(contract: MartContract, policy: Policy) -> dict[str, Any]:
    """What holds for every row, by the register: counts with noise guarantee nothing by themselves. Only of
    the kinds that the mart has.

    Of shares, means and scores: the published base, and the true persons that it stands for at least. The
    base of a score adds up three counts with noise.
    """
    kinds = {measure["kind"] for measure in contract.measures if measure["name"] in contract.figures}
    counts, quantiles = policy.figure("counts"), policy.figure("quantiles")
    found: dict[str, Any] = {name: counts[name] for name in ("smallest", "largest_deviation", "variance")}
    base, off = policy.figure("rates", "smallest_base"), counts["largest_deviation"]
    if kinds & {"rate", "mean"}:
        found |= {"smallest_base": base, "true_persons": base - off}
    if "nps" in kinds:
        of_score = policy.figure("nps", "smallest_base")
        found |= {"smallest_base_of_a_score": of_score, "true_persons_of_a_score": of_score - 3 * off}
    if "quantile" in kinds:
        found |= {
            name: quantiles[name]
            for name in ("smallest_base_median", "smallest_base_quartile", "persons_each_side")
        }
    return found


def _dominance(contract: MartContract, policy: Policy) -> dict[str, Any] | None:
    """The limits of the rules for amounts of money; None for a mart without any."""
    has_money = any(
        measure.get("money") and measure["name"] in contract.figures for measure in contract.measures
    )
    return (
        {name: policy.figure("money", name) for name in ("largest_share_percent", "p_percent")}
        if has_money
        else None
    )

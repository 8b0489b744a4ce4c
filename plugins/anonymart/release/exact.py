"""The exact figures of a candidate: from true counts, for the reviewer, in no file of a release (S-ANON).

Whoever knows everybody but one reads that one off an exact figure about persons. So a release holds noisy
counts, limits of the policy, a yes or no, and what follows from its own marts; the rest stands here. The gate
works each figure out once more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import duckdb

from anonymart.contracts import MartContract
from anonymart.disclosure import bursts, membership, selection, utility
from anonymart.keys import Keys
from anonymart.policy import Policy
from anonymart.rights import count, load_states

ATTACKS, BURSTS, HIDDEN = "attacks", "bursts", "hidden_by"
REQUESTS, SELECTION, UTILITY = "requests", "selection", "utility"
# Which rule hid a figure, as the reviewer reads it.
HIDDEN_BY = {
    "small_base": "too few people",
    "dominance": "one person makes the amount",
    "few_on_a_side": "too few people earn less, or more",
    "band": "a share beyond its band",
    "between_cells": "nested cells, remainders or a correction",
}


def figures(
    connection: duckdb.DuckDBPyConnection,
    contracts: Mapping[str, MartContract],
    policy: Policy,
    evidence: str,
    as_of: date,
    keys: Keys,
) -> dict[str, Any]:
    """What is noted for the reviewer, by name, as plain data; vault and warehouse are attached.

    `evidence` is SQL that may follow FROM: the evidence of the cells that are new in the candidate.
    """
    requests = count(load_states(connection, policy, as_of).values())
    found = {
        membership.NAME: membership.measure(connection, contracts, policy),
        UTILITY: utility.measure(connection, contracts, policy, evidence),
        SELECTION: selection.measure(connection, contracts, evidence),
        HIDDEN: {
            name: hidden_by(connection, contract, policy, evidence) for name, contract in contracts.items()
        },
        BURSTS: bursts.measure(connection, contracts, policy, evidence, keys),
        REQUESTS: {name: requests[name] for name in ("open", "near", "late")},
    }
    return json.loads(json.dumps(found, default=str))


def hidden_by(
    connection: duckdb.DuckDBPyConnection, contract: MartContract, policy: Policy, evidence: str
) -> dict[str, int]:
    """How many figures of the new cells each rule hides: the first that applies, as in the build."""
    shown = ", ".join(f"'{name}'" for name in contract.figures)
    share, side = (
        policy.figure("money", "largest_share_percent"),
        policy.figure("quantiles", "persons_each_side"),
    )
    rows = connection.execute(f"""
        SELECT CASE
            WHEN published_reason = 'too_few' THEN 'small_base'
            WHEN NOT p_percent_ok OR 100 * largest_share > {share} THEN 'dominance'
            WHEN least(n_below, n_above) < {side} THEN 'few_on_a_side'
            WHEN is_clipped AND largest_share IS NULL THEN 'band'
            ELSE 'between_cells' END AS rule, count(*)
        FROM (SELECT *, bool_or(clipped IS NOT NULL) OVER (PARTITION BY cell_key) AS is_clipped
            FROM {evidence} AS evidence WHERE mart = '{contract.name}')
        WHERE published_reason IS NOT NULL AND measure IN ({shown}) GROUP BY rule""").fetchall()
    found = dict(rows)
    return {rule: found[rule] for rule in HIDDEN_BY if rule in found}

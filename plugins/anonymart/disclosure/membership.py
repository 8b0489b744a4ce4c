"""How surely the figures of all years tell that somebody is in the statistics, by the accountant, against
the limits of the policy (S-ANON).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from anonymart.contracts import MartContract
from anonymart.disclosure.accountant import Spent, at_share, rates_at
from anonymart.disclosure.perturbation import Scheme, perturbation_table, schemes
from anonymart.disclosure.spent import ToCome, schemes_of, spent
from anonymart.policy import Policy

NAME = "membership"  # of the note for the reviewer, and of what a report says against the limits
SHARES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)
# The limit of the policy for the share of persons that it holds for.
_LIMITS = {"median_at_most": 0.5, "of_99_percent_at_most": 0.99, "of_anybody_at_most": 1.0}


def measure(
    connection: duckdb.DuckDBPyConnection,
    contracts: Mapping[str, MartContract],
    policy: Policy,
    to_come: Sequence[ToCome] = (),
) -> dict[str, Any]:
    """Exact figures about persons, for the reviewer only: how many draws and how often told, at these shares
    of persons (0 to 1).

    From a connection with the warehouse attached, over the marts of the last build, carried cells included,
    and what is to come, of learners.
    `within` says of each limit of the policy whether it is kept: that alone may stand in a release. Visitors
    of the public site are no learners and are measured apart, under `visitors`: so many people of one cell
    would make the share of learners who are told look small. A limit is kept where both keep it.
    """
    learners = {name: each for name, each in contracts.items() if not each.is_of_visitors}
    found = _of_persons(connection, learners, policy, to_come)
    visitors = _of_persons(
        connection, {name: each for name, each in contracts.items() if each.is_of_visitors}, policy
    )
    if visitors["persons"]:
        kept = visitors.pop("within")
        found["within"] = {name: is_kept and kept[name] for name, is_kept in found["within"].items()}
        found["visitors"] = visitors
    return found


def _of_persons(
    connection: duckdb.DuckDBPyConnection,
    contracts: Mapping[str, MartContract],
    policy: Policy,
    to_come: Sequence[ToCome] = (),
) -> dict[str, Any]:
    known = schemes_of(connection, policy)
    groups = spent(connection, contracts, policy, known, to_come)
    rates = _rates(groups, policy, known)
    draws = [(float(sum(one.counts)), one.persons) for one in groups]
    return {
        "persons": sum(one.persons for one in groups),
        "shares": [
            {"share": share, "draws": int(at_share(draws, share)), "told": round(rates[share], 4)}
            for share in SHARES
        ],
        "within": _within(rates, policy),
    }


def within(groups: list[Spent], policy: Policy) -> dict[str, bool]:
    """Whether each limit of the policy is kept for these groups of persons, of whom all was drawn by the
    present policy.
    """
    return _within(_rates(groups, policy, list(schemes(policy).values())), policy)


def _rates(groups: list[Spent], policy: Policy, known: list[Scheme]) -> dict[float, float]:
    return _rates_of_groups(tuple(groups), policy.figure("membership", "false_alarms"), tuple(known))


@functools.lru_cache(maxsize=4)
def _rates_of_groups(
    groups: tuple[Spent, ...], false_alarms: float, known: tuple[Scheme, ...]
) -> dict[float, float]:
    """The rates follow from the groups alone: the gate, which counts the groups once more, need not work out
    those of equal groups.
    """
    return rates_at(groups, [perturbation_table(*scheme) for scheme in known], false_alarms, SHARES)


def _within(rates: dict[float, float], policy: Policy) -> dict[str, bool]:
    return {
        name: round(rates[share], 4) <= policy.figure("membership", name) for name, share in _LIMITS.items()
    }

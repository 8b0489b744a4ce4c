"""What was drawn about each person: from the people behind the cells to the accountant's groups, new and carried cells alike (S-ANON).

True figures: read in the warehouse, for the reviewer; nothing of it may stand in a release but whether the limits are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from anonymart.contracts import MartContract
from anonymart.disclosure.accountant import Spent
from anonymart.disclosure.perturbation import of_policy
from anonymart.policy import Policy
from anonymart.release.cells import has_people
from anonymart.release.ledger import table_exists


def spent(
    connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract], policy: Policy
) -> list[Spent]:
    """Groups of persons who have spent the same, from a connection with the warehouse attached: the marts of the last build.

    A figure that another cell tells first is no draw of its own. The counts of persons are those of today's people.
    """
    last = max(entry.true_count for entry in of_policy(policy)) + 1
    draws = [
        sql
        for contract in contracts.values()
        if has_people(connection, contract)
        and table_exists(connection, "marts", contract.name, database="warehouse")
        for sql in _draws(contract, policy, last)
    ]
    if not draws:
        return []
    blocks = ", ".join(f"count(*) FILTER (block = {block})" for block in range(1, last + 1))
    rows = connection.execute(f"""
        WITH draws AS ({" UNION ALL ".join(draws)}),
        persons AS (SELECT person, [{blocks}] AS counts, round(coalesce(sum(information), 0), 1) AS sums FROM draws GROUP BY person)
        SELECT counts, sums, count(*) FROM persons GROUP BY counts, sums ORDER BY counts, sums""").fetchall()
    return [Spent(tuple(counts), float(sums), int(n)) for counts, sums, n in rows]


def _draws(contract: MartContract, policy: Policy, last: int) -> list[str]:
    """SQL for one row for each draw of each person: (person, block or NULL, information of a sum or NULL)."""
    found = []
    cell = "PARTITION BY " + ", ".join(f'cell."{name}"' for name in contract.dimensions)
    source = f"warehouse.intermediate.{contract.disclosure['people']} AS people JOIN warehouse.marts.{contract.name} AS cell ON {_same(contract)}"
    person = f'people."{contract.disclosure["person"]}" AS person'
    for measure in contract.measures:
        if measure["kind"] == "count" and (is_told := _is_told(contract, measure)) is not None:
            where = f'AND people."{measure["where"]}"' if measure.get("where") else ""
            found.append(f"""
                SELECT {person}, least(count(*) OVER ({cell}), {last}) AS block, NULL AS information
                FROM {source} WHERE {is_told} {where} {_first_only(contract, measure)}""")
        elif measure["kind"] == "mean":
            bounded = f'least(people."{measure["value"]}", {policy.figure("means", "largest_events_per_person")})'
            noise = f"{policy.figure('means', 'noise_of_largest')} * max({bounded}) OVER ({cell})"
            found.append(f"""
                SELECT {person}, NULL AS block, pow({bounded} / ({noise}), 2) AS information
                FROM {source} WHERE cell."{measure["name"]}" IS NOT NULL""")
    return found


def _same(contract: MartContract) -> str:
    pooling = contract.disclosure.get("pooling") or {}
    years = set(pooling.values())
    same = [f'people."{name}" = cell."{name}"' for name in contract.dimensions if name not in years]
    if pooling:
        same.append(f'people."{pooling["year"]}" BETWEEN cell."{pooling["year_from"]}" AND cell."{pooling["year"]}"')
    return " AND ".join(same)


def _is_told(contract: MartContract, measure: Mapping[str, Any]) -> str | None:
    """Where a count is told, itself or by a rate; None where another cell always tells it first."""
    first = measure.get("told_by") or {}
    if first.get("mart", contract.name) != contract.name or first.get("measure", measure["name"]) != measure["name"]:
        return None
    shown = [measure["name"]] if measure["name"] in contract.figures else []
    rates = [
        rate["name"]
        for rate in contract.measures
        if rate["kind"] == "rate" and measure["name"] in (rate["numerator"], rate["denominator"])
    ]
    return (
        "(" + " OR ".join(f'cell."{name}" IS NOT NULL' for name in [*shown, *rates]) + ")" if shown or rates else None
    )


def _first_only(contract: MartContract, measure: Mapping[str, Any]) -> str:
    at = (measure.get("told_by") or {}).get("at") or {}
    return "".join(
        f""" AND cell."{name}"::VARCHAR = '{value}'"""
        for name, value in at.items()
        if value not in contract.dimensions
    )

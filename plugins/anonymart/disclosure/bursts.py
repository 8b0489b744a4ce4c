"""Bursts of new people in a cell that closes: accounts opened to reach a threshold look so (S-ANON).

Whoever opens accounts of his own fills a cell until a figure is published, and takes them off again: the rest
of the cell is what he learns. No rule on counts can tell his accounts from people, but they are new, and many
at once. So the people of each new cell whom the school has not known before its period are held against the
median of the other cells of the same course, path or diploma.
Source: Douceur, "The Sybil attack" (International Workshop on Peer-to-Peer Systems, 2002).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import pyarrow as pa

from anonymart.contracts import MartContract
from anonymart.keys import Keys
from anonymart.policy import Policy
from anonymart.release.cells import has_people, key_sql, number_of, people

_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


def measure(
    connection: duckdb.DuckDBPyConnection,
    contracts: Mapping[str, MartContract],
    policy: Policy,
    evidence: str,
    keys: Keys,
) -> list[dict[str, Any]]:
    """The new cells with a burst, the largest one first: mart, cell, people, new_people and usual.

    True figures, for the reviewer only. `evidence` is SQL that may follow FROM: mart and cell_key of the new
    cells; vault and warehouse are attached. New are people who registered or used the site first in the
    cell's period, or up to `bursts.days_before` days before it.
    """
    _note_since(connection, keys)
    found = [
        row for contract in contracts.values() for row in _of_mart(connection, contract, policy, evidence)
    ]
    return sorted(found, key=lambda row: (row["usual"] - row["new_people"], row["mart"], row["cell"]))


def _of_mart(
    connection: duckdb.DuckDBPyConnection, contract: MartContract, policy: Policy, evidence: str
) -> list[dict[str, Any]]:
    if not has_people(connection, contract):
        return []
    times, fewest, days = (
        policy.figure("bursts", name) for name in ("times_usual", "fewest_people", "days_before")
    )
    period, grain = f'people."{contract.period.column}"', contract.period.grain
    start = f"make_date({period}, 1, 1)" if grain == "year" else f"{period}::DATE"
    years = set((contract.disclosure.get("pooling") or {}).values())
    place = tuple(name for name in contract.dimensions if name not in {contract.period.column, *years})
    # The texts of the keys are made once for a cell, not for each person in it.
    dimensions = ", ".join(f'people."{name}"' for name in contract.dimensions)
    rows = connection.execute(f"""
        WITH cells AS (
            SELECT {dimensions},
                count(known.person) FILTER (
                    since >= {start} - {days} AND since < {start} + INTERVAL {_MONTHS[grain]} MONTH
                ) AS n_new,
                count(*) AS n_people
            FROM {people(connection, contract)} AS people
            LEFT JOIN known_since AS known ON known.person = people."{contract.disclosure["person"]}"
            GROUP BY ALL
        ),
        counted AS (
            SELECT {key_sql(tuple(contract.dimensions), "cells")} AS cell_key,
                {key_sql(place, "cells") if place else "''"} AS place, n_new, n_people
            FROM cells
        ),
        compared AS (
            SELECT fresh.cell_key, fresh.n_people, fresh.n_new,
                coalesce(median(other.n_new), (SELECT median(n_new) FROM counted)) AS usual
            FROM counted AS fresh
            LEFT JOIN counted AS other ON other.place = fresh.place AND other.cell_key <> fresh.cell_key
            WHERE fresh.n_new >= {fewest}
                AND fresh.cell_key IN (SELECT cell_key FROM {evidence} AS e WHERE mart = '{contract.name}')
            GROUP BY ALL
        )
        SELECT cell_key, n_people, n_new, usual FROM compared WHERE n_new > {times} * usual""").fetchall()
    return [
        {"mart": contract.name, "cell": cell, "people": people, "new_people": new, "usual": float(usual)}
        for cell, people, new, usual in rows
    ]


def _note_since(connection: duckdb.DuckDBPyConnection, keys: Keys) -> None:
    """Since which day the school has known each person, by pseudonym: the temporary table `known_since`."""
    rows = connection.execute("""
        SELECT person_id, min(day) FROM (
            SELECT identifier, first_use_at::DATE AS day FROM vault.register.last_use
            UNION ALL SELECT identifier, registered_at::DATE FROM vault.register.learners
        ) AS seen JOIN vault.register.identities AS identities USING (identifier)
        WHERE person_id IS NOT NULL AND day IS NOT NULL GROUP BY person_id""").fetchall()
    pseudonyms = [keys.pseudonym_of(person) for person, _ in rows]
    days = pa.array([day for _, day in rows], pa.date32())
    connection.register(
        "known_people", pa.table([pa.array(pseudonyms, pa.string()), days], ["person", "since"])
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE known_since AS "
        f"SELECT {number_of('person')} AS person, since FROM known_people"
    )
    connection.unregister("known_people")

"""What was drawn about each person: from the people behind the cells to the accountant's groups, new and
carried cells alike (S-ANON).

True figures: read in the warehouse, for the reviewer; nothing of it may stand in a release but whether the
limits are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import duckdb

from anonymart import engine
from anonymart.contracts import MartContract
from anonymart.disclosure.accountant import Spent, blocks
from anonymart.disclosure.perturbation import Scheme, perturbation_table, schemes
from anonymart.engine import table_exists
from anonymart.policy import Policy
from anonymart.release.cells import has_people, number_of, people
from anonymart.release.ledger import noise_by_release


class ToCome(NamedTuple):
    """Cells that no build has made yet: their contract, and SQL after FROM for their people, of periods that
    have closed.
    """

    contract: MartContract
    people: str


def schemes_of(connection: duckdb.DuckDBPyConnection, policy: Policy) -> list[Scheme]:
    """The parameters of all noise that a published or a new cell may have: those of the policy, and those of
    earlier releases.
    """
    known = list(schemes(policy).values())
    for by_class in noise_by_release(connection).values():
        known += [scheme for scheme in by_class.values() if scheme not in known]
    return list(dict.fromkeys(known))


def spent(
    connection: duckdb.DuckDBPyConnection,
    contracts: Mapping[str, MartContract],
    policy: Policy,
    known: Sequence[Scheme],
    to_come: Sequence[ToCome] = (),
) -> list[Spent]:
    """Groups of persons who have spent the same, from a connection with the warehouse attached: the marts of
    the last build, and the counts of what is to come, as if each were told.

    A figure that another cell tells first is no draw of its own. The counts of persons are those of today's
    people. `known` are the tables of noise in the order of `Spent.counts`; a carried cell keeps that of the
    release that it came with.
    """
    places = _Places(connection, policy, known)
    draws = [
        sql
        for contract in contracts.values()
        if has_people(connection, contract)
        and table_exists(connection, "marts", contract.name, database="warehouse")
        for sql in _draws(connection, contract, policy, places)
    ]
    draws += [sql for each in to_come for sql in _draws_to_come(each, places)]
    if not draws:
        return []
    blocks = ", ".join(
        f"coalesce(sum(n) FILTER (block = {block}), 0)::BIGINT" for block in range(1, places.number + 1)
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE draws AS {' UNION ALL '.join(draws)}")
    rows = connection.execute(f"""
        WITH persons AS (SELECT person, [{blocks}] AS counts, round(coalesce(sum(information), 0), 2) AS sums
        FROM draws GROUP BY person)
        SELECT counts, sums, count(*) FROM persons GROUP BY counts, sums ORDER BY counts, sums""").fetchall()
    connection.execute("DROP TABLE draws")
    return [Spent(tuple(counts), float(sums), int(n)) for counts, sums, n in rows]


class _Places:
    """Where the counts by each table of noise stand in `Spent.counts`, and by which table a cell was
    drawn.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, policy: Policy, known: Sequence[Scheme]
    ) -> None:
        self.present, self.number = schemes(policy), 0
        self.first: dict[Scheme, tuple[int, int]] = {}
        for scheme in known:
            size = blocks(perturbation_table(*scheme))
            self.first[scheme] = (self.number, size)
            self.number += size
        self.earlier = {
            release_id: by_class
            for release_id, by_class in noise_by_release(connection).items()
            if by_class != self.present
        }

    def block(self, noise: str, count: str) -> str:
        """SQL for the place of a count of the class in a cell that is joined with `known`."""
        return self._by_release(
            noise, lambda scheme: f"{self.first[scheme][0]} + least({count}, {self.first[scheme][1]})"
        )

    def variance(self, noise: str) -> str:
        """SQL for the variance of the noise of the class in such a cell."""
        return self._by_release(noise, lambda scheme: str(scheme.variance))

    def _by_release(self, noise: str, told: Callable[[Scheme], str]) -> str:
        earlier = " ".join(
            f"WHEN known.release_id = {engine.literal(release_id)} THEN {told(by_class[noise])}"
            for release_id, by_class in self.earlier.items()
        )
        present = told(self.present[noise])
        return f"CASE {earlier} ELSE {present} END" if earlier else present

    def joined(self, connection: duckdb.DuckDBPyConnection, contract: MartContract) -> str:
        """SQL that joins `cell` with `known`, the release that it was new in; nothing where all cells are
        drawn alike.
        """
        if not self.earlier or not table_exists(connection, "ledger", f"cells_{contract.name}"):
            return "CROSS JOIN (SELECT NULL AS release_id) AS known" if self.earlier else ""
        same = " AND ".join(f'known."{name}" = cell."{name}"' for name in contract.dimensions)
        return f"LEFT JOIN vault.ledger.cells_{contract.name} AS known ON {same}"


def _draws(
    connection: duckdb.DuckDBPyConnection, contract: MartContract, policy: Policy, places: _Places
) -> list[str]:
    """SQL for (person, block, n, information): how many counts of a block were drawn of a person, or what was
    told about a sum of theirs.

    Sizes of cells are counted apart from their people: a window would hold every row once more.
    """
    found = []
    release = ", known.release_id" if places.earlier else ""
    told = f"""
        SELECT people."{contract.disclosure["person"]}" AS person, cell.rowid AS cell{release}
        FROM {people(connection, contract)} AS people
        JOIN warehouse.marts.{contract.name} AS cell ON {_same(contract)}
        {places.joined(connection, contract)}"""
    for measure in contract.measures:
        if measure["kind"] == "count" and (is_reported := _is_reported(contract, measure)) is not None:
            where = f'AND people."{measure["where"]}"' if measure.get("where") else ""
            chosen = f"WHERE {is_reported} {where} {_first_only(contract, measure)}"
            found.append(f"""
                SELECT person, block, count(*) AS n, NULL AS information FROM (
                    WITH told AS MATERIALIZED ({told} {chosen}),
                    sizes AS (SELECT cell, count(*) AS n FROM told GROUP BY cell)
                    SELECT person, {places.block(contract.noise_of(measure["name"]), "sizes.n")} AS block
                    FROM told AS known JOIN sizes USING (cell)
                ) GROUP BY person, block""")
        elif measure["kind"] == "mean":
            bounded = (
                f'least(people."{measure["value"]}", {policy.figure("means", "largest_events_per_person")})'
            )
            noise = f"{policy.figure('means', 'noise_of_largest')} * largest"
            information = f"pow(amount / ({noise}), 2) / ({places.variance(contract.noise)})"
            found.append(f"""
                SELECT person, NULL AS block, NULL AS n, sum({information}) AS information FROM (
                    WITH told AS MATERIALIZED (
                        {told.replace("SELECT ", f"SELECT {bounded} AS amount, ", 1)}
                        WHERE cell."{measure["name"]}" IS NOT NULL
                    ),
                    sizes AS (SELECT cell, max(amount) AS largest FROM told GROUP BY cell)
                    SELECT known.*, largest FROM told AS known JOIN sizes USING (cell)
                ) AS known GROUP BY person""")
    return found


def _draws_to_come(to_come: ToCome, places: _Places) -> list[str]:
    """SQL as of `_draws`, for each count of cells that are not made yet."""
    contract = to_come.contract
    cell = "PARTITION BY " + ", ".join(f'people."{name}"' for name in contract.dimensions)
    return [
        f"""
        SELECT {number_of(f'people."{contract.disclosure["person"]}"')} AS person,
            {places.block(contract.noise_of(measure["name"]), f"count(*) OVER ({cell})")} AS block,
            1 AS n, NULL AS information
        FROM {to_come.people} AS people CROSS JOIN (SELECT NULL AS release_id) AS known
        WHERE {f'people."{measure["where"]}"' if measure.get("where") else "true"}"""
        for measure in contract.measures
        if measure["kind"] == "count"
    ]


def _same(contract: MartContract) -> str:
    pooling = contract.disclosure.get("pooling") or {}
    years = set(pooling.values())
    same = [f'people."{name}" = cell."{name}"' for name in contract.dimensions if name not in years]
    if pooling:
        same.append(
            f'people."{pooling["year"]}" BETWEEN cell."{pooling["year_from"]}" AND cell."{pooling["year"]}"'
        )
    return " AND ".join(same)


def _is_reported(contract: MartContract, measure: Mapping[str, Any]) -> str | None:
    """Where a count is told, itself or by a rate; None where another cell always tells it first."""
    first = measure.get("told_by") or {}
    if (
        first.get("mart", contract.name) != contract.name
        or first.get("measure", measure["name"]) != measure["name"]
    ):
        return None
    shown = [measure["name"]] if measure["name"] in contract.figures else []
    rates = [
        rate["name"]
        for rate in contract.measures
        if rate["kind"] == "rate" and measure["name"] in (rate["numerator"], rate["denominator"])
    ]
    return (
        "(" + " OR ".join(f'cell."{name}" IS NOT NULL' for name in [*shown, *rates]) + ")"
        if shown or rates
        else None
    )


def _first_only(contract: MartContract, measure: Mapping[str, Any]) -> str:
    at = (measure.get("told_by") or {}).get("at") or {}
    return "".join(
        f""" AND cell."{name}"::VARCHAR = '{value}'"""
        for name, value in at.items()
        if value not in contract.dimensions
    )

"""The migrations of vault and warehouse: numbered, forward only, each in one transaction that also notes its
number.

A step finds a home of any version before it, tables that are missing among them, and may be run again. New
steps go at the end, and `versions.NEWEST` becomes the number of the last. A column that is only added to the
vault needs no SQL of its own: what `vault/schema.py` lists and a vault lacks is added. A column that is only
added to a table of the history needs none either: dbt adds it (`macros/schema_changes.sql`), empty for old
rows. A step is needed where old rows get values, where something goes, and for a table of the history that
reads itself (`{{ this }}`): its model asks for the new column before dbt adds it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from anonymart import crash, versions
from anonymart.contracts import MartContract, load_contracts
from anonymart.disclosure import intervals
from anonymart.disclosure.perturbation import BEFORE_CLASSES
from anonymart.iri import ADDRESS
from anonymart.policy import Policy, load_policy

_HISTORY = "warehouse.intermediate"


@dataclass(frozen=True)
class Step:
    """One migration: its number, the zone that it changes, what it does in a sentence, and how."""

    number: int
    zone: str
    does: str
    run: Callable[[duckdb.DuckDBPyConnection], None]


def spans_of_use(connection: duckdb.DuckDBPyConnection) -> None:
    """A vault of 0.1.0 knows the last use of each identifier only: it becomes a span of one moment
    (P-STAT).
    """
    connection.execute(
        "UPDATE vault.register.last_use SET first_use_at = last_use_at WHERE first_use_at IS NULL"
    )


def rollups_by_year(connection: duckdb.DuckDBPyConnection) -> None:
    """Rollups of 0.1.0 do not tell one activity period from the next."""
    for table in ("int_activity__chapter", "int_activity__course", "int_activity__project"):
        names = _columns(connection, table)
        if names and "year" not in names:
            connection.execute(f"DROP TABLE {_HISTORY}.{table}")


def vault_of_issue_15(connection: duckdb.DuckDBPyConnection) -> None:
    """Only additions: the schema makes them before any step runs."""


def held_marts(connection: duckdb.DuckDBPyConnection) -> None:
    """Only an addition, with a number so that no older program opens a vault whose holds it does not know."""


def visits(connection: duckdb.DuckDBPyConnection) -> None:
    """Only an addition, with a number so that no older program opens a vault whose visits it would keep."""


def orders(connection: duckdb.DuckDBPyConnection) -> None:
    """Only an addition, with a number so that no older program publishes beside orders that it does not
    know.
    """


def salary_classes(connection: duckdb.DuckDBPyConnection) -> None:
    """Answers whose raw rows are still in the vault are taken into the history anew, with their classes; the
    others stay without.
    """
    names = _columns(connection, "int_salary_responses")
    if not names or "contract_class" in names:
        return
    for name in ("contract_class", "country_class"):
        connection.execute(f"ALTER TABLE {_HISTORY}.int_salary_responses ADD COLUMN {name} VARCHAR")
    # The next build takes every load after the greatest number here, and merges by answer.
    connection.execute(f"UPDATE {_HISTORY}.int_salary_responses SET load_no = 0")


def attempts_by_month_and_form(connection: duckdb.DuckDBPyConnection) -> None:
    """Attempts were counted by half-year, whatever form their events came in."""
    names = _columns(connection, "int_activity__exercise_half_year")
    if names and "month" not in names:
        connection.execute(f"DROP TABLE {_HISTORY}.int_activity__exercise_half_year")


def people_of_the_register(connection: duckdb.DuckDBPyConnection) -> None:
    """What the warehouse has taken is admitted; accounts and openids that differ in the spelling of their
    address belong together.

    The register's account home pages and claims get the normal form. What was stored under another spelling
    keeps it and follows the claim, so that the history still finds its person.
    """
    for table in ("vault.raw.learning", "vault.raw.enrolments", "vault.register.connections"):
        connection.execute(f"UPDATE {table} SET admitted_no = load_no WHERE admitted_no IS NULL")
    address, home = ADDRESS.format("identifier"), "anonymart_normal_iri(account_home_page)"
    connection.execute(f"""
        UPDATE vault.register.learners SET account_home_page = {home} WHERE account_home_page <> {home};
        INSERT INTO vault.ledger.account_hosts (host)
        SELECT DISTINCT lower(regexp_extract(account_home_page,
            '^[A-Za-z][A-Za-z0-9+.-]*://([A-Za-z0-9.-]+(:[0-9]+)?)(/|$)', 1)) AS host
        FROM vault.register.learners WHERE host <> '' AND host NOT IN (SELECT host
        FROM vault.ledger.account_hosts);
        CREATE OR REPLACE TEMP TABLE spellings AS
        SELECT identifier, split_part(identifier, ':', 1) || ':' || anonymart_normal_iri({address})
            || CASE WHEN kind = 'account' THEN substr(identifier, strpos(identifier,
                '|')) ELSE '' END AS normal
        FROM vault.register.identities WHERE kind IN ('account', 'openid');
        CREATE OR REPLACE TEMP TABLE respelled AS
        SELECT DISTINCT normal FROM spellings WHERE normal <> identifier;
        INSERT INTO vault.register.claims (learner, identifier)
        SELECT DISTINCT claims.learner, spellings.normal FROM vault.register.claims AS claims
        INNER JOIN spellings USING (identifier)
        WHERE (claims.learner, spellings.normal) NOT IN (SELECT (learner, identifier)
        FROM vault.register.claims);
        INSERT INTO vault.register.identities (identifier, kind, group_key, is_user)
        SELECT respelled.normal, split_part(respelled.normal, ':', 1), respelled.normal, false FROM respelled
        WHERE respelled.normal NOT IN (SELECT identifier FROM vault.register.identities);
        UPDATE vault.register.identities AS identities SET group_key = spellings.normal
        FROM spellings SEMI JOIN respelled USING (normal) WHERE spellings.identifier = identities.identifier;
        UPDATE vault.register.identities AS identities SET anchor = owners.anchor,
            person_id = owners.person_id
        FROM (
            SELECT identities.group_key, if(count(DISTINCT identities.anchor) = 1, min(identities.anchor),
                NULL) AS anchor,
                if(count(DISTINCT identities.anchor) = 1, min(identities.person_id), NULL) AS person_id
            FROM vault.register.identities AS identities
            SEMI JOIN respelled ON respelled.normal = identities.group_key
            WHERE identities.anchor LIKE 'learner:%' GROUP BY identities.group_key
        ) AS owners
        WHERE owners.group_key = identities.group_key;
        DROP TABLE spellings;
        DROP TABLE respelled
    """)


def complete_cells(connection: duckdb.DuckDBPyConnection) -> None:
    """Published cells said whether they were built late; now whether anybody can have left before, by their
    dates and their release's (P-STAT).
    """
    policy = load_policy()
    months = 12 * policy.figure("purposes", "P-STAT", "keep_years_after_last_use")
    for mart, contract in load_contracts().items():
        before = contract.period.last_use_before
        kept = months - (
            int(policy.figure(*before.split(".")[1:])) if before.startswith("policy.") else int(before)
        )
        first = f'"{contract.period.column}"'
        if contract.period.grain == "year":
            pooling = contract.disclosure.get("pooling") or {}
            first = f'make_date("{pooling.get("year_from", contract.period.column)}"::INTEGER, 1, 1)'
        for table in (f"cells_{mart}", f"withdrawn_{mart}"):
            if "is_built_later" in _columns(connection, table, "vault", "ledger"):
                connection.execute(f"""
                    ALTER TABLE vault.ledger.{table} RENAME COLUMN is_built_later TO is_complete;
                    UPDATE vault.ledger.{table} AS cells SET is_complete = ({first} + to_months({kept}))::DATE
                        >= releases.as_of
                    FROM vault.ledger.releases AS releases WHERE releases.release_id = cells.release_id""")


def intervals_of_rates(connection: duckdb.DuckDBPyConnection) -> None:
    """Rates were published without intervals: each gets its own, from what is published of it, and keeps its
    figure (S-ANON).
    """
    policy = _of_before(load_policy())
    decimals = policy.figure("rates", "decimals")
    for mart, contract in load_contracts().items():
        measures = {measure["name"]: measure for measure in contract.measures}
        for table in (f"cells_{mart}", f"withdrawn_{mart}"):
            there, found = _columns(connection, table, "vault", "ledger"), []
            for name, measure in measures.items():
                if (
                    measure["kind"] not in ("rate_low", "rate_high")
                    or name in there
                    or measure["rate"] not in there
                ):
                    continue
                rate = measures[measure["rate"]]
                base = _published_base(connection, contract, rate, policy)
                end = intervals.end(
                    policy, contract, rate, measure["kind"].removeprefix("rate_"), base, "cells."
                )
                connection.execute(f"""
                    ALTER TABLE vault.ledger.{table} ADD COLUMN "{name}" DOUBLE;
                    ALTER TABLE vault.ledger.{table} ADD COLUMN "{name}_reason" VARCHAR""")
                found += [
                    f'"{name}" = CASE WHEN "{rate["name"]}" IS NOT NULL THEN round({end}, {decimals}) END',
                    f'"{name}_reason" = "{rate["name"]}_reason"',
                ]
            if found:
                connection.execute(f"UPDATE vault.ledger.{table} AS cells SET {', '.join(found)}")


def noise_by_class(connection: duckdb.DuckDBPyConnection) -> None:
    """The table of noise had no classes: the next build writes it anew (S-ANON)."""
    names = _columns(connection, "perturbation_table", "warehouse", "seeds")
    if names and "noise_class" not in names:
        connection.execute("DROP TABLE warehouse.seeds.perturbation_table")


def promotions_of_the_register(connection: duckdb.DuckDBPyConnection) -> None:
    """Promotions closed once, two years after, by a definition of before: their cells keep what they told,
    the figures of two years in the mart that tells these now, under the release that published them.

    How many came by validation of experience nobody had asked: a cell is not opened again for it.
    """
    marts, moved = ("rncp_promotion", "rncp_two_years"), "insertion_in_field_rate_24m"
    unasked = {
        "n_certified_vae": "NULL::INTEGER AS n_certified_vae",
        "n_certified_vae_reason": "'protected' AS n_certified_vae_reason",
    }
    for kind in ("cells", "withdrawn"):
        there = _columns(connection, f"{kind}_rncp_promotion", "vault", "ledger")
        if moved not in there:
            continue
        later = ", ".join(sorted(name for name in there if "_6m" not in name))
        connection.execute(f"""
            CREATE TABLE IF NOT EXISTS vault.ledger.{kind}_rncp_two_years AS
            SELECT {later} FROM vault.ledger.{kind}_rncp_promotion""")
        # A home of before there were intervals has none of the rate that has moved.
        intervals_of_rates(connection)
        for mart in marts:
            told = load_contracts()[mart].column_names
            found = _columns(connection, f"{kind}_{mart}", "vault", "ledger")
            rest = sorted(name for name in found - set(told) if not name.startswith(moved))
            # A column that is added after rows were changed cannot be committed with them.
            selected = ", ".join(unasked.get(name, name) for name in [*told, *rest])
            connection.execute(f"""
                CREATE OR REPLACE TABLE vault.ledger.{kind}_{mart} AS SELECT {selected}
                FROM vault.ledger.{kind}_{mart}""")
    # The next release corrects both.
    connection.execute("""
        UPDATE vault.ledger.withdrawals SET marts = list_append(marts, 'rncp_two_years')
        WHERE replaced_by IS NULL AND list_contains(marts, 'rncp_promotion')
            AND NOT list_contains(marts, 'rncp_two_years')""")
    for periods in ("closed_periods", "withdrawn_periods"):
        columns = _columns(connection, periods, "vault", "ledger") - {"mart"}
        if columns:
            names = ", ".join(sorted(columns))
            connection.execute(f"""
                INSERT INTO vault.ledger.{periods} (mart, {names})
                SELECT 'rncp_two_years', {names} FROM vault.ledger.{periods} WHERE mart = 'rncp_promotion'
                AND NOT EXISTS (FROM vault.ledger.{periods} WHERE mart = 'rncp_two_years')""")


def _of_before(policy: Policy) -> Policy:
    """The register by which cells were published that have no intervals: what it said of noise and of small
    bases.
    """
    counts = BEFORE_CLASSES._asdict()
    bands = [(23, 39, 0.10, 0.90), (40, 99, 0.05, 0.95), (100, 299, 0.02, 0.98), (300, None, 0.01, 0.99)]
    names = ("base_from", "base_to", "lowest", "highest")
    return Policy(
        policy.raw
        | {"counts": counts, "rates": policy.figure("rates") | {"smallest_base": bands[0][0]}}
        | {"sensitive_bands": [dict(zip(names, band, strict=True)) for band in bands]}
    )


def _published_base(
    connection: duckdb.DuckDBPyConnection, contract: MartContract, rate: Mapping[str, Any], policy: Policy
) -> str:
    """SQL for the base of a rate of `cells`, as its mart or another one tells it, or as it follows from rate
    and numerator.

    Where nothing tells it, the smallest base that a rate, or a share at this edge of a band, can have.
    """
    share, part, whole = (f'cells."{rate[name]}"' for name in ("name", "numerator", "denominator"))
    if rate["denominator"] in contract.figures:
        return whole
    told = [f"round({part} / nullif({share}, 0))"] if rate["numerator"] in contract.figures else []
    counts = {measure["name"]: measure for measure in contract.measures}
    first = counts[rate["denominator"]].get("told_by") or {}
    table, figure = f"cells_{first.get('mart', contract.name)}", first.get("measure", rate["denominator"])
    if figure in _columns(connection, table, "vault", "ledger"):
        at = (
            first["at"]
            if "mart" in first
            else {name: first["at"].get(name, name) for name in contract.dimensions}
        )
        same = " AND ".join(
            f'first."{name}"::VARCHAR = '
            + (f'cells."{value}"::VARCHAR' if value in contract.dimensions else f"'{value}'")
            for name, value in at.items()
        )
        told.append(f'(SELECT any_value(first."{figure}") FROM vault.ledger.{table} AS first WHERE {same})')
    if rate.get("sensitive"):
        edges = " ".join(
            f"WHEN {share} IN ({float(band['lowest'])}::DOUBLE, {float(band['highest'])}::DOUBLE) THEN "
            f"{band['base_from']}"
            for band in policy.figure("sensitive_bands")
        )
        told.append(f"CASE {edges} END")
    return f"greatest(coalesce({', '.join(told)}, 0), {policy.figure('rates', 'smallest_base')})"


STEPS = (
    Step(1, "vault", "keeps the first use of each identifier beside the last", spans_of_use),
    Step(
        2,
        "warehouse",
        "drops monthly figures that do not tell the year; the next build makes them anew from all events",
        rollups_by_year,
    ),
    Step(3, "vault", "adds the tables and columns of this version, empty", vault_of_issue_15),
    Step(
        4,
        "warehouse",
        "adds contract_class and country_class to salary answers; the next build fills them where raw "
        "rows are still kept",
        salary_classes,
    ),
    Step(
        5,
        "warehouse",
        "drops attempts that do not tell the form of their events; the next build makes them anew from "
        "all events",
        attempts_by_month_and_form,
    ),
    Step(
        6,
        "vault",
        "admits what the warehouse holds, and brings account home pages and openids to one form",
        people_of_the_register,
    ),
    Step(
        7,
        "vault",
        "tells of each published cell whether it is complete, in place of whether it was built late; no "
        "figure changes",
        complete_cells,
    ),
    Step(
        8,
        "vault",
        "gives each published rate its interval, from what is published of it; no figure changes",
        intervals_of_rates,
    ),
    Step(
        9,
        "warehouse",
        "drops the table of noise without classes, which the next build writes anew; published cells "
        "keep their noise",
        noise_by_class,
    ),
    Step(
        10,
        "vault",
        "adds the marts that the reviewer holds back, none yet; an older program would publish them unasked",
        held_marts,
    ),
    Step(
        11,
        "vault",
        "gives published promotions the columns of the register's two marts; no figure changes",
        promotions_of_the_register,
    ),
    Step(
        12,
        "vault",
        "adds visits of the public site and the keys of their months, none yet; an older program would keep "
        "them beyond their term",
        visits,
    ),
    Step(
        13,
        "vault",
        "adds the tables that analysts order, none yet; an older program would not publish them",
        orders,
    ),
)


def pending(zone: str, version: int) -> list[Step]:
    """What a zone of this version still needs, in order."""
    return [step for step in STEPS if step.zone == zone and step.number > version]


def apply(connection: duckdb.DuckDBPyConnection, zone: str) -> None:
    """Bring the zone, attached to write, to the newest version. Killed, it goes on with the step that was not
    committed.
    """
    version = versions.read(connection, zone)
    if version >= versions.NEWEST:
        return
    for step in pending(zone, version):
        connection.execute("BEGIN")
        step.run(connection)
        versions.write(connection, zone, step.number)
        crash.point("migrate.before_commit")
        connection.execute("COMMIT")
        crash.point("migrate.after_commit")
    versions.write(connection, zone, versions.NEWEST)


def _columns(
    connection: duckdb.DuckDBPyConnection, table: str, zone: str = "warehouse", schema: str = "intermediate"
) -> set[str]:
    """The columns of a table, of the history where nothing else is said; none where there is no such
    table.
    """
    rows = connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE database_name = $1 AND schema_name = $2 AND "
        "table_name = $3",
        [zone, schema, table],
    ).fetchall()
    return {name for (name,) in rows}

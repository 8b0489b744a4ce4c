"""The codes that a dimension may carry: ids of the catalogue, the project's own lists, diplomas that were
awarded (D-IDENT).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from anonymart import engine
from anonymart.audience.pages import pages
from anonymart.contracts import MartContract
from anonymart.detect.decoding import decoded
from anonymart.engine import table_exists
from anonymart.gate.tables import insert
from anonymart.home import PROJECT
from anonymart.policy import Policy
from anonymart.release.folder import NAMES_SCHEMA
from anonymart.release.name_tables import NAME_TABLES
from anonymart.release.names import own_titles, plain

SEEDS = PROJECT / "dbt_project" / "seeds"
_SEED_LISTS = {
    "theme": ("themes", "theme"),
    "job_family": ("job_families", "job_family"),
    "step": ("funnel_steps", "step"),
}
_WITH_ALL = ("path", "diploma", "page")
_NO_CODE = "unknown"  # what the history makes of a diploma that is no code
_DIPLOMA = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


def make_codes(
    connection: duckdb.DuckDBPyConnection,
    contracts: Mapping[str, MartContract],
    policy: Policy,
    is_candidate: bool,
    seeds: Path = SEEDS,
) -> None:
    """Fill gate.codes (list, code) and gate.titles (text): what a value may be, and what may sound like a
    name. Of a release that is published its own titles count too: the catalogue may have others by now.
    """
    connection.execute("CREATE TABLE gate.codes (list VARCHAR, code VARCHAR)")
    connection.execute("CREATE TABLE gate.titles (title VARCHAR)")
    insert(connection, "gate.titles", [[title] for title in own_titles()])
    _catalogue(connection)
    if not is_candidate:
        _published_titles(connection)
    _readings(connection)
    _diplomas(connection, policy.figure("codes", "fewest_learners_of_a_diploma"))
    _pages(connection)
    for name, (file, column) in _SEED_LISTS.items():
        path = seeds / f"{file}.csv"
        if path.exists():
            source = f"read_csv({engine.literal(str(path))}, header = true, all_varchar = true)"
            connection.execute(f"INSERT INTO gate.codes SELECT '{name}', {column} FROM {source}")
    for name in _WITH_ALL:
        connection.execute(
            f"INSERT INTO gate.codes SELECT '{name}_or_all', code FROM gate.codes WHERE list = '{name}'"
        )
        connection.execute(f"INSERT INTO gate.codes VALUES ('{name}_or_all', 'all')")
    _published(connection, contracts)
    connection.execute(
        "CREATE OR REPLACE TABLE gate.codes AS SELECT DISTINCT list, code FROM gate.codes WHERE code IS "
        "NOT NULL"
    )


def _published_titles(connection: duckdb.DuckDBPyConnection) -> None:
    for name in NAME_TABLES:
        if table_exists(connection, NAMES_SCHEMA, name, database="release"):
            connection.execute(
                f"INSERT INTO gate.titles SELECT DISTINCT title FROM release.{NAMES_SCHEMA}.{name} "
                "WHERE title IS NOT NULL"
            )


def _readings(connection: duckdb.DuckDBPyConnection) -> None:
    """What the words of the titles say once they are decoded, as the texts of a release are read."""
    titles = connection.execute("SELECT DISTINCT title FROM gate.titles").fetchall()
    insert(connection, "gate.titles", [[reading] for (title,) in titles for reading in decoded(title)])


def _catalogue(connection: duckdb.DuckDBPyConnection) -> None:
    """The codes that hold today: one that was corrected is no longer among them."""
    if table_exists(connection, "catalogue", "items"):
        connection.execute(f"""
            INSERT INTO gate.codes SELECT DISTINCT item_kind, code FROM vault.catalogue.items;
            INSERT INTO gate.titles SELECT DISTINCT unnest([title, {plain("title")}])
                FROM vault.catalogue.items WHERE {plain("title")} IS NOT NULL""")


def _diplomas(connection: duckdb.DuckDBPyConnection, fewest: int) -> None:
    """No catalogue lists diplomas: what looks like a code and is carried by enough learners is one."""
    tables = []
    if table_exists(connection, "raw", "enrolments"):
        tables.append(("vault.raw.enrolments", "identifier"))
    if table_exists(connection, "intermediate", "int_enrolments", database="warehouse"):
        tables.append(("warehouse.intermediate.int_enrolments", "identity_key"))
    for table, learner in tables:
        connection.execute(
            f"INSERT INTO gate.codes SELECT 'diploma', diploma_id FROM {table} "
            f"WHERE regexp_matches(diploma_id, '{_DIPLOMA}') AND diploma_id <> '{_NO_CODE}' "
            f"GROUP BY diploma_id HAVING count(DISTINCT {learner}) >= {int(fewest)}"
        )
    if table_exists(connection, "catalogue", "refused_diplomas"):
        connection.execute(
            "DELETE FROM gate.codes WHERE list = 'diploma' AND code IN (SELECT diploma_id FROM "
            "vault.catalogue.refused_diplomas)"
        )


def _pages(connection: duckdb.DuckDBPyConnection) -> None:
    """Types of page are those that are declared (D-AUDIENCE); a page of a course has the course's code."""
    insert(connection, "gate.codes", [["page", name] for name in pages().types])
    connection.execute("INSERT INTO gate.codes SELECT 'page', code FROM gate.codes WHERE list = 'course'")


def _published(connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract]) -> None:
    for contract in contracts.values():
        for name, spec in contract.dimensions.items():
            if isinstance(spec, str) and spec not in ("period", "pooled_period"):
                connection.execute(
                    f"INSERT INTO gate.codes SELECT DISTINCT '{contract.name}.{name}', \"{name}\" FROM "
                    f"gate.carried_{contract.name}"
                )
                if spec.startswith("diploma"):
                    _recalled_diplomas(
                        connection,
                        f"{contract.name}.{name}",
                        f'SELECT "{name}" AS code FROM gate.withdrawn_{contract.name}',
                    )


def _recalled_diplomas(connection: duckdb.DuckDBPyConnection, listed: str, codes: str) -> None:
    """A diploma whose cells were recalled keeps its code when people leave, unless it was refused for being
    none.
    """
    refused = (
        "SELECT diploma_id FROM vault.catalogue.refused_diplomas"
        if table_exists(connection, "catalogue", "refused_diplomas")
        else "SELECT ''"
    )
    connection.execute(
        f"INSERT INTO gate.codes SELECT DISTINCT '{listed}', code FROM ({codes}) WHERE code NOT IN "
        f"({refused})"
    )

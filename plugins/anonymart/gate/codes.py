"""The codes that a dimension may carry: ids of the catalogue, the project's own lists, diplomas that were awarded (D-IDENT)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from anonymart import engine
from anonymart.contracts import MartContract
from anonymart.home import PROJECT
from anonymart.policy import Policy
from anonymart.release.ledger import table_exists

SEEDS = PROJECT / "dbt_project" / "seeds"
_SEED_LISTS = {"theme": ("themes", "theme"), "job_family": ("job_families", "job_family"), "step": ("funnel_steps", "step")}
_ITEMS = ("path", "course", "chapter", "exercise", "project")
_WITH_ALL = ("path", "diploma")
_DIPLOMA = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


def make_codes(
    connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract], policy: Policy, seeds: Path = SEEDS
) -> None:
    """Fill gate.codes (list, code) and gate.titles (text): what a value may be, and what may sound like a name."""
    connection.execute("CREATE TABLE gate.codes (list VARCHAR, code VARCHAR)")
    connection.execute("CREATE TABLE gate.titles (title VARCHAR)")
    _catalogue(connection)
    _diplomas(connection, policy.figure("codes", "fewest_learners_of_a_diploma"))
    for name, (file, column) in _SEED_LISTS.items():
        path = seeds / f"{file}.csv"
        if path.exists():
            source = f"read_csv({engine.literal(str(path))}, header = true, all_varchar = true)"
            connection.execute(f"INSERT INTO gate.codes SELECT '{name}', {column} FROM {source}")
    for name in _WITH_ALL:
        connection.execute(f"INSERT INTO gate.codes SELECT '{name}_or_all', code FROM gate.codes WHERE list = '{name}'")
        connection.execute(f"INSERT INTO gate.codes VALUES ('{name}_or_all', 'all')")
    _published(connection, contracts)
    connection.execute("CREATE OR REPLACE TABLE gate.codes AS SELECT DISTINCT list, code FROM gate.codes WHERE code IS NOT NULL")


def _catalogue(connection: duckdb.DuckDBPyConnection) -> None:
    if table_exists(connection, "raw", "catalogue"):
        for item in _ITEMS:
            connection.execute(f"INSERT INTO gate.codes SELECT DISTINCT '{item}', {item}_id FROM vault.raw.catalogue")
            if _has_column(connection, "catalogue", f"{item}_title"):
                connection.execute(f"INSERT INTO gate.titles SELECT DISTINCT {item}_title FROM vault.raw.catalogue")
    # The vault forgets its raw rows after their term; the placements that dbt keeps outlive them.
    if table_exists(connection, "intermediate", "int_catalogue_placements", database="warehouse"):
        connection.execute(
            "INSERT INTO gate.codes SELECT DISTINCT item_kind, item_id FROM warehouse.intermediate.int_catalogue_placements"
        )


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
            f"WHERE regexp_matches(diploma_id, '{_DIPLOMA}') "
            f"GROUP BY diploma_id HAVING count(DISTINCT {learner}) >= {int(fewest)}"
        )


def _published(connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract]) -> None:
    for contract in contracts.values():
        for name, spec in contract.dimensions.items():
            if isinstance(spec, str) and spec not in ("period", "pooled_period"):
                connection.execute(
                    f"INSERT INTO gate.codes SELECT DISTINCT '{contract.name}.{name}', \"{name}\" FROM gate.carried_{contract.name}"
                )


def _has_column(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> bool:
    row = connection.execute(
        "SELECT count(*) FROM duckdb_columns() WHERE database_name = 'vault' AND schema_name = 'raw' "
        "AND table_name = ? AND column_name = ?",
        [table, column],
    ).fetchone()
    return bool(row and row[0])

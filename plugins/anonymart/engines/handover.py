"""What another engine is handed: pseudonymous tables as Parquet in a private folder, and nothing that names
a person, an account, a title or a comment.

Who is who, requests, consents and the histories are read and kept by DuckDB; an engine begins with persons
and histories under keys (docs/decisions/engines-are-handed-pseudonyms.md).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from anonymart.contracts import load_contracts
from anonymart.engine import literal
from anonymart.errors import UsageError
from anonymart.session import Session

# Models of the warehouse, by name: their rows are known by keys and pseudonyms, their texts are codes.
GIVEN_MODELS = (
    *("int_catalogue", "int_code_lists"),
    *("int_persons", "int_identities", "int_survey_consents"),
    *("int_events", "int_enrolments", "int_nps_responses", "int_salary_responses", "int_visits"),
    *("int_activity__chapter", "int_activity__course", "int_activity__course_monthly"),
    *("int_activity__exercise_half_year", "int_activity__monthly", "int_activity__project"),
)
GIVEN_SEEDS = ("funnel_steps", "job_families", "perturbation_table", "themes")
# What of the ledger a build reads, beside the cells of each mart.
_LEDGER = ("closed_periods", "withdrawn_periods")


def write(session: Session, folder: Path) -> list[str]:
    """Write the tables below `folder`, and the key of the cells; gives the tables of the ledger there are.

    Raises UsageError where the home has not been built.
    """
    with session.connect(vault="ro", warehouse="ro") as connection:
        built = _names(connection, "warehouse", "intermediate")
        if missing := sorted(set(GIVEN_MODELS) - built):
            raise UsageError(f"The warehouse has no {missing[0]} yet: run `anonymart build` first.")
        for name in GIVEN_MODELS:
            _copy(connection, f"SELECT * FROM warehouse.intermediate.{name}", folder / "intermediate", name)
        for name in GIVEN_SEEDS:
            _copy(connection, f"SELECT * FROM warehouse.seeds.{name}", folder / "seeds", name)
        ledger = _ledger(connection)
        for name in ledger:
            _copy(connection, f'SELECT * FROM vault.ledger."{name}"', folder / "ledger", name)
        items = "SELECT item_kind, code FROM vault.catalogue.items"
        _copy(connection, items, folder / "catalogue", "items")
        _copy(connection, _refused(connection, ledger), folder / "catalogue", "refused_diplomas")
        connection.execute("CREATE TEMP TABLE engine_key (record_key VARCHAR)")
        connection.execute("INSERT INTO engine_key VALUES (?)", [session.keys.record])
        connection.execute(f"COPY engine_key TO {literal(str(folder / 'keys.parquet'))} (FORMAT parquet)")
    return ledger


def _ledger(connection: duckdb.DuckDBPyConnection) -> list[str]:
    marts = load_contracts()
    wanted = {*_LEDGER, *(f"{kind}_{mart}" for mart in marts for kind in ("cells", "withdrawn"))}
    return sorted(wanted & _names(connection, "vault", "ledger"))


def _refused(connection: duckdb.DuckDBPyConnection, ledger: list[str]) -> str:
    """A text that was refused as a diploma may be anything: only what a published cell names is told."""
    told = [
        f'SELECT diploma_id FROM vault.ledger."{name}"'
        for name in ledger
        if "diploma_id" in _columns(connection, name)
    ]
    named = " UNION ".join(told) or "SELECT NULL"
    return f"SELECT diploma_id FROM vault.catalogue.refused_diplomas WHERE diploma_id IN ({named})"


def _names(connection: duckdb.DuckDBPyConnection, zone: str, schema: str) -> set[str]:
    rows = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = $1 AND schema_name = $2 "
        "UNION ALL SELECT view_name FROM duckdb_views() WHERE database_name = $1 AND schema_name = $2",
        [zone, schema],
    ).fetchall()
    return {row[0] for row in rows}


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    rows = connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE database_name = 'vault' AND schema_name = 'ledger' "
        "AND table_name = ?",
        [table],
    ).fetchall()
    return {row[0] for row in rows}


def _copy(connection: duckdb.DuckDBPyConnection, query: str, folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # What DuckDB counts in 128 bits or without a sign, no other engine reads.
    wide = {"HUGEINT": "BIGINT", "UBIGINT": "BIGINT", "UINTEGER": "BIGINT"}
    described = connection.execute(f"DESCRIBE {query}").fetchall()
    columns = ", ".join(
        f'CAST("{column}" AS {wide[kind]}) AS "{column}"' if kind in wide else f'"{column}"'
        for column, kind, *_ in described
    )
    target = literal(str(folder / f"{name}.parquet"))
    connection.execute(f"COPY (SELECT {columns} FROM ({query})) TO {target} (FORMAT parquet)")

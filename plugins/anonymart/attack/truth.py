"""The truth to score with: evidence of cells, people's contributions, and the identifiers that the vault
knows, all read-only.

It never meets the attacks' own reading of a release: they get it only to tell a success from a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from anonymart.attack.score import Fact, Top, Truth
from anonymart.contracts import MartContract
from anonymart.engine import table_exists
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.release.cells import has_people, key_sql, people
from anonymart.session import Session

_IDENTIFIERS = (
    ("register", "learners", "learner_id"),
    ("register", "learners", "email"),
    ("register", "identities", "identifier"),
)
_KINDS = ("learner", "email", "mbox", "sha1")


def truth_of(
    home: Home, release: Path, contracts: Mapping[str, MartContract], unscored: bool = False
) -> tuple[Truth, str]:
    """The truth for a release of this home, and a half-sentence that says whether there is any and why not.

    Raises AnonymartError when the zones are there and cannot be opened: a release of this home is not let off
    unscored.
    """
    if unscored:
        return Truth(), "unscored as asked"
    if release.resolve().parent != home.releases:
        return Truth(), "unscored: it is no release of this home, so its truth is not at hand"
    if not (home.vault.exists() and home.warehouse.exists()):
        return Truth(), "unscored: the home has no vault and warehouse"
    return open_truth(Session(home, Keys.load(home)), contracts), "scored with the truth of its home"


def open_truth(session: Session, contracts: Mapping[str, MartContract]) -> Truth:
    """The truth of a home. Raises AnonymartError when vault or warehouse cannot be opened."""
    with session.connect(vault="ro", warehouse="ro") as connection:
        return read_truth(connection, contracts)


def read_truth(connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract]) -> Truth:
    """The truth behind the new cells of the last build, from a connection with vault and warehouse attached.

    Carried cells have no evidence any more: they are attacked and not scored.
    """
    facts, sets = {}, {}
    if table_exists(connection, "evidence", "cell_evidence", database="warehouse"):
        rows = connection.execute(
            "SELECT mart, cell_key, measure, kind, true_count, true_value, count_key FROM "
            "warehouse.evidence.cell_evidence"
        ).fetchall()
        facts = {
            (mart, cell, measure): Fact(kind, count, value)
            for mart, cell, measure, kind, count, value, _ in rows
        }
        sets = {
            (mart, cell, measure): key for mart, cell, measure, kind, _, _, key in rows if kind == "count"
        }
    tops: dict[tuple[str, str, str], Top] = {}
    for contract in contracts.values():
        tops |= _tops(connection, contract)
    amounts: dict[tuple[str, str], dict[str, float]] = {}
    for contract in contracts.values():
        amounts |= _amounts(connection, contract, {cell for mart, cell, _ in facts if mart == contract.name})
    return Truth(facts, tops, sets, _identifiers(connection), amounts)


def _amounts(
    connection: duckdb.DuckDBPyConnection, contract: MartContract, cells: set[str]
) -> dict[tuple[str, str], dict[str, float]]:
    """The amounts of money behind each new cell, by person; in a pool a person counts as in the last of the
    years.
    """
    person = str(contract.disclosure.get("person"))
    value = next((measure["value"] for measure in contract.measures if measure.get("money")), None)
    if value is None or not has_people(connection, contract):
        return {}
    pooling, names = contract.disclosure.get("pooling") or {}, list(contract.dimensions)
    key = key_sql(tuple(names), "people")
    rows = connection.execute(f"""
        SELECT {key}, "{person}"::VARCHAR, "{value}"::DOUBLE FROM {people(connection, contract)} AS people
            WHERE "{value}" IS NOT NULL""").fetchall()
    by_cell: dict[str, dict[str, float]] = {}
    for cell, name, amount in rows:
        by_cell.setdefault(cell, {})[name] = amount
    found = {}
    for cell in cells:
        parts = [cell]
        if pooling:
            told = dict(zip(names, cell.split("|"), strict=True))
            years = range(int(told[pooling["year_from"]]), int(told[pooling["year"]]) + 1)
            parts = [
                "|".join(str(year) if name in pooling.values() else told[name] for name in names)
                for year in years
            ]
        found[contract.name, cell] = {
            name: amount for part in parts for name, amount in by_cell.get(part, {}).items()
        }
    return found


def _tops(connection: duckdb.DuckDBPyConnection, contract: MartContract) -> dict[tuple[str, str, str], Top]:
    if not has_people(connection, contract):
        return {}
    found: dict[tuple[str, str, str], Top] = {}
    values = {
        m["value"]
        for m in contract.measures
        if m["kind"] == "mean" or (m["kind"] == "quantile" and m.get("money"))
    }
    for value in values:
        key = key_sql(tuple(contract.dimensions), "people")
        rows = connection.execute(f"""
            SELECT {key} AS cell, max("{value}", 2) AS largest, count("{value}") AS n
            FROM {people(connection, contract)} AS people
            WHERE "{value}" IS NOT NULL GROUP BY ALL HAVING n >= 2""").fetchall()
        found |= {(contract.name, cell, value): Top(float(two[0]), float(two[1]), n) for cell, two, n in rows}
    return found


def _identifiers(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    found: set[str] = set()
    for schema, table, column in _IDENTIFIERS:
        if table_exists(connection, schema, table):
            rows = connection.execute(
                f"SELECT DISTINCT {column} FROM vault.{schema}.{table} WHERE {column} IS NOT NULL"
            ).fetchall()
            found.update(_plain(text) for (text,) in rows)
    return frozenset(found - {""})


def _plain(identifier: str) -> str:
    kind, colon, rest = identifier.partition(":")
    return rest if colon and kind in _KINDS else identifier

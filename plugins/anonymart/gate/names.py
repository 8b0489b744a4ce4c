"""What stands in the tables of names of a candidate and nowhere in the catalogue, the reviewed lists or the
marts (S-ANON).
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from anonymart.contracts import MartContract
from anonymart.gate.tables import insert
from anonymart.release.folder import NAMES_SCHEMA
from anonymart.release.name_tables import NAME_TABLES
from anonymart.release.names import query

UNLIKE = "names_unlike_catalogue"


def make(
    connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract], is_candidate: bool
) -> None:
    """Fill gate.name_findings (mart, n) with the rows of each table of names that differ. Titles may be
    missing: what holds one back is found in the texts. Of a published release the catalogue may have changed
    since.
    """
    connection.execute("CREATE TABLE gate.name_findings (mart VARCHAR, n BIGINT)")
    if is_candidate:
        found = [(name, _differing(connection, name, contracts)) for name in NAME_TABLES]
        insert(connection, "gate.name_findings", [each for each in found if each[1]])


def _differing(
    connection: duckdb.DuckDBPyConnection, name: str, contracts: Mapping[str, MartContract]
) -> int:
    """How many rows only the table has, or only what it is made from; a table that cannot be read is one."""
    table, columns = f"release.{NAMES_SCHEMA}.{name}", NAME_TABLES[name].column_names
    listed = ", ".join(f'"{column}"' for column in columns)
    own = f"SELECT {listed} FROM {table}"
    try:
        if [row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()] != list(columns):
            return 1
        untitled = f"(SELECT code FROM {table} WHERE title IS NULL)"
        made = (
            f"SELECT * REPLACE (if(code IN {untitled}, NULL, title) AS title) FROM ({query(name, contracts)})"
        )
        both = f"(({own}) EXCEPT ALL ({made})) UNION ALL (({made}) EXCEPT ALL ({own}))"
        row = connection.execute(f"SELECT count(*) FROM ({both})").fetchone()
    except duckdb.Error:
        return 1
    return int(row[0]) if row else 1

"""k-anonymity and l-diversity of a relation with a row per person, each as one query (S-ANON).

Sources: Samarati and Sweeney, "Protecting privacy when disclosing information: k-anonymity and its
enforcement through generalization and suppression" (SRI, 1998); Machanavajjhala, Kifer, Gehrke and
Venkitasubramaniam, "l-diversity: privacy beyond k-anonymity" (ACM Transactions on Knowledge Discovery from
Data, 2007), in its first form, distinct l-diversity.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from anonymart.errors import UsageError


def k_anonymity(
    connection: duckdb.DuckDBPyConnection, relation: str, quasi_identifiers: Sequence[str]
) -> int:
    """How many rows the smallest class of equal quasi-identifiers has; a NULL is a value like any other.

    `relation` is SQL that may follow FROM. Raises UsageError for a relation without rows and for no
    quasi-identifier.
    """
    return _smallest(connection, relation, quasi_identifiers, "count(*)")


def l_diversity(
    connection: duckdb.DuckDBPyConnection, relation: str, quasi_identifiers: Sequence[str], sensitive: str
) -> int:
    """How many values of the sensitive column the poorest class of equal quasi-identifiers has; NULL is no
    value there.

    `relation` is SQL that may follow FROM. Raises UsageError for a relation without rows and for no
    quasi-identifier.
    """
    return _smallest(connection, relation, quasi_identifiers, f"count(DISTINCT {_name(sensitive)})")


def _smallest(
    connection: duckdb.DuckDBPyConnection, relation: str, quasi_identifiers: Sequence[str], measure: str
) -> int:
    if not quasi_identifiers:
        raise UsageError("k and l are of classes of equal quasi-identifiers: name at least one column.")
    columns = ", ".join(map(_name, quasi_identifiers))
    row = connection.execute(f"""
        SELECT min(n)
        FROM (SELECT {measure} AS n FROM {relation} GROUP BY {columns})""").fetchone()
    if row is None or row[0] is None:
        raise UsageError("k and l of a relation without rows are not defined: give one that has rows.")
    return int(row[0])


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'

"""Rows about rights that nobody could read, when somebody whom they name goes: the text goes with the names
(R-ERASE, P-STAT).
"""

from __future__ import annotations

import duckdb

from anonymart.erasure.people import Scope
from anonymart.policy import Policy
from anonymart.temp_tables import TO_ERASE

# TEMP tables that another module makes.
READS = (TO_ERASE,)

ERASED = "erased"


def blank(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Close the rows that name only people of `to_erase`, and take the names of those people out of the text
    of the others.

    Gives the ids of all these rows. Runs before their names are deleted, in the same transaction.
    """
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE blanked AS
        SELECT names.unreadable_id, bool_and(chosen.identifier IS NOT NULL) AS is_all,
            list(lower(regexp_replace(regexp_extract(names.identifier, '[^|]*$'),
                '^(learner|email|sha1|openid|account):', '')))
                FILTER (chosen.identifier IS NOT NULL) AS to_erase_names
        FROM vault.rights.unreadable_names AS names
        LEFT JOIN (SELECT DISTINCT identifier FROM to_erase
        WHERE scope = '{Scope.ALL}') AS chosen USING (identifier)
        GROUP BY names.unreadable_id HAVING bool_or(chosen.identifier IS NOT NULL)
    """)
    connection.execute(
        f"""
        UPDATE vault.rights.unreadable AS rows SET state = '{ERASED}', raw_row = NULL,
            decided_on = (SELECT max(as_of) FROM vault.ledger.removals),
            who = (SELECT list(identifier_hash(identifier) ORDER BY identifier)
            FROM vault.rights.unreadable_names AS names
                WHERE names.unreadable_id = rows.unreadable_id)
        FROM blanked WHERE blanked.unreadable_id = rows.unreadable_id AND blanked.is_all
        """
    )
    found = connection.execute("SELECT unreadable_id, is_all, to_erase_names FROM blanked").fetchall()
    for row_id, is_all, names in found:
        for name in [] if is_all else sorted(names, key=len, reverse=True):
            connection.execute(
                "UPDATE vault.rights.unreadable SET raw_row = regexp_replace(raw_row, "
                "regexp_escape($2), '[erased]', 'gi') WHERE unreadable_id = $1",
                [row_id, name],
            )
    return [row_id for row_id, _, _ in found]


def over_its_term(policy: Policy, day: str) -> str:
    """SQL: rows that were decided longer ago than P-RIGHTS keeps requests."""
    years = policy.figure("purposes", "P-RIGHTS", "keep_years")
    return f"(decided_on + INTERVAL {years} YEAR)::DATE < {day}"

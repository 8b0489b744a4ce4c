"""What the rows of the learner register need beyond those of other sources: account home pages in one form,
and who is staff or a test account.
"""

from __future__ import annotations

import duckdb

from anonymart.files.landed import Landed
from anonymart.ingest import identities, waiting
from anonymart.temp_tables import INCOMING

# TEMP tables that another module makes.
READS = (INCOMING,)

_ROLE_COLUMNS = ("role", "is_staff", "is_test")


def prepare(connection: duckdb.DuckDBPyConnection, landed: Landed) -> None:
    """Bring the account home pages of `incoming` to their normal form and draw the three columns of roles
    together in `role`.
    """
    waiting.note_hosts(connection)
    _to_normal_form(connection)
    _join_roles(connection, landed)


def _to_normal_form(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE accounts AS
        SELECT rowid AS row_no, 'account:' || account_home_page || '|' || account_name AS account
        FROM incoming WHERE account_home_page IS NOT NULL
    """)
    identities.to_normal_form(connection, "accounts", "account", "true")
    connection.execute("""
        UPDATE incoming SET account_home_page = pages.normal
        FROM (
            SELECT account_home_page AS page, anonymart_normal_iri(account_home_page) AS normal
            FROM (SELECT DISTINCT account_home_page FROM incoming WHERE account_home_page IS NOT NULL)
        ) AS pages
        WHERE account_home_page = pages.page AND pages.normal <> pages.page
    """)


def _join_roles(connection: duckdb.DuckDBPyConnection, landed: Landed) -> None:
    """`role`: test, staff or learner. A file that has none of the columns leaves what an earlier one said."""
    connection.execute(
        "UPDATE incoming SET role = CASE WHEN is_test THEN 'test' WHEN is_staff THEN 'staff' ELSE role END"
    )
    if not set(_ROLE_COLUMNS) & set(landed.columns):
        connection.execute("""
            UPDATE incoming SET role = known.role FROM vault.register.learners AS known
            WHERE known.learner_id = incoming.learner_id
        """)

"""Who is meant by a request or a consent that spells an identifier otherwise than the register (P-RIGHTS,
R-ERASE): an erasure of "l-17" must not be answered while L-17 stays.
"""

from __future__ import annotations

import duckdb

from anonymart.temp_tables import INCOMING

# TEMP tables that another module makes.
READS = (INCOMING,)

SOURCES = ("consents", "rights")
TWO_PEOPLE = "the identifier is another spelling of that of two people or more"


def find(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """In the TEMP table `incoming`, put the identifier that is known for one that is not but is spelled alike
    (case, width, separators, a known account in place of the learner_id); where two people are spelled so,
    give the row a reason, so that somebody looks at it.
    """
    if source not in SOURCES:
        return
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE asked_as AS
        SELECT given, anonymart_folds(given)[1] AS fold FROM (
            SELECT DISTINCT identifier AS given FROM incoming WHERE reason IS NULL AND identifier IS NOT NULL
        ) WHERE given NOT IN (SELECT identifier FROM vault.register.identities)
            -- dots and tags are seen to by the identity register
            AND ('email:' || loose_email(substr(given, 7))) NOT IN (
                SELECT group_key FROM vault.register.identities WHERE group_key IS NOT NULL)
    """)
    if not connection.execute("FROM asked_as LIMIT 1").fetchall():
        return
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE known_as AS
        WITH known AS (
            SELECT identifier, anonymart_folds(identifier)[1] AS fold FROM vault.register.identities
            WHERE starts_with(identifier, 'learner:') OR starts_with(identifier, 'email:')
            UNION
            SELECT identifier, anonymart_folds('learner:' || account_name)[1] FROM vault.register.learners
            WHERE account_name IS NOT NULL
        )
        SELECT asked_as.given, min(known.identifier) AS identifier,
            count(DISTINCT coalesce(identities.anchor, identities.identifier)) AS n_people
        FROM asked_as INNER JOIN known USING (fold)
        INNER JOIN vault.register.identities AS identities ON identities.identifier = known.identifier
        GROUP BY asked_as.given
    """)
    connection.execute(
        """
        UPDATE incoming SET reason = $1 FROM known_as
        WHERE known_as.given = incoming.identifier AND known_as.n_people > 1
        """,
        [TWO_PEOPLE],
    )
    connection.execute("""
        UPDATE incoming SET identifier = known_as.identifier,
            learner_id = if(starts_with(known_as.identifier, 'learner:'), substr(known_as.identifier, 9),
                learner_id)
        FROM known_as WHERE known_as.given = incoming.identifier AND known_as.n_people = 1
    """)

"""When people used the site, kept as spans of its own so that no purge loses them (P-STAT).

Two uses of an identifier belong to one span when the window of the first was still open on the day of the
second. What comes after the window has closed is a new activity period. Spans are the same in whatever order
the uses are delivered.
"""

from __future__ import annotations

import duckdb

from anonymart.engine import literal
from anonymart.policy import Policy
from anonymart.rows import one_row


def note(connection: duckdb.DuckDBPyConnection, uses: str, policy: Policy) -> None:
    """Add uses to vault.register.last_use, within the caller's transaction.

    `uses` is a query with the columns identifier and used_at (UTC), in any order and number. Only identifiers
    of which it tells something new are touched.
    """
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE used AS
        SELECT identifier, min(used_at) AS first_use_at, max(used_at) AS last_use_at
        FROM ({uses}) AS uses (identifier, used_at) GROUP BY identifier;
        DELETE FROM used USING vault.register.last_use AS known
        WHERE used.identifier = known.identifier
            AND used.first_use_at >= known.first_use_at AND used.last_use_at <= known.last_use_at
    """)
    _split_long(connection, uses, policy)
    connection.execute(f"""
        INSERT INTO used BY NAME SELECT * FROM vault.register.last_use SEMI JOIN used USING (identifier);
        DELETE FROM vault.register.last_use WHERE identifier IN (SELECT identifier FROM used);
        INSERT INTO vault.register.last_use BY NAME {_merged(policy)}
    """)


def _split_long(connection: duckdb.DuckDBPyConnection, uses: str, policy: Policy) -> None:
    """Replace what is longer than the window, which may hold two activity periods, by its days of use."""
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE long AS
        SELECT identifier FROM used WHERE {closing_on("first_use_at", policy)} <
            {local_date("last_use_at", policy)}
    """)
    if one_row(connection.execute("SELECT count(*) FROM long"))[0] == 0:
        return
    connection.execute(f"""
        DELETE FROM used WHERE identifier IN (SELECT identifier FROM long);
        INSERT INTO used BY NAME
        SELECT identifier, min(used_at) AS first_use_at, max(used_at) AS last_use_at
        FROM ({uses}) AS uses (identifier, used_at) SEMI JOIN long USING (identifier)
        GROUP BY identifier, {local_date("used_at", policy)}
    """)


def _merged(policy: Policy) -> str:
    """Query: the rows of `used`, joined wherever the window was still open."""
    in_order = "PARTITION BY identifier ORDER BY first_use_at, last_use_at ROWS"
    return f"""
        WITH followed AS (
            SELECT *, max(last_use_at) OVER ({in_order} BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
                AS used_before_at
            FROM used
        ),
        numbered AS (
            SELECT *, count(*) FILTER (
                {local_date("first_use_at", policy)} > {closing_on("used_before_at", policy)}
            ) OVER ({in_order} UNBOUNDED PRECEDING) AS life_no
            FROM followed
        )
        SELECT identifier, min(first_use_at) AS first_use_at, max(last_use_at) AS last_use_at
        FROM numbered GROUP BY identifier, life_no
    """


def local_date(moment: str, policy: Policy) -> str:
    """SQL: the day of a UTC timestamp where the school is."""
    zone = literal(policy.figure("window", "time_zone"))
    return f"(({moment} AT TIME ZONE 'UTC') AT TIME ZONE {zone})::DATE"


def closing_on(moment: str, policy: Policy) -> str:
    """SQL: the last day of the window that a use at this moment opens; 29 February closes on 28 February."""
    years = policy.figure("purposes", "P-STAT", "keep_years_after_last_use")
    return f"({local_date(moment, policy)} + INTERVAL {years} YEAR)::DATE"

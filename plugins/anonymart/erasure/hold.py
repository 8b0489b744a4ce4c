"""Retention waits some days for a person when its plan looks wrong (S-SAFE): a clock that runs ahead must not
remove a school.

Only bytes wait: whoever is over a term is in no figure that a build of that day closes, and what somebody
asked for never waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from anonymart import guard
from anonymart.policy import Policy
from anonymart.rows import one_row
from anonymart.temp_tables import TO_ERASE

# TEMP tables that another module makes.
READS = (TO_ERASE,)

SHARE, AHEAD = "share", "ahead"


@dataclass(frozen=True)
class Why:
    """Why a plan waits: of which kind, and in one sentence."""

    kind: str
    sentence: str


@dataclass(frozen=True)
class People:
    """Persons whom the register of learners knows: all of them, and those who would go whole by a plan."""

    known: int
    leaving: int


def count_people(connection: duckdb.DuckDBPyConnection) -> People:
    """Count them by the TEMP table `to_erase`. Persons, not identifiers."""
    return People(
        *one_row(
            connection.execute("""
        WITH learners AS (
            SELECT identities.identifier, coalesce(identities.anchor, identities.identifier) AS who
            FROM vault.register.identities AS identities
            WHERE coalesce(identities.anchor, identities.identifier) IN (SELECT identifier
            FROM vault.register.learners)
        )
        SELECT count(DISTINCT who), count(DISTINCT who) FILTER (identifier IN (SELECT identifier FROM to_erase
        WHERE scope = 'all')) FROM learners
    """)
        )
    )


def why_held(
    connection: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, people: People, is_empty: bool
) -> Why | None:
    """Why a plan for this day looks wrong; None when it does not, when it takes nothing, and where so few
    people are known that any removal is a large share.
    """
    share, fewest = (
        policy.figure("retention", name) for name in ("largest_share_of_people", "fewest_people")
    )
    ahead = guard.why_ahead(connection, policy, as_of)
    if is_empty or people.known < fewest:
        return None
    if ahead:
        return Why(AHEAD, ahead)
    if people.leaving > share * people.known:
        return Why(
            SHARE,
            f"It would remove {people.leaving} of {people.known} learners, more than {100 * share:g} % "
            f"(retention.largest_share_of_people).",
        )
    return None


def note(connection: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, why: Why | None) -> date | None:
    """Note in the vault that a plan waits on this day, or that none does; gives the day on which it goes on
    by itself, None when that is now.

    The days are those of runs: a hold that no run has seen for longer than `as_of.largest_step_days` begins
    anew.
    """
    days = timedelta(days=policy.figure("retention", "hold_days"))
    row = connection.execute("SELECT kind, since, last_on FROM vault.ledger.retention_hold").fetchone()
    if why is None:
        if row:
            connection.execute("DELETE FROM vault.ledger.retention_hold")
        return None
    since, last_on = as_of, as_of
    if (
        row
        and row[0] == why.kind
        and row[1] <= as_of <= row[2] + timedelta(days=policy.figure("as_of", "largest_step_days"))
    ):
        since, last_on = row[1], max(row[2], as_of)
    _write(connection, why.kind, since, last_on)
    return since + days if as_of < since + days else None


def renew(connection: duckdb.DuckDBPyConnection, as_of: date, why: Why) -> None:
    """A person wants the plan to wait on: the days count from this one again."""
    _write(connection, why.kind, as_of, as_of)


def _write(connection: duckdb.DuckDBPyConnection, kind: str, since: date, last_on: date) -> None:
    connection.execute("DELETE FROM vault.ledger.retention_hold")
    connection.execute(
        "INSERT INTO vault.ledger.retention_hold (kind, since, last_on) VALUES ($1, $2, $3)",
        [kind, since, last_on],
    )

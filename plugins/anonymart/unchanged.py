"""Whether a build would find what the last one found: then a run with nothing new builds nothing.

A build depends on the vault (its loads, rights and removals), on what was published, on the policy register
and the dbt project, and on the day. A later day closes periods only on few days of a month: on all others it
changes no figure that could be published.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta

import duckdb

from anonymart import __version__, engine, guard
from anonymart.contracts import load_contracts
from anonymart.definitions import project
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.migrate.steps import STEPS
from anonymart.policy import Policy
from anonymart.release import cells
from anonymart.rights import state

# All that a build reads of the vault comes with a load, a request or a removal; the state of rights stands
# for the last two. What a release made of the build's cells is the same in the next build.
_TABLES = ("loads", "withdrawals", "withdrawn_periods")


def day_of_build(home: Home, keys: Keys, policy: Policy, as_of: date) -> date | None:
    """The day of the last build where one of `as_of` would publish nothing else; None where it has to be
    built.
    """
    if not home.warehouse.exists():
        return None
    with engine.connect(home, keys, vault="rw", warehouse="ro") as connection:
        found = state.built_inputs(connection)
        if found is None or state.built(connection) != state.of_vault(connection):
            return None
        inputs, day = found
        if inputs != inputs_of(connection, policy) or not day <= as_of or _may_close(day, as_of, policy):
            return None
        if cells.has_news(connection, load_contracts().values()):
            return None
        guard.note_run(connection, as_of)
        return day


def inputs_of(connection: duckdb.DuckDBPyConnection, policy: Policy) -> str:
    """The digest of what a build of the attached vault reads, but for the day and the state of rights: 64
    hexadecimal digits.
    """
    parts = [__version__, str(len(STEPS)), project(), json.dumps(policy.raw, sort_keys=True, default=str)]
    for name in _TABLES:
        if engine.table_exists(connection, "ledger", name):
            parts.append(
                str(
                    connection.execute(
                        f"SELECT count(*), sum(hash(rows)::HUGEINT) FROM vault.ledger.{name} AS rows"
                    ).fetchone()
                )
            )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _may_close(built: date, as_of: date, policy: Policy) -> bool:
    """Whether a period may close after the day of the build and up to `as_of`: each ends with a month, and
    closes `publication.delay_days` later; the days beside are counted too.
    """
    delay = timedelta(days=policy.figure("publication", "delay_days"))
    if as_of - built > timedelta(days=27):
        return True
    days = (built + timedelta(days=n) - delay for n in range(1, (as_of - built).days + 1))
    return any(day.day in (1, 2) or (day + timedelta(days=1)).day in (1, 2) for day in days)

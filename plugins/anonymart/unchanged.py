"""Whether a build would find what the last one found: then a run with nothing new builds nothing, and one
with new rows alone makes no cells anew while no period closes.

A build depends on the vault (its loads, rights and removals), on what was published, on the policy register
and the dbt project, and on the day. A later day closes periods only on few days of a month: on all others it
changes no figure that could be published.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import duckdb

from anonymart import __version__, engine, guard, lists, shared_persons
from anonymart.contracts import MartContract, load_contracts
from anonymart.definitions import project
from anonymart.migrate.steps import STEPS
from anonymart.orders import made
from anonymart.policy import Policy
from anonymart.release import cells
from anonymart.rights import state
from anonymart.session import Session

# All that a build reads of the vault comes with a load, a request or a removal; the state of rights stands
# for the last two. What a release made of the build's cells is the same in the next build.
_ROWS = ("loads",)
_RECALLED = ("withdrawals", "withdrawn_periods")
# So often the cells are made anew all the same: whatever made them stay wrongly holds no longer.
_MADE_ANEW_AFTER = timedelta(days=7)


def day_of_build(session: Session) -> date | None:
    """The day of the last build where one of `as_of` would publish nothing else; None where it has to be
    built.
    """
    if not session.home.warehouse.exists():
        return None
    with session.connect(vault="rw", warehouse="ro") as connection:
        found = state.built_inputs(connection)
        if found is None or state.built(connection) != state.of_vault(connection):
            return None
        inputs, day = found
        if (
            inputs != inputs_of(connection, session.policy)
            or not day <= session.as_of
            or _may_close(day, session.as_of, session.policy)
        ):
            return None
        if cells.has_news(connection, load_contracts().values()):
            return None
        guard.note_run(connection, session.as_of)
        return day


def day_of_cells(session: Session) -> tuple[date, str] | None:
    """The day of the last whole build and the state of rights that it read, where a build of `as_of` would
    make the same cells, marts and evidence of whatever rows; None where they have to be made.

    A cell is made when its period closes, and never again. So they stay while nothing but rows has come, all
    that had closed is published, and no period closes until `as_of`. A mart without any cell closes nothing,
    so that rows may give it cells of any period: where it has people and rows of its sources have come, all
    are made (where it has nobody yet, `build.build` looks again once the new rows are in).
    """
    if not session.home.warehouse.exists():
        return None
    contracts = load_contracts()
    with session.connect(vault="ro", warehouse="ro") as connection:
        found, rights = state.built_inputs(connection), state.built(connection)
        if found is None or rights is None or rights != state.of_vault(connection):
            return None
        inputs, day = found
        # What a digest of before says is compared as a whole.
        if inputs.partition(" ")[0] != inputs_of(connection, session.policy).partition(" ")[0]:
            return None
        if not timedelta(0) <= session.as_of - day < _MADE_ANEW_AFTER or _may_close(
            day, session.as_of, session.policy
        ):
            return None
        if cells.has_news(connection, contracts.values()) or _may_begin(connection, contracts, day):
            return None
        return day, rights


def _may_begin(
    connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract], day: date
) -> bool:
    """Whether a mart without any cell has people, and a load of a source that it is counted from brought rows
    since the build of that day.
    """
    loaded = connection.execute(
        "SELECT DISTINCT source FROM vault.ledger.loads WHERE loaded > 0 AND as_of >= $1", [day]
    ).fetchall()
    with_rows = {source for (source,) in loaded}
    read = shared_persons.sources(contracts, lists.project())
    return any(
        read[contract.name] & with_rows and cells.has_anybody(connection, contract)
        for contract in cells.without_any(connection, contracts.values())
    )


def inputs_of(connection: duckdb.DuckDBPyConnection, policy: Policy) -> str:
    """Two digests of what a build of the attached vault reads, but for the day and the state of rights: of
    all but its rows, and of its loads; 64 hexadecimal digits each, with a space between.
    """
    register = json.dumps(policy.raw, sort_keys=True, default=str)
    ordered = [order.name for order in made.approved(connection)]
    parts = [__version__, str(len(STEPS)), project(), register, state.defined(), *ordered]
    found = ([*parts, *_tables(connection, _RECALLED)], _tables(connection, _ROWS))
    return " ".join(hashlib.sha256("\n".join(each).encode()).hexdigest() for each in found)


def _tables(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> list[str]:
    return [
        str(
            connection.execute(
                f"SELECT count(*), sum(hash(rows)::HUGEINT) FROM vault.ledger.{name} AS rows"
            ).fetchone()
        )
        for name in names
        if engine.table_exists(connection, "ledger", name)
    ]


def _may_close(built: date, as_of: date, policy: Policy) -> bool:
    """Whether a period may close after the day of the build and up to `as_of`: each ends with a month, and
    closes on day `publication.delay_days` of a later one (macro closes_on).
    """
    since_first = timedelta(days=policy.figure("publication", "delay_days") - 1)
    if as_of - built > timedelta(days=27):
        return True
    days = (built + timedelta(days=n) - since_first for n in range(1, (as_of - built).days + 1))
    return any(day.day == 1 for day in days)

"""Recalling a release: its wrong cells leave the ledger in one transaction, `current` goes back, each folder
is marked (S-ANON, S-SAFE).

The next build closes the periods of the wrong cells again, and the release that follows replaces what was
recalled. A kill before the transaction has withdrawn nothing; a kill after it is finished by `recover`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date

import duckdb

from anonymart import audit, crash, engine
from anonymart.contracts import MartContract, load_contracts
from anonymart.errors import AnonymartError, UsageError
from anonymart.home import Home
from anonymart.release import approval, ledger
from anonymart.release.cells import key_sql
from anonymart.release.publish import finish_withdrawals, recover
from anonymart.session import Session
from anonymart.vault import schema


@dataclass(frozen=True)
class Wrong:
    """What was wrong in which release, as a person types it; without marts and periods all that the release
    published first.
    """

    release_id: str
    why: str
    marts: tuple[str, ...] = ()
    periods: tuple[str, ...] = ()


@dataclass
class Withdrawal:
    """A plan, or what was done. Cells and periods are counted by mart; the token names the plan."""

    release_id: str
    as_of: str
    why: str
    recalled: list[str] = field(default_factory=list)
    cells: dict[str, int] = field(default_factory=dict)
    periods: dict[str, list[str]] = field(default_factory=dict)
    current: str | None = None
    is_done: bool = False

    @property
    def token(self) -> str:
        """Acting needs it, so that nobody acts on a plan that has changed since."""
        told = [self.release_id, self.as_of, self.why, self.recalled, self.cells, self.periods]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]


def plan_withdrawal(session: Session, wrong: Wrong) -> Withdrawal:
    """Which releases would be recalled and which cells computed anew; changes nothing.

    Raises UsageError for an unknown or withdrawn release, for a mart or period that it did not publish, and
    for a reason that is empty, too long, or holds what may name a person; AnonymartError when the release
    that would be current is gone.
    """
    if not session.home.vault.exists():
        raise UsageError(
            f"The release {wrong.release_id} is not known: `anonymart releases` lists those that are."
        )
    with session.connect(vault="ro") as connection:
        return _plan(session.home, connection, session.as_of, wrong)


def withdraw(session: Session, wrong: Wrong, token: str, actor: str | None = None) -> Withdrawal:
    """Recall the release, and every later one that carries its wrong cells. Raises as plan_withdrawal does,
    and UsageError for a stale token.
    """
    recover(session)
    if not session.home.vault.exists():
        return plan_withdrawal(session, wrong)
    with session.connect(
        vault="rw", warehouse="rw" if session.home.warehouse.exists() else None
    ) as connection:
        schema.create(connection, session.keys)
        plan = _plan(session.home, connection, session.as_of, wrong)
        if token != plan.token:
            raise UsageError(
                "The token is not that of the present plan: look at the plan again; nothing was withdrawn."
            )
        name = audit.who(connection, actor)
        if session.home.warehouse.exists():
            _drop_marts(connection, plan)
        crash.point("withdraw.before_commit")
        _commit(connection, session, plan, name)
    crash.point("withdraw.after_commit")
    audit.flush(session)
    finish_withdrawals(session)
    approval.supersede(session, "a release was withdrawn", actor)
    plan.is_done = True
    return plan


def reword(session: Session, release_id: str, why: str, actor: str | None = None) -> str:
    """Give a withdrawal that is not replaced yet another reason, and the folders it recalled; gives the
    reason as it now stands.

    A learner may arrive whose name is a word of the old one: the gate then refuses every correction. Raises
    UsageError for a release that was not named in an open withdrawal, and for a reason that may not be
    published.
    """
    recover(session)
    unknown = UsageError(
        f"The release {release_id} was not named in a withdrawal that is still to be replaced: "
        f"`anonymart releases` lists them."
    )
    if not session.home.vault.exists():
        raise unknown
    with session.connect(vault="rw") as connection:
        text = _checked_why(connection, why)
        name = audit.who(connection, actor)
        schema.create(connection, session.keys)
        connection.execute("BEGIN")
        changed = _number(
            connection,
            f"""
            UPDATE vault.ledger.withdrawals SET why = {engine.literal(text)}
            WHERE named_id = {engine.literal(release_id)} AND replaced_by IS NULL""",
        )
        if not changed:
            raise unknown
        audit.enter(connection, session, "reworded", name, release_id=release_id, why=text)
        connection.execute("COMMIT")
    audit.flush(session)
    finish_withdrawals(session)
    return text


def _plan(home: Home, connection: duckdb.DuckDBPyConnection, as_of: date, wrong: Wrong) -> Withdrawal:
    why = _checked_why(connection, wrong.why)
    committed = {release["release_id"]: release["as_of"] for release in ledger.releases(connection)}
    if wrong.release_id not in committed:
        raise UsageError(
            f"The release {wrong.release_id} is not known: `anonymart releases` lists those that are."
        )
    standing = ledger.standing(connection)
    if wrong.release_id not in standing:
        raise UsageError(
            f"The release {wrong.release_id} is withdrawn already: `anonymart releases` says why."
        )
    recalled = standing[standing.index(wrong.release_id) :]
    last_day = max(committed[release_id] for release_id in recalled)
    if as_of < last_day:
        raise UsageError(
            f"as_of {as_of} is before {last_day}, the day of a release that would be recalled: give a "
            f"later date."
        )
    plan = Withdrawal(wrong.release_id, as_of.isoformat(), why, recalled)
    _choose_periods(connection, wrong)
    contracts = load_contracts()
    for contract in contracts.values():
        _add_pools(connection, contract)
    plan.periods = _periods(connection)
    plan.cells = {
        mart: _number(connection, f"SELECT count(*) {_wrong_cells(contracts[mart])}") for mart in plan.periods
    }
    plan.current = (
        standing[standing.index(wrong.release_id) - 1] if standing.index(wrong.release_id) else None
    )
    if plan.current and not (home.releases / plan.current).is_dir():
        raise AnonymartError(
            f"The folder of {home.releases / plan.current}, which would be current, is gone: restore it "
            f"from a copy first."
        )
    return plan


def _checked_why(connection: duckdb.DuckDBPyConnection, typed: str) -> str:
    from anonymart.gate.typed import checked_sentence

    return checked_sentence(connection, typed, "--why")


def _choose_periods(connection: duckdb.DuckDBPyConnection, wrong: Wrong) -> None:
    """Fill the TEMP table wrong_periods (mart, period_key) with what the release published first and what was
    said to be wrong.
    """
    for mart in wrong.marts:
        if mart not in load_contracts():
            raise UsageError(f"There is no mart {mart}: name one of {', '.join(load_contracts())}.")
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE wrong_periods AS
        SELECT DISTINCT mart, period_key FROM vault.ledger.closed_periods
        WHERE release_id = $1 AND (len($2) = 0 OR list_contains($2, mart))
            AND (len($3) = 0 OR list_has_any($3, [period_key, split_part(period_key, '|', 1)]))
    """,
        [wrong.release_id, list(wrong.marts), list(wrong.periods)],
    )
    found = _periods(connection)
    for mart in wrong.marts:
        if mart not in found:
            of_period = " of these periods" if wrong.periods else ""
            raise UsageError(
                f"The release {wrong.release_id} was not the first to publish cells{of_period} in "
                f"{mart}: name the release that was."
            )
    keys = {key for listed in found.values() for key in listed}
    for period in wrong.periods:
        if not any(period in (key, key.split("|")[0]) for key in keys):
            raise UsageError(
                f"The release {wrong.release_id} was not the first to publish the period {period}: "
                "name periods as the ledger does, as in 2026-04-01 or 2024|6."
            )
    if not found:
        raise UsageError(
            f"The release {wrong.release_id} closed no period that still stands: name the release that "
            f"first published the wrong cells."
        )


def _add_pools(connection: duckdb.DuckDBPyConnection, contract: MartContract) -> None:
    """A pool of years is wrong with any of its years, and must never stand beside a year that was computed
    anew.
    """
    pooling = contract.disclosure.get("pooling")
    if not pooling or not engine.table_exists(connection, "ledger", f"cells_{contract.name}"):
        return
    of_year = key_sql(contract.period_key, "pool").replace(f'pool."{pooling["year"]}"', "member.year")
    for _ in contract.columns:
        added = _number(
            connection,
            f"""
            INSERT INTO wrong_periods
            SELECT DISTINCT '{contract.name}', {key_sql(contract.period_key, "pool")}
            FROM vault.ledger.cells_{contract.name} AS pool,
                unnest(generate_series(pool."{pooling["year_from"]}",
                pool."{pooling["year"]}")) AS member (year)
            WHERE {of_year} IN (SELECT period_key FROM wrong_periods WHERE mart = '{contract.name}')
                AND {key_sql(contract.period_key, "pool")} NOT IN (SELECT period_key FROM wrong_periods
                    WHERE mart = '{contract.name}')""",
        )
        if not added:
            return


def _periods(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    rows = connection.execute(
        "SELECT mart, list(period_key ORDER BY period_key) FROM wrong_periods GROUP BY mart ORDER BY mart"
    ).fetchall()
    return dict(rows)


def _wrong_cells(contract: MartContract) -> str:
    return f"""
        FROM vault.ledger.cells_{contract.name} AS cell
        WHERE {key_sql(contract.period_key, "cell")} IN (SELECT period_key FROM wrong_periods
            WHERE mart = '{contract.name}')"""


def _drop_marts(connection: duckdb.DuckDBPyConnection, plan: Withdrawal) -> None:
    """The last build still holds the wrong cells: without these tables nobody can publish them again, only a
    new build can.
    """
    for mart in plan.periods:
        connection.execute(f"DROP TABLE IF EXISTS warehouse.marts.{mart}")


def _commit(connection: duckdb.DuckDBPyConnection, session: Session, plan: Withdrawal, actor: str) -> None:
    contracts = load_contracts()
    order = [release["release_id"] for release in ledger.releases(connection)]
    closed_by = dict(
        connection.execute("""
            SELECT mart, list(DISTINCT closed.release_id) FROM vault.ledger.closed_periods AS closed
            INNER JOIN wrong_periods USING (mart, period_key) GROUP BY mart
        """).fetchall()
    )
    connection.execute("BEGIN")
    for release_id in plan.recalled:
        held = [
            mart for mart in plan.periods if min(map(order.index, closed_by[mart])) <= order.index(release_id)
        ]
        connection.execute(
            "INSERT INTO vault.ledger.withdrawals (release_id, as_of, why, marts, named_id) VALUES (?, "
            "?::DATE, ?, ?, ?)",
            [release_id, plan.as_of, plan.why, held, plan.release_id],
        )
    for mart in plan.periods:
        _set_aside(connection, contracts[mart], order[-1])
    last = engine.literal(order[-1])
    connection.execute(f"""
        INSERT INTO vault.ledger.withdrawn_periods
        SELECT closed.mart, closed.period_key, closed.release_id, {last}
        FROM vault.ledger.closed_periods AS closed INNER JOIN wrong_periods USING (mart, period_key);
        DELETE FROM vault.ledger.closed_periods AS closed USING wrong_periods
        WHERE closed.mart = wrong_periods.mart AND closed.period_key = wrong_periods.period_key
    """)
    audit.enter(
        connection, session.on(date.fromisoformat(plan.as_of)), "withdrew", actor,
        release_id=plan.release_id, recalled=plan.recalled, marts=sorted(plan.cells), why=plan.why,
    )  # fmt: skip
    connection.execute("COMMIT")


def _set_aside(connection: duckdb.DuckDBPyConnection, contract: MartContract, last_release_id: str) -> None:
    """Move the wrong cells of a mart to withdrawn_<mart>, with the last release in which they stood; later
    versions have larger numbers.
    """
    table, last = f"vault.ledger.withdrawn_{contract.name}", engine.literal(last_release_id)
    connection.execute(f"""
        CREATE TABLE IF NOT EXISTS {table} AS
        SELECT *, NULL::VARCHAR AS last_release_id, NULL::INTEGER AS version
        FROM vault.ledger.cells_{contract.name} LIMIT 0;
        INSERT INTO {table} BY NAME
        SELECT *, {last} AS last_release_id, (SELECT coalesce(max(version), 0) + 1
        FROM {table}) AS version {_wrong_cells(contract)};
        DELETE {_wrong_cells(contract)}
    """)


def _number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0

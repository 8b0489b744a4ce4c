"""Whether the day of a run can be right (S-SAFE). History closes for good, so a clock that is wrong must not
close it.

The rows themselves are the witness, and the last run is a second one. No machine's clock is asked. Only build
and publication wait: ingestion and requests of people never do, and retention has a guard of its own
(`erasure/hold.py`).
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

import duckdb

from anonymart import audit
from anonymart.engine import table_exists
from anonymart.errors import DayHeld
from anonymart.policy import Policy
from anonymart.rows import one_row
from anonymart.session import Session
from anonymart.vault import schema

# Sources whose rows tell of something that happened: their newest day says how far the school's own time has
# come.
_EVENTS = ("connections", "learning", "nps", "salary")
FORCED = "Forced with --force-as-of"


def check(session: Session, force: bool = False, actor: str | None = None) -> None:
    """Let a day pass for which history closes rightly. Forced, any day passes, and the vault and the audit
    log keep that somebody meant it.

    Raises DayHeld, with a sentence that says what to type.
    """
    if not session.home.vault.exists():
        return
    with session.connect(vault="ro") as connection:
        why = why_held(connection, session.policy, session.as_of)
    if why and force:
        _confirm(session, FORCED, actor)
    elif why:
        raise DayHeld(why)


def confirm(session: Session, reason: str, actor: str | None = None) -> None:
    """Note that a person has said that this day is right, and why: then it passes, and counts as a day on
    which the school was as it is known.

    Raises UsageError for a reason that may name somebody, and as `audit.who`.
    """
    from anonymart.gate.typed import checked_reason

    _confirm(session, checked_reason(session, reason), actor)


def note_run(connection: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """A build has ended well for this day, which is kept once; `vault` is attached to write. Older days stay:
    of a false one ahead nothing is to be learned.
    """
    connection.execute("DELETE FROM vault.ledger.runs WHERE as_of = $1", [as_of])
    connection.execute("INSERT INTO vault.ledger.runs (as_of) VALUES ($1)", [as_of])


def why_held(connection: duckdb.DuckDBPyConnection, policy: Policy, as_of: date) -> str | None:
    """Why history would close wrongly on this day, in one sentence with what to type; None when the day may
    pass. `vault` is attached.
    """
    if as_of in _confirmed(connection):
        return None
    last = _newest(connection, "releases", as_of=None)
    if last and as_of < last:
        return f"as_of {as_of} is before the last release's {last}: give a later date. {_or_confirm(as_of)}"
    if last is None and _newest(connection, "runs", as_of=None) is None:
        return None  # a first build has no history, and the reviewer looks at the first release
    return why_ahead(connection, policy, as_of)


def why_ahead(connection: duckdb.DuckDBPyConnection, policy: Policy, as_of: date) -> str | None:
    """Why this day lies further ahead than anything that is known of the school; None when it does not.
    `vault` is attached.
    """
    largest = policy.figure("as_of", "largest_step_days")
    confirmed = [day for day in _confirmed(connection) if day <= as_of]
    if as_of in confirmed:
        return None
    events = max([*filter(None, [_newest_event(connection, as_of)]), *confirmed], default=None)
    # A home may begin with old data: on the day of its first build they were what there was.
    if events and as_of >= first_empty_closing(max(events, _first_run(connection, as_of) or events), policy):
        return (
            f"as_of {as_of} is far ahead of the newest event of the vault ({events}): a whole month of "
            f"which no row is known would close for good. "
            f"Correct the date or the clock, or load what is missing. {_or_confirm(as_of)}"
        )
    last = max(
        [*filter(None, (_newest(connection, name, as_of) for name in ("runs", "releases"))), *confirmed],
        default=None,
    )
    if last and as_of > last + timedelta(days=largest):
        return (
            f"as_of {as_of} is more than {largest} days after the last run's {last}: correct the date or "
            f"the clock. {_or_confirm(as_of)}"
        )
    return None


def first_empty_closing(newest_event: date, policy: Policy) -> date:
    """The first day on which a whole calendar month after the newest event would close,
    `publication.delay_days` after its end.
    """
    first = newest_event.replace(day=1) + timedelta(days=monthrange(newest_event.year, newest_event.month)[1])
    end = first.replace(day=monthrange(first.year, first.month)[1])
    return end + timedelta(days=policy.figure("publication", "delay_days"))


def _or_confirm(as_of: date) -> str:
    return (
        f"If the day is right: `anonymart confirm-day {as_of} --reason TEXT`, or --force-as-of for this run."
    )


def _confirm(session: Session, reason: str, actor: str | None) -> None:
    with session.connect(vault="rw") as connection:
        schema.create(connection, session.keys)
        name = audit.who(connection, actor)
        connection.execute("BEGIN")
        connection.execute(
            "INSERT INTO vault.ledger.confirmed_days (as_of, decided_by, reason) VALUES ($1, $2, $3)",
            [session.as_of, name, reason],
        )
        audit.enter(connection, session, "confirmed_day", name, reason=reason)
        connection.execute("COMMIT")
    audit.flush(session)


def _confirmed(connection: duckdb.DuckDBPyConnection) -> list[date]:
    if not table_exists(connection, "ledger", "confirmed_days"):
        return []
    return [day for (day,) in connection.execute("SELECT as_of FROM vault.ledger.confirmed_days").fetchall()]


def _newest(connection: duckdb.DuckDBPyConnection, table: str, as_of: date | None) -> date | None:
    """The newest day of a table of the ledger, up to `as_of` where one is given: a day ahead of it tells of a
    clock that was wrong.
    """
    if not table_exists(connection, "ledger", table):
        return None
    return one_row(
        connection.execute(
            f"SELECT max(as_of) FROM vault.ledger.{table} WHERE coalesce(as_of <= $1, true)", [as_of]
        )
    )[0]


def _first_run(connection: duckdb.DuckDBPyConnection, as_of: date) -> date | None:
    """The day of the first build up to `as_of`."""
    if not table_exists(connection, "ledger", "runs"):
        return None
    return one_row(connection.execute("SELECT min(as_of) FROM vault.ledger.runs WHERE as_of <= $1", [as_of]))[
        0
    ]


def _newest_event(connection: duckdb.DuckDBPyConnection, as_of: date) -> date | None:
    """The newest day up to `as_of` of which a row tells, of whomever."""
    found = []
    if table_exists(connection, "ledger", "row_hashes"):
        found.append(
            "SELECT max(about_on) AS day FROM vault.ledger.row_hashes WHERE list_contains($2, source) "
            "AND about_on <= $1"
        )
    if table_exists(connection, "register", "last_use"):
        found.append(
            "SELECT max(last_use_at)::DATE FROM vault.register.last_use WHERE last_use_at::DATE <= $1 "
            "AND $2 IS NOT NULL"
        )
    if not found:
        return None
    return one_row(
        connection.execute(
            f"SELECT max(day) FROM ({' UNION ALL '.join(found)}) AS days (day)", [as_of, list(_EVENTS)]
        )
    )[0]

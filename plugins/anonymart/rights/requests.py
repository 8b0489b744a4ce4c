"""Requests as the list shows them, and the steps by hand: proof of identity (R-DOUBT), refusal. Steps are
appended, never changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import duckdb

from anonymart import crash
from anonymart.errors import AnonymartError, UsageError
from anonymart.home import Home
from anonymart.ingest import identities, request_ids
from anonymart.keys import Keys
from anonymart.policy import Policy
from anonymart.rights import clock
from anonymart.session import Session
from anonymart.vault import schema

REASONS = ("no_proof", "unfounded", "excessive")
CLOSED = ("answered", "refused", "entered", "erased")

# Of a closed request its kind, dates, outcome and a keyed hash of who asked stay (P-RIGHTS). Takes a list of
# request ids.
STRIP = """
    UPDATE vault.rights.requests SET who = identifier_hash(identifier), identifier = NULL, details = NULL
    WHERE identifier IS NOT NULL AND list_contains($1, request_id)
"""
# An id may be anything that the school typed: one that could name somebody is shown by its place only.
_SHOWN_ID = f"""
    CASE WHEN {request_ids.names_nobody("requests.request_id")}
        THEN requests.request_id
        ELSE 'load-' || requests.load_no || '-'
            || row_number() OVER (PARTITION BY requests.load_no ORDER BY requests.request_id)
    END
"""
_REQUESTS = f"""
    WITH newest AS (
        SELECT request_id, arg_max(state, rowid) AS state, arg_max(note, rowid) AS note
        FROM vault.rights.steps GROUP BY request_id
    )
    SELECT requests.request_id, {_SHOWN_ID} AS shown_id, requests.kind, requests.received_at,
        CASE WHEN newest.note LIKE 'problem %' THEN substr(newest.note, 9) END AS problem,
        coalesce(newest.state, CASE WHEN requests.identity_verified THEN 'received' ELSE 'awaiting_proof' END)
            AS state
    FROM vault.rights.requests AS requests
    LEFT JOIN newest ON newest.request_id = requests.request_id
    ORDER BY requests.received_at, requests.request_id
"""


_UNREADABLE = """
    SELECT unreadable_id, kind, first_seen_on, reason,
        CASE state WHEN 'open' THEN 'unreadable' ELSE state END AS state, source, file_name, line
    FROM vault.rights.unreadable ORDER BY first_seen_on, unreadable_id
"""


@dataclass(frozen=True)
class Request:
    """One request as it may be shown: its id, kind, state and dates, and nothing of who asks.

    `problem` says why it cannot be planned: needs_details, or two_people behind one e-mail. A row that could
    not be read has source, file and line (None: the whole file), its `problem` is the reason, and its month
    runs from the day of the run that first saw it (R-CLOCK).
    """

    id: str
    kind: str
    state: str
    received_on: date
    due_on: date
    is_late: bool
    is_near: bool
    problem: str | None = None
    source: str | None = None
    file: str | None = None
    line: int | None = None


def list_requests(session: Session) -> list[Request]:
    """Every request, the oldest first (R-CLOCK). Raises UsageError when there is no vault yet."""
    need_vault(session.home)
    connection = session.connect(vault="rw")
    try:
        schema.create(connection, session.keys)
        return list(load_states(connection, session.policy, session.as_of).values())
    finally:
        connection.close()


def load_states(connection: duckdb.DuckDBPyConnection, policy: Policy, as_of: date) -> dict[str, Request]:
    """The requests by the id that the vault keeps them under."""
    found = {}
    for request_id, shown_id, kind, received_at, problem, state in connection.execute(_REQUESTS).fetchall():
        received = clock.received_on(received_at, policy)
        due = clock.due_on(received, policy)
        is_open = state not in CLOSED
        found[request_id] = Request(
            shown_id, kind, state, received, due,
            is_open and clock.is_late(due, as_of), is_open and clock.is_near(due, as_of, policy), problem,
        )  # fmt: skip
    for row_id, kind, seen_on, reason, state, source, file_name, line in connection.execute(
        _UNREADABLE
    ).fetchall():
        due = clock.due_on(seen_on, policy)
        is_open = state not in CLOSED
        found[row_id] = Request(
            row_id,
            kind,
            state,
            seen_on,
            due,
            is_open and clock.is_late(due, as_of),
            is_open and clock.is_near(due, as_of, policy),
            reason,
            source,
            file_name,
            line,
        )
    return found


def count(requests: Iterable[Request]) -> dict[str, int]:
    """How many are open (unreadable rows among them, and apart), near their last day, late, and answered;
    reports show no more than that.
    """
    listed = list(requests)
    return {
        "open": sum(request.state not in CLOSED for request in listed),
        "unreadable": sum(request.state == "unreadable" for request in listed),
        "near": sum(request.is_near for request in listed),
        "late": sum(request.is_late for request in listed),
        "answered": sum(request.state == "answered" for request in listed),
    }


def find(session: Session, shown_id: str) -> Request:
    """The request of that id as the list shows it. Raises UsageError when there is none."""
    need_vault(session.home)
    connection = session.connect(vault="rw")
    try:
        schema.create(connection, session.keys)
        states = load_states(connection, session.policy, session.as_of)
        return states[choose(states, session.keys, shown_id)]
    finally:
        connection.close()


def choose(states: dict[str, Request], keys: Keys, given: str) -> str:
    """The id under which the vault keeps a request, from the shown one or from the school's own. Raises
    UsageError when there is none.
    """
    hidden = request_ids.hidden(keys, given)
    for request_id, request in states.items():
        if given in (request.id, request_id) or hidden == request_id:
            return request_id
    raise UsageError("There is no request of that id: `anonymart rights list` shows them all.")


def prove_identity(session: Session, shown_id: str) -> Request:
    """Note that who asks has proved to be that person (R-DOUBT); a second time changes nothing.

    Raises UsageError for an unknown or refused request.
    """
    return _step(session, shown_id, "received", "identity proved")


def refuse(session: Session, shown_id: str, reason: str) -> Request:
    """Close the request without carrying it out; it then takes nobody out of statistics. `reason` is one of
    REASONS.

    Raises UsageError for an unknown request or reason.
    """
    if reason not in REASONS:
        raise UsageError(f"A request is refused for one of these reasons: {', '.join(REASONS)}.")
    return _step(session, shown_id, "refused", reason)


def _step(session: Session, shown_id: str, state: str, note: str) -> Request:
    need_vault(session.home)
    connection = session.connect(vault="rw")
    try:
        schema.create(connection, session.keys)
        states = load_states(connection, session.policy, session.as_of)
        request_id = choose(states, session.keys, shown_id)
        present = states[request_id].state
        if states[request_id].file is not None:
            raise UsageError(
                "The row could not be read: enter it with `anonymart rights submit --unreadable`, or "
                "close it; nothing was done."
            )
        if present == state:
            return states[request_id]
        if present not in ("awaiting_proof", "received", "planned"):
            raise UsageError(f"The request is {present} already: let the person ask again, and submit that.")
        connection.execute("BEGIN")
        connection.execute(
            "INSERT INTO vault.rights.steps VALUES (?, ?, ?, ?)", [request_id, state, session.as_of, note]
        )
        if state == "received":
            connection.execute(
                "UPDATE vault.rights.requests SET identity_verified = true WHERE request_id = ?", [request_id]
            )
        else:
            identities.install(connection, session.keys)
            connection.execute(STRIP, [[request_id]])
        crash.point("rights.before_commit")
        connection.execute("COMMIT")
        crash.point("rights.after_commit")
        return load_states(connection, session.policy, session.as_of)[request_id]
    except duckdb.Error as error:
        raise AnonymartError(
            f"The step stopped ({type(error).__name__}): nothing was lost, run it again."
        ) from None
    finally:
        connection.close()


def need_vault(home: Home) -> None:
    """Raise UsageError when there is no vault yet."""
    if not home.vault.exists():
        raise UsageError(f"The vault {home.vault} does not exist yet: run `anonymart ingest` first.")

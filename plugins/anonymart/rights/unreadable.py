"""Deciding about rows that could not be read: entered as a request or a consent, or refused (P-RIGHTS,
R-CLOCK).

Of a decided row its kind, dates, outcome and keyed hashes stay; the raw text goes at once.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from anonymart.errors import AnonymartError, UnreadableRequests, UsageError
from anonymart.ingest import identities, ingest, unreadable
from anonymart.rights import handover, requests
from anonymart.rights.requests import Request, find, need_vault
from anonymart.rights.submit import Asked, known_person, submit
from anonymart.rows import one_row
from anonymart.session import Session
from anonymart.vault import schema

REASONS = ("not_a_request", "entered_otherwise", "no_proof", "unfounded", "excessive")
_STATUSES = {"P-SURVEY": ("granted", "withdrawn"), "P-STAT": ("granted", "withdrawn")}


def need_none_open(session: Session) -> None:
    """Raise UnreadableRequests while a row about a right or a consent waits for somebody to enter or refuse
    it: nothing is published then.
    """
    if not session.home.vault.exists():
        return
    with session.connect(vault="ro") as connection:
        n_open = unreadable.n_open(connection)
    if n_open:
        raise UnreadableRequests(
            f"{n_open} row(s) about rights or consents cannot be read, so nothing is published: "
            f"`anonymart rights list` shows file and line; enter "
            "each with `anonymart rights submit --unreadable ID`, or close it with `anonymart rights "
            "refuse ID`, then run again."
        )


def write_row(session: Session, unreadable_id: str) -> Path:
    """Put the text of an open row into a zip of exports/, for whoever enters it, and give its path: it is
    shown nowhere else.

    The zip goes when the row is decided, and after the days that the policy gives. Raises UsageError when the
    row is not open.
    """
    need_open(session, unreadable_id)
    with session.connect(vault="ro") as connection:
        row = one_row(
            connection.execute(
                "SELECT raw_row FROM vault.rights.unreadable WHERE unreadable_id = $1", [unreadable_id]
            )
        )
    return handover.write_text(session, unreadable_id, {"row.txt": f"{row[0] or ''}\n"}, session.as_of)


def need_open(session: Session, unreadable_id: str) -> Request:
    """The open row of that id as the list shows it. Raises UsageError for an id of something else, and for a
    closed row.
    """
    need_vault(session.home)
    found = find(session, unreadable_id)
    if found.file is None:
        raise UsageError(
            "That id is a request's, not an unreadable row's: `anonymart rights list` shows those as "
            "unreadable."
        )
    if found.state != "unreadable":
        raise UsageError(f"The row is {found.state} already; nothing was done.")
    return found


def enter(session: Session, unreadable_id: str, asked: Asked, by: str = "") -> Request:
    """Take in what the row asks for as a request, and close the row. After a kill the same call ends it and
    makes no second request. Raises UsageError as `submit` does.
    """
    need_open(session, unreadable_id)
    number = int(unreadable_id.rpartition("-")[2])
    made = submit(session, asked, f"HAND-U{number:05d}")
    _close(session, unreadable_id, _End("entered", asked.kind, "", by, made.id))
    return made


@dataclass(frozen=True)
class Declared:
    """A consent as somebody typed it in: purpose, granted or withdrawn, the day, and who declares it (by one
    of both).
    """

    purpose: str
    status: str
    declared_on: date
    learner_id: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class _End:
    """What became of a row: entered or refused, as what, why, by whom, and the request that it became."""

    state: str
    kind: str
    note: str
    by: str
    request_id: str | None = None


def enter_consent(session: Session, unreadable_id: str, declared: Declared, by: str = "") -> Request:
    """Take in what the row declares as a consent, granted or withdrawn, and close the row. Raises UsageError
    for an unknown person or word.
    """
    need_open(session, unreadable_id)
    purpose, status, day = declared.purpose, declared.status, declared.declared_on
    if status not in _STATUSES.get(purpose, ()):
        raise UsageError("A consent has a purpose, P-SURVEY or P-STAT, and is granted or withdrawn.")
    if day > session.as_of:
        raise UsageError("A consent cannot be declared after the day of the run: mend its date or --as-of.")
    learner = known_person(session, declared.learner_id, declared.email)
    content = {
        "learner_id": learner.removeprefix("learner:"),
        "purpose": purpose,
        "status": status,
        "at": f"{day}T12:00:00Z",
    }
    folder = session.home.landing / "consents"
    folder.mkdir(exist_ok=True)
    part = folder / f"{unreadable_id}.ndjson.part"
    part.write_text(json.dumps(content) + "\n", encoding="utf-8")
    os.replace(part, part.with_suffix(""))
    ingest(session, sources=("consents",))
    with session.connect(vault="ro") as connection:
        is_there = one_row(
            connection.execute(
                "SELECT count(*) FROM vault.rights.consents WHERE identifier = $1 AND purpose = $2 AND "
                'status = $3 AND "at" = $4::TIMESTAMP',
                [learner, purpose, status, f"{day} 12:00:00"],
            )
        )[0]
    if not is_there:
        raise UsageError(
            "The consent was not taken in: the person is erased or under age; close the row with "
            "`anonymart rights refuse`."
        )
    _close(session, unreadable_id, _End("entered", "consent", "", by))
    return find(session, unreadable_id)


def refuse(session: Session, unreadable_id: str, reason: str, by: str = "") -> Request:
    """Close a row that is no request, or one that is refused; `reason` is one of REASONS. A second time
    changes nothing.
    """
    if reason not in REASONS:
        raise UsageError(f"A row is closed for one of these reasons: {', '.join(REASONS)}.")
    found = find(session, unreadable_id)
    if found.state == "refused":
        return found
    need_open(session, unreadable_id)
    _close(session, unreadable_id, _End("refused", "unreadable", reason, by))
    return find(session, unreadable_id)


def refuse_any(session: Session, shown_id: str, reason: str, by: str = "") -> Request:
    """Close a request or an unreadable row, whichever bears the id. Raises UsageError as `requests.refuse`
    and `refuse` do.
    """
    if find(session, shown_id).file is not None:
        return refuse(session, shown_id, reason, by)
    return requests.refuse(session, shown_id, reason)


def _close(session: Session, unreadable_id: str, end: _End) -> None:
    connection = session.connect(vault="rw")
    try:
        schema.create(connection, session.keys)
        identities.install(connection, session.keys)
        connection.execute("BEGIN")
        connection.execute(
            """
            UPDATE vault.rights.unreadable SET state = $2, kind = $3, note = $4, decided_by = $5,
                request_id = $6, decided_on = $7, raw_row = NULL,
                who = (SELECT list(identifier_hash(identifier) ORDER BY identifier)
                FROM vault.rights.unreadable_names AS names WHERE names.unreadable_id = $1)
            WHERE unreadable_id = $1
            """,
            [unreadable_id, end.state, end.kind, end.note, end.by, end.request_id, session.as_of],
        )
        connection.execute(
            "DELETE FROM vault.rights.unreadable_names WHERE unreadable_id = $1", [unreadable_id]
        )
        connection.execute("COMMIT")
        handover.delete_export(session, unreadable_id)
    except duckdb.Error as error:
        raise AnonymartError(
            f"The step stopped ({type(error).__name__}): nothing was lost, run it again."
        ) from None
    finally:
        connection.close()

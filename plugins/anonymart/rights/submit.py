"""A request by hand: it goes through landing and the same checks as every delivered one."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date

import duckdb

from anonymart.errors import UsageError
from anonymart.ingest import identities, ingest
from anonymart.ingest.contracts import KINDS_OF_REQUEST
from anonymart.rights.requests import Request, find
from anonymart.rows import one_row
from anonymart.session import Session


@dataclass(frozen=True)
class Asked:
    """A request as somebody typed it in: its kind, the day of receipt, who asks (by one of both), whether
    they have proved it, and details.
    """

    kind: str
    received_on: date
    learner_id: str | None = None
    email: str | None = None
    is_verified: bool = False
    details: str | None = None


def submit(session: Session, asked: Asked, request_id: str | None = None) -> Request:
    """Take one request in and return it as it may be shown; its id, where none is given, is its number among
    all requests.

    Raises UsageError for an unknown kind or person, for an e-mail of two people, and for a date after
    `as_of`.
    """
    if asked.kind not in KINDS_OF_REQUEST:
        raise UsageError(f"There is no request of that kind: choose among {', '.join(KINDS_OF_REQUEST)}.")
    if asked.received_on > session.as_of:
        raise UsageError("A request cannot be received after the day of the run: mend its date or --as-of.")
    next_id, learner_id = _check_person(session, asked.learner_id, asked.email)
    request_id = request_id or next_id
    row = {
        "request_id": request_id,
        "kind": asked.kind,
        "learner_id": learner_id,
        "email": asked.email,
        "received_at": f"{asked.received_on}T12:00:00Z",
        "identity_verified": asked.is_verified,
        "details": asked.details,
    }
    folder = session.home.landing / "rights"
    folder.mkdir(exist_ok=True)
    part = folder / f"{request_id}.ndjson.part"
    part.write_text(json.dumps(row) + "\n", encoding="utf-8")
    os.replace(part, part.with_suffix(""))
    ingest(session, sources=("rights",))
    return find(session, request_id)


def known_person(session: Session, learner_id: str | None, email: str | None) -> str:
    """The one learner, as `learner:…`, of that id or e-mail. Raises UsageError as `submit` does, and for an
    address of no learner.
    """
    person = _known(session, learner_id, email)[1]
    if not person.startswith("learner:"):
        raise UsageError(
            "That address belongs to no learner that the register knows: name the person by "
            "--learner-id; nothing was written."
        )
    return person


def _check_person(session: Session, learner_id: str | None, email: str | None) -> tuple[str, str | None]:
    """The id of the next request, and the learner_id as the vault spells it, when exactly one person is
    meant.
    """
    next_id, person = _known(session, learner_id, email)
    return next_id, person.removeprefix("learner:") if learner_id is not None else None


def _known(session: Session, learner_id: str | None, email: str | None) -> tuple[str, str]:
    """The id of the next request, and the one person who is meant."""
    if (learner_id is None) == (email is None):
        raise UsageError("Name the person by --learner-id or by --email, one of them.")
    if not session.home.vault.exists():
        raise UsageError(f"The vault {session.home.vault} does not exist yet: run `anonymart ingest` first.")
    connection = session.connect(vault="ro")
    try:
        identities.install(connection, session.keys)
        people = (
            _by_learner_id(connection, learner_id)
            if learner_id is not None
            else _by_email(connection, email or "")
        )
        number = one_row(
            connection.execute(
                "SELECT coalesce(max(try_cast(substr(request_id, 6) AS BIGINT)), 0) + 1 "
                "FROM vault.rights.requests WHERE request_id LIKE 'HAND-%'"
            )
        )[0]
    finally:
        connection.close()
    if not people:
        raise UsageError(
            "The vault knows nobody of that identifier: check it with the person; nothing was written."
        )
    if len(people) > 1:
        raise UsageError(
            "Two people or more carry that identifier: name the one who asks by --learner-id, spelled "
            "as the school does; nothing was written."
        )
    return f"HAND-{number:05d}", people[0]


def _by_learner_id(connection: duckdb.DuckDBPyConnection, learner_id: str) -> list[str]:
    """Who is called so in any source; small and capital letters are told apart only where both are known."""
    return [name for (name,) in connection.execute("""
        WITH alike AS (
            SELECT identifier, identifier = 'learner:' || trim($1) AS is_it FROM vault.register.identities
            WHERE lower(identifier) = lower('learner:' || trim($1))
        )
        SELECT identifier FROM alike WHERE is_it OR NOT (SELECT bool_or(is_it) FROM alike) ORDER BY identifier
    """, [learner_id]).fetchall()]  # fmt: skip


def _by_email(connection: duckdb.DuckDBPyConnection, email: str) -> list[str]:
    """Who claims the address; else who is known under a spelling or the hash of it, if only by an answer."""
    address = "lower(regexp_replace(trim($1), '^mailto:', '', 'i'))"
    claiming = connection.execute(
        f"SELECT DISTINCT learner FROM vault.register.claims WHERE identifier = 'email:' || {address}",
        [email],
    ).fetchall()
    known = (
        claiming
        or connection.execute(
            f"""
        SELECT DISTINCT coalesce(anchor, group_key) FROM vault.register.identities
        WHERE group_key = 'email:' || loose_email({address}) OR identifier = sha1_identifier({address})
    """,
            [email],
        ).fetchall()
    )
    return [name for (name,) in known]

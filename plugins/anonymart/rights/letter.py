"""The answer to a request as a letter that a person completes and sends (P-RIGHTS); nothing is sent here.

It holds reference, kind, dates and outcome of the request in the words of `expectations/letters.yml`, and
nothing of who asks: name and address are for the one who sends it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from anonymart.errors import UsageError
from anonymart.home import PROJECT
from anonymart.ingest import identities
from anonymart.rights.machine import NOTHING_HELD
from anonymart.rights.requests import Request, choose, load_states, need_vault
from anonymart.rows import one_row
from anonymart.session import Session
from anonymart.vault import schema

FILE = PROJECT / "expectations" / "letters.yml"
LANGUAGES = ("fr", "en")
_DONE = ("executed", "verified", "answered")


def letter(session: Session, shown_id: str, language: str) -> str:
    """The letter for a request as it stands, as text. Raises UsageError for an unknown request and for a row
    that nobody has entered yet.
    """
    need_vault(session.home)
    with session.connect(vault="rw") as connection:
        schema.create(connection, session.keys)
        identities.install(connection, session.keys)
        states = load_states(connection, session.policy, session.as_of)
        request_id = choose(states, session.keys, shown_id)
        request = states[request_id]
        notes = dict(
            connection.execute(
                "SELECT state, note FROM vault.rights.steps WHERE request_id = ? ORDER BY rowid", [request_id]
            ).fetchall()
        )
        is_lift = one_row(
            connection.execute(
                """
                SELECT EXISTS (
                    FROM vault.rights.standing AS standing
                    INNER JOIN vault.rights.requests AS requests
                        ON requests.kind = standing.kind AND requests.received_at = standing.received_at
                            -- of a closed request a keyed hash tells who asked
                            AND coalesce(requests.identifier = standing.identifier,
                                requests.who = identifier_hash(standing.identifier))
                    WHERE requests.request_id = $1 AND standing.is_lift
                )
                """,
                [request_id],
            )
        )[0]
    if request.file is not None:
        raise UsageError(
            "The row cannot be read, so there is no answer to it yet: enter it with `anonymart rights submit "
            "--unreadable`, or close it."
        )
    return _text(request, _outcome(request, notes, is_lift, _words()[language]), session, language)


def _outcome(request: Request, notes: dict[str, str], is_lift: bool, words: dict[str, Any]) -> str:
    outcomes = words["outcomes"]
    if request.state == "refused":
        return outcomes["refused"][notes["refused"]]
    if request.state not in _DONE:
        return outcomes.get(request.state, outcomes["received"])
    if notes.get("executed") == NOTHING_HELD:
        return outcomes["nothing_held"]
    return outcomes["lifted"] if is_lift else outcomes["done"][request.kind]


def _text(request: Request, outcome: str, session: Session, language: str) -> str:
    words = _words()[language]
    filled = {
        "reference": request.id,
        "kind": words["kinds"][request.kind],
        "received_on": _day(request.received_on, language),
        "due_on": _day(request.due_on, language),
        "backup_days": session.policy.figure("backups", "keep_days"),
    }
    parts = [words["subject"], words["greeting"], outcome, words["rights"], words["closing"]]
    return "\n\n".join(part.format(**filled) for part in parts) + "\n"


def _day(day: Any, language: str) -> str:
    return f"{day:%d/%m/%Y}" if language == "fr" else str(day)


@cache
def _words() -> dict[str, Any]:
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))

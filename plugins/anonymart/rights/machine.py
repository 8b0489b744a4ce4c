"""How a request gets from received to answered, state by state (P-RIGHTS): each step is one transaction, and
a kill repeats one.

received -> planned -> executed -> verified -> answered; awaiting_proof before (R-DOUBT), refused at any time
before executed.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field

import duckdb

from anonymart import crash
from anonymart.erasure import removal
from anonymart.errors import AnonymartError, UsageError
from anonymart.ingest import identities, ingest
from anonymart.release import approval
from anonymart.rights import death, handover, rectify
from anonymart.rights.requests import STRIP, Request, choose, load_states, need_vault
from anonymart.rows import one_row
from anonymart.session import Session
from anonymart.vault import schema

# Of requests that pull apart, the earlier kind goes first (docs/decisions/requests-that-pull-apart.md).
ORDER = ("access", "port", "rectify", "object", "restrict", "withdraw", "erase", "death")
OPEN = ("received", "planned", "executed", "verified")
NOTHING_HELD = "nothing held"
_ERASING = ("erase", "withdraw", "death")
_HANDOVER = ("access", "port")


@dataclass
class Plan:
    """What would be done: rows that change or go by place, files by kind; the token names the plan (None:
    none is needed).
    """

    rows: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    token: str | None = None


@dataclass(frozen=True)
class _Row:
    """A request as the vault keeps it; `is_held` is False when nobody is named any more, `is_to_erase` when
    rows were planned to go.
    """

    request_id: str
    kind: str
    directive: str | None
    is_held: bool
    is_to_erase: bool

    @property
    def acts_as(self) -> str:
        """The kind of action: removal, rectify, handover, standing or nothing."""
        if not self.is_held:
            # A kill came between the removal and its step.
            return "removal" if self.is_to_erase and self.kind in _ERASING else "nothing"
        if self.kind in ("erase", "withdraw") or self.directive == "erase":
            return "removal"
        if self.kind in _HANDOVER or self.directive == "hand_over":
            return "handover"
        if self.kind in ("object", "restrict"):
            return "standing"
        return "rectify" if self.kind == "rectify" else "nothing"


@dataclass(frozen=True)
class _Work:
    """Where and as of when requests are carried out."""

    session: Session

    def connect(self) -> duckdb.DuckDBPyConnection:
        connection = self.session.connect(vault="rw")
        try:
            schema.create(connection, self.session.keys)
            identities.install(connection, self.session.keys)
        except BaseException:
            connection.close()
            raise
        return connection

    def states(self) -> dict[str, Request]:
        with self.connect() as connection:
            return load_states(connection, self.session.policy, self.session.as_of)

    def rows(self, request_ids: list[str]) -> dict[str, _Row]:
        with self.connect() as connection:
            found = connection.execute(
                """
                SELECT request_id, kind, details, identifier IS NOT NULL, request_id IN (
                    SELECT request_id FROM vault.rights.steps WHERE state = 'planned' AND note <> ''
                )
                FROM vault.rights.requests WHERE list_contains($1, request_id)
                """,
                [request_ids],
            ).fetchall()
        return {
            request_id: _Row(
                request_id,
                kind,
                death.directive(details).kind if kind == "death" else None,
                is_held,
                is_to_erase,
            )
            for request_id, kind, details, is_held, is_to_erase in found
        }


def plan(session: Session, shown_id: str) -> Plan:
    """What the request would do; a received one becomes planned. Raises UsageError when it cannot be planned
    yet, or any more.
    """
    work = _Work(session)
    request_id, request = _found(work, shown_id, ("received", "planned"))
    found = _plan(work, work.rows([request_id])[request_id])
    if request.state == "received":
        _step(work, [request_id], "planned", _in_words(found))
    return found


def execute(session: Session, shown_id: str, token: str | None = None) -> Request:
    """Carry the request out and verify it. What removes or corrects needs the token of the present plan.

    Raises UsageError for a request that waits for proof or is closed, for a token that is not the plan's, and
    for a removal while a zip of the same person is withheld.
    """
    work = _Work(session)
    request_id, request = _found(work, shown_id, OPEN)
    row = work.rows([request_id])[request_id]
    if row.acts_as == "removal":
        _need_nothing_withheld(work, request_id)
    else:
        _prepare_again(work)
    if request.state == "received":
        _step(work, [request_id], "planned", _in_words(_plan(work, row)))
    if request.state in ("received", "planned"):
        present = _plan(work, row)
        if present.token is not None and token != present.token:
            raise UsageError(
                f"This needs the token of its present plan: look at it with `anonymart rights plan "
                f"{shown_id}`; nothing was done."
            )
        _execute(work, [row], present.token)
    if work.states()[request_id].state == "executed":
        _verify(work, [row])
    approval.supersede_by_rights(session)
    return work.states()[request_id]


def answer(session: Session, shown_id: str) -> Request:
    """Close a verified request as answered: of who asked, a keyed hash stays (P-RIGHTS). Once more changes
    nothing.
    """
    work = _Work(session)
    request_id, request = _found(work, shown_id, ("verified", "answered"))
    _prepare_again(work)
    if request.state == "verified":
        _answer(work, [request_id])
    return work.states()[request_id]


def find_with_export(session: Session, shown_id: str) -> tuple[Request, str | None]:
    """The request, and the path of the zip that was prepared for it, where there is one; one that was
    withheld is prepared anew. Raises UsageError for an unknown id.
    """
    need_vault(session.home)
    work = _Work(session)
    states = work.states()
    request_id = choose(states, session.keys, shown_id)
    _prepare_again(work)
    path = handover.export_path(session, request_id)
    return states[request_id], str(path) if path.exists() else None


def advance_all(session: Session) -> list[Request]:
    """Take every request as far as it may go, with the plan's own token, and give them all as they stand
    then.

    All that removes goes in one batch. A request that cannot be planned keeps its state and shows its
    problem.
    """
    if not session.home.vault.exists():
        return []
    work = _Work(session)
    removal.finish(work.session)
    _prepare_again(work)
    handover.delete_old_exports(session.home, session.policy, session.as_of)
    states = work.states()
    for kinds in (_HANDOVER, ("rectify",), ("object", "restrict"), _ERASING):
        states = _advance(work, kinds, states)
    approval.supersede_by_rights(session)
    return list(states.values())


def _advance(work: _Work, kinds: tuple[str, ...], states: dict[str, Request]) -> dict[str, Request]:
    """Take the requests of these kinds as far as they may go; gives all states as they are then."""
    waiting = _held_back(work, states) if kinds == _ERASING else set()
    for state, act in (
        ("received", _plan_each),
        ("planned", _execute_each),
        ("executed", _verify),
        ("verified", _answer_rows),
    ):
        chosen = [
            name
            for name, request in states.items()
            if request.state == state and request.kind in kinds and name not in waiting
        ]
        if chosen:
            rows = work.rows(chosen)
            act(
                work,
                [rows[name] for name in sorted(chosen, key=lambda name: ORDER.index(states[name].kind))],
            )
            states = work.states()
    return states


def _held_back(work: _Work, states: dict[str, Request]) -> set[str]:
    """Erasures that wait, until their own last day, because the same person's access is not certain yet or
    not handed over.
    """
    if not any(states[name].kind in _ERASING and states[name].state in OPEN for name in states):
        return set()
    return {
        removing
        for removing, asking in _same_person(work, tuple(states))
        if states[removing].kind in ("erase", "death")
        and states[asking].kind in _HANDOVER
        and (
            states[asking].state in ("awaiting_proof", *OPEN)
            or handover.export_path(work.session, asking).exists()
        )
        and work.session.as_of < states[removing].due_on
    }


def _prepare_again(work: _Work) -> None:
    """Write anew what a purge withheld and, killed, did not prepare again; the purge is ended before."""
    if handover.withheld(work.session):
        removal.finish(work.session)
        handover.prepare_again(work.session)


def _need_nothing_withheld(work: _Work, request_id: str) -> None:
    """Raise UsageError while the same person's zip is withheld: with the rows, nothing could fill it again
    (R-ACCESS).
    """
    withheld = handover.withheld(work.session)
    for _, other in _same_person(work, (request_id,)) if withheld else ():
        if handover.export_path(work.session, other) in withheld:
            raise UsageError(
                "A zip that the same person is to be handed was withheld by a purge, and is not prepared "
                f"anew yet: look at it with `anonymart rights show {work.states()[other].id}`, "
                "which prepares it, and hand it over before this; nothing was done."
            )


def _same_person(work: _Work, request_ids: tuple[str, ...]) -> list[tuple[str, str]]:
    """For each of these requests that still tells who asks: every request of the same person, answered ones
    too.
    """
    with work.connect() as connection:
        return connection.execute(
            """
            WITH people AS (
                SELECT requests.request_id, linked.identifier
                FROM vault.rights.requests AS requests
                INNER JOIN vault.register.identities AS identities USING (identifier)
                INNER JOIN vault.register.identities AS linked
                    ON coalesce(linked.anchor, linked.identifier) = coalesce(identities.anchor,
                        identities.identifier)
                WHERE list_contains($1, requests.request_id)
            )
            SELECT DISTINCT people.request_id, other.request_id
            FROM people INNER JOIN vault.rights.requests AS other
                ON other.identifier = people.identifier OR other.who = identifier_hash(people.identifier)
        """,
            [list(request_ids)],
        ).fetchall()


def _plan_each(work: _Work, rows: list[_Row]) -> None:
    for row in rows:
        try:
            _step(work, [row.request_id], "planned", _in_words(_plan(work, row)))
        except UsageError as problem:
            _note_problem(work, row.request_id, _code(problem))


def _plan(work: _Work, row: _Row) -> Plan:
    if row.is_held:
        _need_one_person(work, row.request_id)
    if row.acts_as == "removal":
        found = removal.plan_requests(work.session, (row.request_id,))
        return Plan(found.rows, found.files, found.token)
    if row.acts_as == "rectify":
        rows = rectify.plan(work.session, row.request_id)
        return Plan(rows, {}, _token(work, row, rows))
    return Plan()


def _need_one_person(work: _Work, request_id: str) -> None:
    """Raise UsageError for a request of any kind by an address that two people claim: nobody knows whose
    right it is.
    """
    with work.connect() as connection:
        is_contested = one_row(
            connection.execute(
                """
            SELECT EXISTS (
                FROM vault.rights.requests AS requests INNER JOIN vault.register.identities
                    AS identities USING (identifier)
                WHERE requests.request_id = $1 AND identities.anchor IS NULL
                    AND identifier IN (SELECT identifier FROM vault.register.claims)
            )
        """,
                [request_id],
            )
        )[0]
    if is_contested:
        raise UsageError(
            "The request names an e-mail of two people: let it name the one who asks by learner_id; "
            "nothing was done."
        )


def _token(work: _Work, row: _Row, rows: dict[str, int]) -> str:
    import hashlib

    return hashlib.sha256(
        json.dumps([str(work.session.as_of), row.request_id, rows], sort_keys=True).encode()
    ).hexdigest()[:12]


def _execute_each(work: _Work, rows: list[_Row]) -> None:
    """The removals among them as one batch with its own plan's token; then the others, one by one."""
    removing = [row for row in rows if row.acts_as == "removal"]
    if removing:
        batch = removal.plan_requests(work.session, tuple(row.request_id for row in removing))
        _execute(work, removing, batch.token)
    for row in rows:
        if row.acts_as != "removal":
            _execute(work, [row], _plan(work, row).token)


def _execute(work: _Work, rows: list[_Row], token: str | None) -> None:
    """Rows of one kind of action."""
    names = [row.request_id for row in rows]
    crash.point("rights.before_executed")
    notes = dict.fromkeys(names, "")
    match rows[0].acts_as:
        case "removal":
            for _, other in _same_person(
                work, tuple(row.request_id for row in rows if row.kind != "withdraw")
            ):
                handover.delete_export(work.session, other)
            done = removal.carry_out_requests(work.session, tuple(names), token or "")
            notes = dict.fromkeys(names, f"receipt {done.receipt_no}")
        case "handover":
            # What waits in landing is held as well (R-ACCESS).
            ingest(work.session)
            for row in rows:
                kind = "access" if row.kind == "death" else row.kind
                notes[row.request_id] = handover.write_handover(work.session, row.request_id, kind).name
        case "rectify":
            for row in rows:
                rectify.carry_out(work.session, row.request_id)
        case "standing":
            _keep_standing(work, names)
        case "nothing":
            notes = dict.fromkeys(names, NOTHING_HELD if not rows[0].is_held else "kept until its term")
    for name in names:
        _step(work, [name], "executed", notes[name])


def _keep_standing(work: _Work, request_ids: list[str]) -> None:
    """An objection or restriction, or the end of one, holds on when the request no longer tells who asked."""
    with work.connect() as connection:
        connection.execute(
            """
            INSERT INTO vault.rights.standing
            SELECT identifier, kind, coalesce(lower(trim(details)) = 'lift', false) AS is_lift, received_at
            FROM vault.rights.requests WHERE list_contains($1, request_id) AND identifier IS NOT NULL
            EXCEPT FROM vault.rights.standing
            """,
            [request_ids],
        )


def _verify(work: _Work, rows: list[_Row]) -> None:
    """Look again whether it is done: nothing is left to remove or correct, the zip opens, the objection
    stands.
    """
    for row in rows:
        fresh = work.rows([row.request_id])[row.request_id]
        if not _IS_DONE[fresh.acts_as](work, fresh):
            raise AnonymartError(
                f"A request of kind {row.kind} was executed and something of it is left: look at it "
                f"with `anonymart rights list`."
            )
        _step(work, [row.request_id], "verified", "")


def _zip_opens(work: _Work, row: _Row) -> bool:
    path = handover.export_path(work.session, row.request_id)
    with zipfile.ZipFile(path) as archive:
        is_whole = archive.testzip() is None and bool(archive.namelist())
    return is_whole and not handover.is_withheld(path)


def _is_standing(work: _Work, row: _Row) -> bool:
    with work.connect() as connection:
        return one_row(
            connection.execute(
                "SELECT EXISTS (FROM vault.rights.standing SEMI JOIN (FROM vault.rights.requests WHERE "
                "request_id = $1) AS asked USING (identifier, kind, received_at))",
                [row.request_id],
            )
        )[0]


_IS_DONE: dict[str, Callable[[_Work, _Row], bool]] = {
    "removal": lambda work, row: (
        not any(_plan(work, row).rows.values()) and not removal.left_of_the_erased(work.session)
    ),
    "rectify": lambda work, row: not any(_plan(work, row).rows.values()),
    "handover": _zip_opens,
    "standing": _is_standing,
    "nothing": lambda work, row: True,
}


def _answer_rows(work: _Work, rows: list[_Row]) -> None:
    _answer(work, [row.request_id for row in rows])


def _answer(work: _Work, request_ids: list[str]) -> None:
    """Keep a withdrawal as the consent that it ended, then strip the requests to kind, dates, outcome and a
    keyed hash.
    """
    withdrawals = """
        INSERT INTO vault.rights.consents BY NAME
        SELECT load_no, row_hash, identifier, 'P-SURVEY' AS purpose, 'withdrawn' AS status,
            received_at AS "at"
        FROM vault.rights.requests
        WHERE kind = 'withdraw' AND identifier IS NOT NULL AND list_contains($1,
            request_id) AND identifier IN (
            -- of whom nothing is held, no withdrawal is either
            SELECT identities.identifier FROM vault.register.identities AS identities
            INNER JOIN vault.register.identities AS linked
                ON coalesce(linked.anchor, linked.identifier)
                    = coalesce(identities.anchor, identities.identifier)
            SEMI JOIN (FROM vault.ledger.row_hashes WHERE source <> 'rights') AS told
                ON told.identifier_mark = identifier_mark(linked.identifier)
        )
    """
    _step(work, request_ids, "answered", "", withdrawals, STRIP)


def _step(work: _Work, request_ids: list[str], state: str, note: str, *statements: str) -> None:
    """One transaction: the statements, then the new state of the requests."""
    connection = work.connect()
    try:
        connection.execute("BEGIN")
        for statement in statements:
            connection.execute(statement, [request_ids])
        connection.execute(
            "INSERT INTO vault.rights.steps SELECT unnest($1::VARCHAR[]), $2, $3, $4",
            [request_ids, state, work.session.as_of, note],
        )
        crash.point(f"rights.before_{state}_commit")
        connection.execute("COMMIT")
        crash.point(f"rights.after_{state}_commit")
    except duckdb.Error as error:
        raise AnonymartError(
            f"The step stopped ({type(error).__name__}): nothing was lost, run it again."
        ) from None
    finally:
        connection.close()


def _note_problem(work: _Work, request_id: str, code: str) -> None:
    if work.states()[request_id].problem != code:
        _step(work, [request_id], "received", f"problem {code}")


def _code(problem: UsageError) -> str:
    return "two_people" if "two people" in str(problem) else "needs_details"


def _in_words(found: Plan) -> str:
    n_rows = sum(found.rows.values())
    return f"{n_rows} rows in {len(found.rows)} places" if n_rows else ""


def _found(work: _Work, shown_id: str, states: tuple[str, ...]) -> tuple[str, Request]:
    need_vault(work.session.home)
    found = work.states()
    request_id = choose(found, work.session.keys, shown_id)
    request = found[request_id]
    if request.state == "awaiting_proof":
        raise UsageError(
            "It is not certain yet who asks (R-DOUBT): `anonymart rights verify` notes the proof; "
            "nothing was done."
        )
    if request.state not in states:
        raise UsageError(
            f"The request is {request.state}: this step is for those that are {' or '.join(states)}; "
            f"nothing was done."
        )
    return request_id, request

"""What waits for the reviewer: a release that changed beyond the policy's limits. Their answer stands in
`answer.py` (S-ANON, S-SAFE).

The vault's ledger decides what waits. A new build, or a right that was taken in or executed, supersedes it:
the reviewer would let out figures of somebody who has just objected. What is built again at once and shows
the same as before needs no second yes.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from anonymart import audit, crash, engine
from anonymart.home import Home
from anonymart.policy import Policy
from anonymart.release import ledger
from anonymart.release.candidate_hash import hash_of, shown_sha256
from anonymart.release.folder import MANIFEST, close_to_readers, sha256, sync_folder
from anonymart.release.manifest import read_manifest
from anonymart.release.privacy_report import read_privacy_report
from anonymart.release.states import Candidate, State, Waiting
from anonymart.rights import state
from anonymart.session import Session
from anonymart.vault import schema

WAITING, APPROVED, REFUSED, SUPERSEDED = "waiting", "approved", "refused", "superseded"
SHORTEST_HASH = 8
# Why a right superseded what waited: it is to be built again, or was.
BY_RIGHT, BUILT_AGAIN = "a right was executed", "a right was executed; built again"
_OF_CANDIDATE = "release_id = $1 AND starts_with(candidate_sha256, $2)"


@dataclass(frozen=True)
class Reviewer:
    """Who says yes, why, and by which way the answer came: `command line`, `Airflow` or another sentence of
    the program.
    """

    name: str
    reason: str
    via: str = "command line"


def because(policy: Policy, candidate: Candidate) -> list[str]:
    """Why the reviewer must look: one sentence for each kind of change beyond the limits; empty when the
    release may go by itself.

    Names and figures of the register only. A report that does not tell what changed is a reason too.
    """
    changes = read_privacy_report(candidate.folder).get("changes")
    if not isinstance(changes, dict):
        return ["The privacy report does not tell what changed."]
    if changes.get("since") is None:
        return ["It is the first release."]
    limit = {
        name: policy.figure("approval", name)
        for name in ("marts_changed", "columns_changed", "policy_figures_changed", "suppressed_share_moved")
    }
    marts = [*changes["marts_added"], *changes["marts_gone"]]
    columns = [
        f"{mart}.{column}"
        for part in ("columns_added", "columns_gone")
        for mart, names in changes[part].items()
        for column in names
    ]
    moved = {
        mart: shares
        for mart, shares in changes["suppressed_share"].items()
        if abs(shares[1] - shares[0]) > limit["suppressed_share_moved"]
    }
    found = [
        *_more_than(limit["marts_changed"], "Marts came or went", marts),
        *_more_than(limit["columns_changed"], "Columns came or went", columns),
        *[
            f"The suppressed share of {mart} went from {old:.1%} to {new:.1%}."
            for mart, (old, new) in sorted(moved.items())
        ],
    ]
    definitions, figures = changes.get("definitions"), changes["policy"]
    if definitions is None:
        found.append("The release before does not tell the definitions of its figures.")
    elif definitions:
        found.append(f"Definitions changed: {', '.join(definitions)}.")
    if figures is None:
        return [*found, "The release before does not tell the figures of its policy."]
    told = [f"{name} from {old} to {new}" for name, (old, new) in sorted(figures.items())]
    return [*found, *_more_than(limit["policy_figures_changed"], "Policy figures changed", told)]


def _more_than(limit: int, what: str, names: list[str]) -> list[str]:
    return [f"{what}: {', '.join(names)}."] if len(names) > limit else []


def manifest_entry(reasons: list[str], reviewer: Reviewer | None, candidate: Candidate) -> dict[str, Any]:
    """What the manifest says of the approval. Raises ValueError for a candidate that needs a reviewer and has
    none.
    """
    if not reasons:
        return {"required": False}
    if reviewer is None:
        raise ValueError("a candidate that needs the reviewer's yes has none")
    return {
        "required": True,
        "because": reasons,
        "by": reviewer.name,
        "reason": reviewer.reason,
        "via": reviewer.via,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "candidate_sha256": hash_of(candidate.folder),
    }


def checked(session: Session, reviewer: Reviewer) -> Reviewer:
    """The reviewer with name and reason as they may be read by everybody. Raises UsageError when the name may
    name a learner, and its SentenceRefused for such a reason.
    """
    from anonymart.gate.typed import checked_sentence

    option = "--reason" if reviewer.via == "command line" else "The reason"
    with session.connect(vault="ro") as connection:
        reason = checked_sentence(connection, reviewer.reason, option)
        return Reviewer(audit.who(connection, reviewer.name), reason, reviewer.via)


def hold(session: Session, candidate: Candidate, reasons: list[str], actor: str | None = None) -> Waiting:
    """Let a candidate that the gate has passed wait; it supersedes whatever waited."""
    folder, release_id = candidate.folder, candidate.release_id
    as_of, since = date.fromisoformat(read_manifest(folder)["as_of"]), _now()
    # Readable for whom it will be when it is published; until then for the data team alone.
    close_to_readers(folder)
    digest, shown = hash_of(folder), shown_sha256(folder)
    with session.connect(vault="rw") as connection:
        schema.create(connection, session.keys)
        name = audit.who(connection, actor)
        connection.execute("BEGIN")
        state.check_candidate(connection, release_id)
        supersede_within(connection, session.on(as_of), name, "a new candidate")
        connection.execute(
            """
                INSERT INTO vault.ledger.approvals (release_id, as_of, candidate_sha256, because, since,
                    state, rights_mark, manifest_sha256, manifest, shown_sha256)
            VALUES (?, ?, ?, ?, ?, 'waiting', ?, ?, ?, ?)""",
            [
                release_id,
                as_of,
                digest,
                reasons,
                since,
                state.of_vault(connection),
                sha256(folder / MANIFEST),
                _read(folder / MANIFEST),
                shown,
            ],
        )
        audit.enter(
            connection,
            session.on(as_of),
            "waiting",
            name,
            release_id=release_id,
            candidate_sha256=digest,
            because=reasons,
        )
        connection.execute("COMMIT")
    crash.point("approval.after_held")
    audit.flush(session)
    settle(session)
    waits = waiting_candidate(session.home, release_id)
    return Waiting(waits, as_of.isoformat(), digest, reasons, since)


def waiting(session: Session) -> Waiting | None:
    """What waits now; None when nothing does, or when a right that was executed meanwhile has superseded
    it.
    """
    if not session.home.vault.exists():
        return None
    with session.connect(vault="ro") as connection:
        row = row_where(connection, "state = 'waiting' AND rights_mark = $1", [state.of_vault(connection)])
    return (
        None
        if row is None
        else Waiting(
            waiting_candidate(session.home, row["release_id"]),
            row["as_of"].isoformat(),
            row["candidate_sha256"],
            row["because"],
            row["since"],
        )
    )


def decisions(session: Session) -> list[dict[str, Any]]:
    """Every candidate that ever waited, oldest first: release_id, as_of, candidate_sha256, because, since,
    state, actor, reason, at.
    """
    if not session.home.vault.exists():
        return []
    with session.connect(vault="ro") as connection:
        if not engine.table_exists(connection, "ledger", "approvals"):
            return []
        cursor = connection.execute(f"""
            SELECT release_id, as_of::VARCHAR AS as_of, candidate_sha256, because, since,
                CASE WHEN state = 'waiting' AND rights_mark <> '{state.of_vault(connection)}'
                    THEN 'superseded' ELSE state END AS state,
                decided_by AS actor, reason, "at"
            FROM vault.ledger.approvals ORDER BY rowid""")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def supersede(session: Session, why: str, actor: str | None = None) -> None:
    """What waits no longer may: note it and remove its folder. Does nothing when nothing waits."""
    if not session.home.vault.exists():
        return
    with session.connect(vault="ro") as connection:
        is_waiting = row_where(connection, "state = 'waiting'", []) is not None
    if is_waiting:
        with session.connect(vault="rw") as connection:
            name = audit.who(connection, actor)
            connection.execute("BEGIN")
            supersede_within(connection, session, name, why)
            connection.execute("COMMIT")
        audit.flush(session)
        settle(session)


def supersede_by_rights(session: Session) -> None:
    """Supersede what waits when a right was taken in or executed since it was made."""
    if waiting(session) is None:
        supersede(session, BY_RIGHT)


def to_build_again(session: Session) -> date | None:
    """The day of the candidate that waited last, when a right has superseded it and nothing was built since;
    else None.
    """
    if not session.home.vault.exists():
        return None
    with session.connect(vault="ro") as connection:
        row = row_where(connection, "true", [])
    return row["as_of"] if row and (row["state"], row["reason"]) == (SUPERSEDED, BY_RIGHT) else None


def note_built_again(connection: duckdb.DuckDBPyConnection) -> None:
    """A build has ended on `vault`, attached to write: no candidate is owed any more for what a right has
    superseded.
    """
    if engine.table_exists(connection, "ledger", "approvals"):
        connection.execute(
            "UPDATE vault.ledger.approvals SET reason = $1 WHERE state = 'superseded' AND reason = $2",
            [BUILT_AGAIN, BY_RIGHT],
        )


def shows_the_same(session: Session, release_id: str, candidate: str | None) -> Waiting | None:
    """What waits now, where it shows the reviewer the same as the candidate of this id and hash did; else
    None. Without a hash it is the last one of this id that was superseded.
    """
    waits = waiting(session)
    if waits is None or (candidate is not None and len(candidate) < SHORTEST_HASH):
        return None
    asked = _OF_CANDIDATE if candidate is not None else f"{_OF_CANDIDATE} AND state = '{SUPERSEDED}'"
    with session.connect(vault="ro") as connection:
        now = row_where(connection, "state = 'waiting'", [])
        old = row_where(connection, asked, [release_id, (candidate or "").lower()])
    if now is None or old is None:
        return None
    is_same = old["candidate_sha256"] == now["candidate_sha256"]
    is_built_again = old["state"] == SUPERSEDED and old["reason"] in (BY_RIGHT, BUILT_AGAIN)
    return (
        waits
        if is_same or (is_built_again and old["shown_sha256"] and old["shown_sha256"] == now["shown_sha256"])
        else None
    )


def settle(session: Session) -> list[str]:
    """Let the folders say what the ledger says, after a kill: sentences for what was done."""
    if not session.home.releases.is_dir() or not session.home.vault.exists():
        return []
    with session.connect(vault="ro") as connection:
        last = row_where(connection, "true", [])
        committed = {release["release_id"] for release in ledger.releases(connection)}
    done = []
    if last and last["state"] == WAITING:
        built = Candidate(session.home.releases, last["release_id"], State.BUILT)
        if built.is_there and hash_of(built.folder) == last["candidate_sha256"]:
            shutil.rmtree(waiting_candidate(session.home, built.release_id).folder, ignore_errors=True)
            built.became(State.WAITING)
    for candidate in Candidate.all_in(session.home, State.WAITING):
        release_id = candidate.release_id
        became = last["state"] if last is not None and last["release_id"] == release_id else None
        if became == WAITING or release_id in committed:
            continue
        if became == REFUSED:
            keep_refused(session.home, candidate)
        else:
            shutil.rmtree(candidate.folder)
            done.append(f"removed {release_id}, which waited and was superseded")
    sync_folder(session.home.releases)
    return done


def keep_refused(home: Home, candidate: Candidate) -> Candidate:
    """Keep a candidate that was built or waits as refused, closed to readers, and only the last one."""
    for old in Candidate.all_in(home, State.REFUSED):
        shutil.rmtree(old.folder)
    close_to_readers(candidate.folder)
    return candidate.became(State.REFUSED)


def note(
    connection: duckdb.DuckDBPyConnection, session: Session, manifest: Mapping[str, Any], actor: str
) -> None:
    """Note the approval that a manifest tells of, within the caller's transaction on `vault` that publishes
    it; another that waits is superseded.
    """
    release_id, as_of, said = (
        manifest["release_id"],
        date.fromisoformat(manifest["as_of"]),
        manifest["approval"],
    )
    row = row_where(connection, "state = 'waiting'", [])
    if row and row["candidate_sha256"] != said.get("candidate_sha256"):
        supersede_within(connection, session.on(as_of), actor, "another release was published")
        row = None
    if not said["required"]:
        return
    if row is None:
        connection.execute(
            """
                INSERT INTO vault.ledger.approvals (release_id, as_of, candidate_sha256, because, since,
                    state, rights_mark)
            VALUES (?, ?, ?, ?, ?, 'waiting', ?)""",
            [
                release_id,
                as_of,
                said["candidate_sha256"],
                said["because"],
                _now(),
                state.of_vault(connection),
            ],
        )
    decide(connection, release_id, APPROVED, said["by"], said["reason"])
    audit.enter(
        connection,
        session.on(as_of),
        "approved",
        said["by"],
        **{name: said[name] for name in said if name not in ("required", "by", "at")},
        release_id=release_id,
    )


def decide(
    connection: duckdb.DuckDBPyConnection, release_id: str, state: str, actor: str, reason: str | None
) -> None:
    """Note within the caller's transaction on `vault` what became of the one that waits under this id, if one
    does.
    """
    connection.execute(
        """
            UPDATE vault.ledger.approvals SET state = $2, decided_by = $3, reason = $4, "at" = $5,
                manifest = NULL
        WHERE release_id = $1 AND state = 'waiting'""",
        [release_id, state, actor, reason, _now()],
    )


def supersede_within(connection: duckdb.DuckDBPyConnection, session: Session, actor: str, why: str) -> None:
    """What waits no longer may: note it within the caller's transaction on `vault`. Does nothing when nothing
    waits.
    """
    row = row_where(connection, "state = 'waiting'", [])
    if row is None:
        return
    decide(connection, row["release_id"], SUPERSEDED, actor, why)
    audit.enter(
        connection,
        session,
        "superseded",
        actor,
        release_id=row["release_id"],
        candidate_sha256=row["candidate_sha256"],
        why=why,
    )


def row_where(
    connection: duckdb.DuckDBPyConnection, condition: str, parameters: Iterable[Any]
) -> dict[str, Any] | None:
    """The last row of the ledger of approvals that a condition holds for, by column; None without one."""
    if not engine.table_exists(connection, "ledger", "approvals"):
        return None
    cursor = connection.execute(
        f"SELECT * FROM vault.ledger.approvals WHERE {condition} ORDER BY rowid DESC LIMIT 1",
        list(parameters),
    )
    names = [column[0] for column in cursor.description]
    row = cursor.fetchone()
    return None if row is None else dict(zip(names, row, strict=True))


def waiting_candidate(home: Home, release_id: str) -> Candidate:
    """The candidate of this id, as it waits."""
    return Candidate(home.releases, release_id, State.WAITING)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

"""The reviewer's answer to a candidate that waits: it is published as they have read it, or refused (S-ANON,
S-SAFE).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from anonymart import audit, crash
from anonymart.errors import GateRefused, SentenceRefused, Superseded, UsageError
from anonymart.keys import Keys
from anonymart.release import held_marts
from anonymart.release.approval import (
    BUILT_AGAIN,
    BY_RIGHT,
    REFUSED,
    SHORTEST_HASH,
    SUPERSEDED,
    WAITING,
    Reviewer,
    checked,
    decide,
    row_where,
    settle,
    shows_the_same,
    supersede_by_rights,
    waiting_candidate,
)
from anonymart.release.candidate_hash import hash_of
from anonymart.release.folder import MANIFEST, MANIFEST_SIGNATURE, sha256, write_durably
from anonymart.release.held_marts import HeldBack
from anonymart.release.publish import publish, recover
from anonymart.release.signature import public_key, signed_by
from anonymart.release.states import Candidate, Published, State
from anonymart.rights import state
from anonymart.session import Session

_TELLS_BY_RIGHT = (
    "Release {} was superseded: somebody's right was executed since it was made. Run again for a new one."
)


def approve(session: Session, release_id: str, reviewer: Reviewer, candidate: str | None = None) -> Published:
    """Publish what waits under this id, as the reviewer has read it.

    `candidate` is the hash of the candidate that was read, or its first 8 digits or more. Raises UsageError
    when it no longer waits, or is another one; GateRefused when its files are not what was asked about.
    """
    row = _expected(session, release_id, candidate)
    reviewer = checked(session, reviewer)
    waits = waiting_candidate(session.home, release_id)
    _check_unchanged(waits.folder, row, session.keys)
    published = publish(session, waits, reviewer.name, reviewer)
    if not isinstance(published, Published):
        raise UsageError(f"Release {release_id} holds nothing new any more: there is nothing to approve.")
    return published


def hold_back(
    session: Session, release_id: str, reviewer: Reviewer, candidate: str | None, marts: Iterable[str]
) -> HeldBack:
    """The reviewer's no to some marts of what waits under this id: it waits no longer, and their new cells
    are out of the warehouse, so that a new candidate is the rest.

    Raises as `approve` and `held_marts.choose`, SentenceRefused for a reason with a digit, since it stands in
    the manifest of the rest, and UnreadableRequests, while nothing is held back yet.
    """
    from anonymart.rights.unreadable import need_none_open

    need_none_open(session)
    row = _expected(session, release_id, candidate)
    reviewer = checked(session, reviewer)
    if any(sign.isdigit() for sign in reviewer.reason):
        raise SentenceRefused(
            "The reason stands in the release, which may tell no figure of what is held back: write it "
            "without digits."
        )
    waits = waiting_candidate(session.home, release_id)
    _check_unchanged(waits.folder, row, session.keys)
    held = held_marts.choose(session, waits, marts)
    held_marts.take_out(session, waits, held, reviewer, row["candidate_sha256"])
    return held


def refuse_waiting(
    session: Session, release_id: str, reviewer: Reviewer, candidate: str | None = None
) -> Candidate:
    """The reviewer's no: it is logged, the folder is kept as refused, and `current` stays. Raises UsageError
    as `approve`.
    """
    row = _expected(session, release_id, candidate)
    reviewer = checked(session, reviewer)
    with session.connect(vault="rw") as connection:
        connection.execute("BEGIN")
        decide(connection, release_id, REFUSED, reviewer.name, reviewer.reason)
        audit.enter(
            connection,
            session.on(row["as_of"]),
            "refused",
            reviewer.name,
            candidate=release_id,
            by="reviewer",
            via=reviewer.via,
            reason=reviewer.reason,
            candidate_sha256=row["candidate_sha256"],
        )
        connection.execute("COMMIT")
    crash.point("approval.after_refused")
    audit.flush(session)
    settle(session)
    return Candidate(session.home.releases, release_id, State.REFUSED)


def _expected(session: Session, release_id: str, candidate: str | None) -> dict[str, Any]:
    if not session.home.vault.exists():
        raise UsageError("Nothing waits: there is no release yet.")
    # An answer that was killed after it was noted is finished first.
    recover(session)
    with session.connect(vault="ro") as connection:
        row, mark = row_where(connection, "release_id = $1", [release_id]), state.of_vault(connection)
    if row is None:
        raise UsageError("No release of this id waits: `anonymart approvals` lists what does.")
    if row["state"] == SUPERSEDED and row["reason"] in (BY_RIGHT, BUILT_AGAIN):
        raise Superseded(_TELLS_BY_RIGHT.format(release_id))
    if row["state"] != WAITING:
        raise UsageError(
            f"Release {release_id} does not wait any more, it was {row['state']}: `anonymart approvals` "
            f"lists what does."
        )
    if row["rights_mark"] != mark:
        supersede_by_rights(session.on(row["as_of"]))
        raise Superseded(_TELLS_BY_RIGHT.format(release_id))
    is_given = candidate is None or (
        len(candidate) >= SHORTEST_HASH and row["candidate_sha256"].startswith(candidate.lower())
    )
    if not is_given and (
        len(candidate or "") < SHORTEST_HASH or shows_the_same(session, release_id, candidate) is None
    ):
        raise UsageError(
            f"What waits as {release_id} is another candidate than the one given: read the new one first."
        )
    return row


def _check_unchanged(folder: Path, row: Mapping[str, Any], keys: Keys) -> None:
    """The files are those that were asked about; a manifest that a killed approval has signed is put back as
    it was.
    """
    if (
        not folder.is_dir()
        or any(path.is_symlink() for path in folder.rglob("*"))
        or hash_of(folder) != row["candidate_sha256"]
    ):
        raise GateRefused(
            f"Release {row['release_id']} is no longer what the reviewer was asked about: nothing is "
            f"published, run again."
        )
    if sha256(folder / MANIFEST) == row["manifest_sha256"]:
        return
    key = (
        signed_by(folder / MANIFEST, folder / MANIFEST_SIGNATURE)
        if (folder / MANIFEST_SIGNATURE).is_file()
        else None
    )
    if key is None or key != public_key(keys):
        raise GateRefused(
            f"The manifest of {row['release_id']} is no longer what the reviewer was asked about: "
            f"nothing is published, run again."
        )
    write_durably(folder / MANIFEST, row["manifest"])

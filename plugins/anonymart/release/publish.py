"""Publishing: one transaction of the vault's ledger decides, then a rename and the swap of `current` follow
(S-ANON, S-SAFE).

A kill before the transaction leaves nothing published; a kill after it is finished by `recover` at the next
run.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from anonymart import audit, crash, dbt_process, engine
from anonymart.contracts import MartContract, load_contracts
from anonymart.disclosure.perturbation import schemes
from anonymart.errors import AnonymartError, GateRefused, UsageError
from anonymart.home import Home
from anonymart.release import approval, cells, held_marts, kept_definitions, key_handover, ledger
from anonymart.release.approval import Reviewer
from anonymart.release.folder import (
    DRILL_PREFIX,
    GATE_RESULT,
    LINK_PREFIX,
    MANIFEST,
    MANIFEST_SIGNATURE,
    MARTS_FILE,
    WITHDRAWN,
    WITHDRAWN_SIGNATURE,
    open_to_readers,
    sha256,
    sync_folder,
    write_durably,
)
from anonymart.release.manifest import read_manifest, write_manifest
from anonymart.release.signature import sign, signature_text
from anonymart.release.states import Candidate, Outcome, Published, State
from anonymart.rights import state
from anonymart.session import Session
from anonymart.vault import schema

# What may still be published; a folder that a killed run left is one of these.
_TO_PUBLISH = (State.BUILT, State.WAITING)


def publish(
    session: Session,
    candidate: Candidate,
    actor: str | None = None,
    reviewer: Reviewer | None = None,
) -> Outcome:
    """Publish a candidate that the gate has passed; gives Published, or None when it closes no period, holds
    no new cell and replaces nothing.

    A release that changed beyond the policy's limits, or after a mart was held back, needs the reviewer:
    without one it is kept waiting, and Waiting is given. Raises UsageError for a folder that is no candidate,
    UnreadableRequests while a row about a right or a consent waits to be entered, Superseded when a right was
    taken in or carried out since the build, GateRefused when the gate has not passed these very files.
    `current` changes last, in one step.
    """
    from anonymart.rights.unreadable import need_none_open

    release_id, folder = candidate.release_id, candidate.folder
    other = UsageError(f"{folder} is no candidate of this home: make one with `anonymart publish`.")
    if candidate.releases != session.home.releases or candidate.state not in _TO_PUBLISH:
        raise other
    manifest = read_manifest(folder)
    if manifest["release_id"] != release_id:
        raise other
    need_none_open(session)
    if not has_news(candidate):
        shutil.rmtree(folder)
        sync_folder(session.home.releases)
        return None
    with session.connect(vault="ro") as connection:
        state.check_candidate(connection, release_id)
        held = held_marts.because(connection, candidate)
    _check_marts(manifest)
    _check_gate(folder)
    reasons = [*approval.because(session.policy, candidate), *held]
    # A yes from before the candidate was made lets nothing out that a reviewer has held back.
    if reasons and (reviewer is None or (held and candidate.state is State.BUILT)):
        return approval.hold(session, candidate, reasons, actor)
    reviewer = approval.checked(session, reviewer) if reasons and reviewer else None
    manifest |= {"approval": approval.manifest_entry(reasons, reviewer, candidate)}
    manifest_sha256 = write_manifest(folder, {name: manifest[name] for name in manifest if name != "files"})
    sign(folder / MANIFEST, folder / MANIFEST_SIGNATURE, session.keys)
    key_handover.put(session.home, folder)
    open_to_readers(folder)
    crash.point("publish.before_commit")
    _commit(session, folder, manifest, manifest_sha256, actor)
    crash.point("publish.after_commit")
    audit.flush(session)
    _finish(session.home, release_id)
    finish_withdrawals(session)
    approval.settle(session)
    _remove(session.home, State.REFUSED)
    return Published(release_id)


def _check_marts(manifest: Mapping[str, Any]) -> None:
    """A build that was killed may have written the marts of ordered tables since the candidate was made."""
    if set(manifest["marts"]) != set(load_contracts()):
        raise UsageError(
            f"Release {manifest['release_id']} was made before the tables that are made now: nothing is "
            "published, run `anonymart run` for a new one."
        )


def has_news(candidate: Candidate) -> bool:
    """Whether a candidate holds a new cell, closes a period or replaces what was withdrawn; else there is
    nothing to publish, nor to gate.
    """
    manifest = read_manifest(candidate.folder)
    marts = manifest["marts"].values()
    return bool(manifest.get("replaces")) or any(
        mart["new_cells"] or mart["closed_periods"] for mart in marts
    )


def refuse(home: Home, candidate: Candidate) -> Candidate:
    """Keep the candidate that the gate refused, closed to readers, and only the last one."""
    return approval.keep_refused(home, candidate)


def recover(session: Session) -> list[str]:
    """Finish what the ledger committed and remove what it did not, after a kill; gives a sentence for each
    thing done.

    Raises AnonymartError when the folder of the last committed release is gone.
    """
    if not session.home.releases.is_dir():
        return []
    audit.flush(session)
    done: list[str] = []
    committed = _committed(session)
    for release_id in committed:
        if _to_publish(session.home, release_id):
            done.append(f"finished publishing {release_id}")
            _rename(session.home, release_id)
    done += finish_withdrawals(session)
    done += approval.settle(session)
    if committed:
        _keep_definitions(session.home, committed[-1])
    removed = _remove(session.home, State.BUILT)
    for link in session.home.releases.glob(f"{LINK_PREFIX}*"):
        link.unlink()
    for folder in session.home.tmp.glob(f"{DRILL_PREFIX}*"):
        shutil.rmtree(folder, ignore_errors=True)
    dbt_process.remove_beside(session.home)
    engine.remove_spill_of_the_dead(session.home)
    return done + [f"removed the unfinished candidate {each.release_id}" for each in removed]


def finish_withdrawals(session: Session) -> list[str]:
    """Let `current` name the last release that is not withdrawn, or nothing, and mark the folders of those
    that are.

    Gives a sentence for each thing done. Raises AnonymartError when the folder of the release that is current
    is gone.
    """
    if not session.home.vault.exists():
        return []
    with session.connect(vault="ro") as connection:
        standing, withdrawn = ledger.standing(connection), ledger.withdrawals(connection)
    done = (
        _point_to_last(session.home, standing) if standing else _point_nowhere(session.home, list(withdrawn))
    )
    if withdrawn:
        crash.point("withdraw.after_swap")
    return done + [
        f"marked {entry['release_id']} as withdrawn"
        for entry in withdrawn.values()
        if _put_notice(session, entry)
    ]


def _committed(session: Session) -> list[str]:
    if not session.home.vault.exists():
        return []
    with session.connect(vault="ro") as connection:
        return [release["release_id"] for release in ledger.releases(connection)]


def _point_to_last(home: Home, standing: list[str]) -> list[str]:
    last = standing[-1]
    if home.current.is_symlink() and os.readlink(home.current) == last and (home.releases / last).is_dir():
        return []
    if not (home.releases / last).is_dir():
        raise AnonymartError(
            f"The folder of the last release {home.releases / last} is gone: restore it from a copy."
        )
    _finish(home, last)
    return [f"`current` now names {last}"]


def _point_nowhere(home: Home, withdrawn: list[str]) -> list[str]:
    if not home.current.is_symlink() or os.readlink(home.current) not in withdrawn:
        return []
    home.current.unlink()
    sync_folder(home.releases)
    return ["removed `current`: every release is withdrawn"]


def _put_notice(session: Session, entry: dict[str, Any]) -> bool:
    """Write WITHDRAWN.json and its signature into the folder of a recalled release, if it is there and does
    not say so yet.
    """
    folder = session.home.releases / entry["release_id"]
    text = json.dumps(ledger.withdrawal_notice(entry), indent=1, ensure_ascii=False) + "\n"
    signature = signature_text(text.encode(), session.keys)
    if not folder.is_dir() or (
        _says(folder / WITHDRAWN, text) and _says(folder / WITHDRAWN_SIGNATURE, signature)
    ):
        return False
    write_durably(folder / WITHDRAWN, text, mode=0o644, crash_point="withdraw.before_mark_rename")
    write_durably(
        folder / WITHDRAWN_SIGNATURE, signature, mode=0o644, crash_point="withdraw.before_signature"
    )
    # The recall may be signed by a later key than the release.
    key_handover.put(session.home, folder)
    crash.point("withdraw.after_mark")
    return True


def _says(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def _check_gate(candidate: Path) -> None:
    try:
        result = json.loads((candidate / GATE_RESULT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise GateRefused(
            f"{candidate.name} was not read by the gate: run `anonymart gate` on it first."
        ) from None
    if result.get("passed") is not True:
        raise GateRefused(
            f"The gate refused {candidate.name}: look at its {GATE_RESULT} for mart, column and kind."
        )
    checked = result.get("files") or {}
    if MARTS_FILE not in checked or any(
        sha256(candidate / name) != digest for name, digest in checked.items()
    ):
        raise GateRefused(f"{candidate.name} is no longer what the gate has read: make a new candidate.")


def _commit(
    session: Session,
    candidate: Path,
    manifest: dict,
    manifest_sha256: str,
    actor: str | None,
) -> None:
    contracts, release_id = load_contracts(), manifest["release_id"]
    with session.connect(vault="rw", warehouse="ro") as connection:
        schema.create(connection, session.keys)
        name = audit.who(connection, actor)
        connection.execute(f"ATTACH {engine.literal(str(candidate / MARTS_FILE))} AS release (READ_ONLY)")
        connection.execute("BEGIN")
        state.check_candidate(connection, release_id)
        if release_id in {release["release_id"] for release in ledger.releases(connection)}:
            raise AnonymartError(f"The release {release_id} is already in the ledger: make a new candidate.")
        if manifest.get("replaces", []) != ledger.replaces(connection):
            raise AnonymartError(
                f"{candidate.name} was made before the last withdrawal: build again and make a new candidate."
            )
        total = sum(mart["rows"] for mart in manifest["marts"].values())
        fresh = sum(_enter(connection, contract, release_id) for contract in contracts.values())
        connection.execute(
            "INSERT INTO vault.ledger.releases (release_id, as_of, manifest_sha256, new_cells, "
            "carried_cells, noise) "
            "VALUES (?, ?::DATE, ?, ?, ?, ?)",
            [
                release_id,
                manifest["as_of"],
                manifest_sha256,
                fresh,
                total - fresh,
                json.dumps(schemes(session.policy)),
            ],
        )
        connection.execute(
            "UPDATE vault.ledger.withdrawals SET replaced_by = ? WHERE replaced_by IS NULL", [release_id]
        )
        as_of = date.fromisoformat(manifest["as_of"])
        approval.note(connection, session, manifest, name)
        held_marts.note_published(connection, manifest)
        audit.enter(
            connection,
            session.on(as_of),
            "published",
            name,
            release_id=release_id,
            manifest_sha256=manifest_sha256,
        )
        connection.execute("COMMIT")


def _enter(connection: duckdb.DuckDBPyConnection, contract: MartContract, release_id: str) -> int:
    cells_table = f"vault.ledger.cells_{contract.name}"
    release = engine.literal(release_id)
    new_cells = cells.new_cells(connection, contract)
    held = {row[0] for row in connection.execute(f"DESCRIBE release.main.{contract.name}").fetchall()}
    if held != set(contract.column_names):
        raise AnonymartError(
            f"The mart {contract.name} of the candidate has other columns than this version's: build "
            f"again and make a new candidate."
        )
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {cells_table} AS "
        f"SELECT *, NULL::VARCHAR AS release_id FROM release.main.{contract.name} LIMIT 0"
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE new_cells AS {new_cells}")
    # An empty period closes too: late data must never open it again. A mart that has no cell at all has not
    # begun.
    connection.execute(
        f"INSERT INTO vault.ledger.closed_periods (mart, period_key, release_id) "
        f"SELECT '{contract.name}', period_key, {release} FROM ("
        f"SELECT {cells.key_sql(contract.period_key, 'cell')} AS period_key FROM new_cells AS cell "
        f"UNION SELECT period_key FROM warehouse.{cells.CLOSING} WHERE mart = '{contract.name}' "
        f"AND EXISTS (SELECT 1 FROM release.main.{contract.name})) ORDER BY period_key"
    )
    connection.execute(f"INSERT INTO {cells_table} BY NAME SELECT *, {release} AS release_id FROM new_cells")
    row = connection.execute("SELECT count(*) FROM new_cells").fetchone()
    return int(row[0]) if row else 0


def _finish(home: Home, release_id: str) -> None:
    _rename(home, release_id)
    crash.point("publish.after_rename")
    link = home.releases / f"{LINK_PREFIX}{release_id}"
    link.unlink(missing_ok=True)
    os.symlink(release_id, link)
    os.replace(link, home.current)
    sync_folder(home.releases)
    crash.point("publish.after_swap")
    _keep_definitions(home, release_id)


def _keep_definitions(home: Home, release_id: str) -> None:
    """It is published: without the copy the reviewer of the next one is told that it is not there."""
    with suppress(AnonymartError, OSError):
        kept_definitions.keep(home, home.releases / release_id)


def _rename(home: Home, release_id: str) -> None:
    if candidate := _to_publish(home, release_id):
        candidate.became(State.PUBLISHED)


def _to_publish(home: Home, release_id: str) -> Candidate | None:
    """The folder of a release that the ledger has, as it is before its last step; None when it was taken."""
    both = (Candidate(home.releases, release_id, state) for state in _TO_PUBLISH)
    return next((candidate for candidate in both if candidate.is_there), None)


def _remove(home: Home, state: State) -> list[Candidate]:
    found = Candidate.all_in(home, state)
    for candidate in found:
        if candidate.folder.is_symlink() or candidate.folder.is_file():
            candidate.folder.unlink()
        else:
            shutil.rmtree(candidate.folder)
    return found

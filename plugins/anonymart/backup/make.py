"""`anonymart backup`: the home's zones, tombstones, chains and releases as they are at one moment, with a
hash of each file; never its keys (S-SAFE).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from anonymart import audit, config, engine
from anonymart.backup import listed
from anonymart.backup.listed import TOLD, Listed
from anonymart.chain import SEALS, hash_of, is_of
from anonymart.erasure import tombstones
from anonymart.errors import AnonymartError, UsageError
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.release import recover
from anonymart.release.folder import sha256, sync_folder, write_durably
from anonymart.session import Session

ZONES = ("vault", "warehouse")
# Which files were loaded, with their names, encrypted as the vault is: a lost disk must not hide what has to
# be delivered again.
LOADS = "loads.duckdb"
_CHAINS = ("receipts.ndjson", "audit.ndjson", SEALS, "backups.json", "key_handovers.json")


@dataclass(frozen=True)
class Backup:
    """What was written: id, folder, day on which it has to be gone at the latest (YYYY-MM-DD), files and
    their bytes.
    """

    backup_id: str
    folder: str
    keep_until: str
    n_files: int
    n_bytes: int


def backup(session: Session, folder: Path) -> Backup:
    """Copy the home into a new folder, 0700; the caller holds the writer's lock. Kept for `backups.keep_days`
    from `as_of`.

    Raises UsageError for a folder that is not empty or lies in the home, or without a vault; AnonymartError
    on a fault: what was written until then is listed, and goes with `expire`.
    """
    folder = folder.expanduser().resolve()
    if folder.is_relative_to(session.home.root):
        raise UsageError(
            f"{folder} lies in the home, so it would be lost with it: give a folder on another disk."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty: give a new folder for each backup.")
    if not session.home.vault.exists():
        raise UsageError(f"The vault {session.home.vault} does not exist yet: there is nothing to back up.")
    recover(session)
    _empty_logs(session)
    entry = Listed(
        _new_id(session.home),
        str(session.as_of),
        str(session.as_of + timedelta(days=session.policy.figure("backups", "keep_days"))),
        str(folder),
    )
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        listed.write(session.home, [*listed.read(session.home), entry])
        write_durably(folder / TOLD, json.dumps({"backup_id": entry.backup_id}), mode=0o600)
        with session.connect(vault="ro") as connection:
            told = _report(session.home, connection, entry)
        names = [
            *(f"{zone}.duckdb" for zone in (*ZONES, "tombstones")),
            *_CHAINS,
            *_below(session.home, "sources/*.yml"),
            *(name for pattern in config.PATTERNS for name in _below(session.home, pattern)),
            *_releases(session.home),
        ]
        files = _copy(session.home.root, folder, names)
        told |= {"files": files}
        write_durably(
            folder / TOLD,
            json.dumps({**told, "hash": hash_of(told, session.keys)}, indent=1) + "\n",
            mode=0o600,
        )
    except OSError as error:
        raise AnonymartError(
            f"The backup in {folder} was not finished ({error.strerror}): mend it and give another "
            f"folder; `anonymart backup --gone {entry.backup_id}` "
            "strikes this one from the list once you have removed it."
        ) from None
    return Backup(
        entry.backup_id,
        str(folder),
        entry.keep_until,
        len(files),
        sum(file["bytes"] for file in files.values()),
    )


def light(session: Session, folder: Path) -> int:
    """Copy what is newest and holds nobody's rows (tombstones, chains, releases, the list of loads) over the
    copy of before; gives the number of files.

    It is what a restore needs besides a backup: it knows who was erased and what was published since. Raises
    UsageError for a folder in the home or one that holds something else.
    """
    folder = folder.expanduser().resolve()
    if folder.is_relative_to(session.home.root) or (folder / TOLD).exists():
        raise UsageError(
            f"{folder} lies in the home or is a backup: give a folder of its own on another disk."
        )
    if not session.home.tombstones.exists():
        raise UsageError(
            f"{session.home.tombstones} does not exist yet: nothing was loaded, so there is nothing to copy."
        )
    recover(session)
    _empty_logs(session)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        # The tombstones go before the receipts that tell of them: a copy cut short must not know fewer erased
        # than receipts.
        files = _copy(session.home.root, folder, ["tombstones.duckdb", *_CHAINS, *_releases(session.home)])
        _write_loads(session, folder)
    except OSError as error:
        raise AnonymartError(
            f"The copy in {folder} was not finished ({error.strerror}): mend it and run again."
        ) from None
    return len(files) + 1


def read_report(folder: Path, keys: Keys) -> dict[str, Any]:
    """What a backup says of itself, once each of its files has the hash that it gives.

    Raises UsageError for a folder that is no whole backup, or one of other keys; AnonymartError for a changed
    or missing file.
    """
    try:
        told = json.loads((folder / TOLD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("files"), dict):
        raise UsageError(
            f"{folder} is no whole backup ({TOLD} does not list its files): give the folder that "
            f"`anonymart backup` has written."
        )
    if not is_of(told, keys):
        raise UsageError(
            f"{folder / TOLD} was changed, or written with another key 'signing': take the keys of this "
            f"home from your safe, or another backup; if the key was rotated since, give the key file of "
            f"that day with --old-keys."
        )
    for name, entry in told["files"].items():
        if not (folder / name).is_file() or sha256(folder / name) != entry["sha256"]:
            raise AnonymartError(
                f"{folder / name} is missing or not as it was written: take another copy of this "
                f"backup, or another backup; nothing was restored."
            )
    return told


def expire(home: Home, as_of: date) -> tuple[list[Listed], list[Listed]]:
    """Remove the backups whose term is over (`backups.keep_days`) where they were written; gives those
    removed, and those over and not found there.

    What is not found stays listed: it was taken elsewhere, and only a person knows that it is gone.
    """
    removed, not_found, kept = [], [], []
    for entry in listed.read(home):
        folder = Path(entry.folder)
        if not entry.is_over(as_of):
            kept.append(entry)
        elif listed.in_folder(folder) == entry.backup_id:
            shutil.rmtree(folder)
            removed.append(entry)
        else:
            not_found.append(entry)
            kept.append(entry)
    listed.write(home, kept)
    return removed, not_found


def strike(home: Home, backup_id: str) -> None:
    """Strike a backup from the list: a person says that every copy of it is gone. Raises UsageError for one
    that is still there, or unknown.
    """
    found = [entry for entry in listed.read(home) if entry.backup_id == backup_id]
    if not found:
        raise UsageError(f"No backup {backup_id} is listed: `anonymart backup --list` shows them.")
    if listed.in_folder(Path(found[0].folder)) == backup_id:
        raise UsageError(
            f"The backup {backup_id} is still in {found[0].folder}: remove the folder first, and every "
            f"copy of it."
        )
    listed.write(home, [entry for entry in listed.read(home) if entry.backup_id != backup_id])


def _new_id(home: Home) -> str:
    """By the time of the clock, and another one within the same second."""
    base, known = (
        f"backup-{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
        {entry.backup_id for entry in listed.read(home)},
    )
    return next(
        name for name in (base, *(f"{base}-{number}" for number in range(2, 1000))) if name not in known
    )


def _report(home: Home, connection: engine.duckdb.DuckDBPyConnection, entry: Listed) -> dict[str, Any]:
    from anonymart.release import ledger

    load_no = connection.execute("SELECT coalesce(max(load_no), 0) FROM vault.ledger.loads").fetchone()
    return {
        "backup_id": entry.backup_id,
        "made_on": entry.made_on,
        "keep_until": entry.keep_until,
        "last_load_no": load_no[0] if load_no else 0,
        "releases": [release["release_id"] for release in ledger.releases(connection)],
        "audit_entries": len(audit.entries(home)),
    }


def _empty_logs(session: Session) -> None:
    """What stands in the log of a killed run belongs to the file."""
    zones = [zone for zone in ZONES if getattr(session.home, zone).exists()]
    with session.connect(**dict.fromkeys(zones, "rw")) as connection:
        tombstones.attach(connection, session)
        for zone in (*zones, "tombstones"):
            connection.execute(f"CHECKPOINT {zone}")


def _write_loads(session: Session, folder: Path) -> None:
    part = folder / f"{LOADS}.part"
    part.unlink(missing_ok=True)
    with session.connect(vault="ro") as connection:
        engine.attach(connection, "listed", part, session.keys.vault, "rw")
        connection.execute(
            "CREATE TABLE listed.loads AS SELECT load_no, source, file_name, as_of, status, delivered, "
            "duplicate, file_mark FROM vault.ledger.loads"
        )
        connection.execute("CHECKPOINT listed")
    part.replace(folder / LOADS)


def _releases(home: Home) -> list[str]:
    """Every file of every published release: what waits, or was refused, is made anew."""
    folders = [
        path.name
        for path in sorted(home.releases.iterdir())
        if path.is_dir() and not path.is_symlink() and not path.name.startswith(".")
    ]
    return [name for folder in folders for name in _below(home, f"releases/{folder}/**/*")]


def _below(home: Home, pattern: str) -> list[str]:
    return sorted(str(path.relative_to(home.root)) for path in home.root.glob(pattern) if path.is_file())


def _copy(root: Path, folder: Path, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Copy the files that exist, each whole and on the disk; gives bytes and SHA-256 of each."""
    found = {}
    for name in names:
        if not (root / name).exists():
            continue
        copy_file(root / name, folder / name)
        found[name] = {"bytes": (folder / name).stat().st_size, "sha256": sha256(folder / name)}
    return found


def copy_file(path: Path, target: Path) -> None:
    """Copy one file whole or not at all, 0600, and see it to the disk."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = target.with_name(target.name + ".part")
    with (
        path.open("rb") as source,
        open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as copied,
    ):
        shutil.copyfileobj(source, copied, 1 << 22)
        copied.flush()
        os.fsync(copied.fileno())
    part.replace(target)
    sync_folder(target.parent)

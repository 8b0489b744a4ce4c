"""The zones' files written anew, so that what was deleted is in none of their bytes (R-ERASE, P-STAT).

Aside, fsync, rename: a kill leaves the old file or the new one, whole.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from anonymart import crash, engine
from anonymart.errors import AnonymartError
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.rows import one_row
from anonymart.session import Session

ASIDE = ".rewrite"


@dataclass(frozen=True)
class Rewritten:
    """SHA-256 of a file before and after."""

    before: str
    after: str


def rewrite(session: Session, zones: tuple[str, ...], under: Keys | None = None) -> dict[str, Rewritten]:
    """Copy zones ('vault', 'warehouse', 'tombstones') beside themselves, at once, and put the copies in their
    places; nobody may have them open. The copies are encrypted with the keys `under`, where they are given.

    Gives what was written by name of file. Raises AnonymartError when a write-ahead log is not empty
    afterwards.
    """
    paths: dict[str, Path] = {zone: getattr(session.home, zone) for zone in zones}
    remove_aside(session.home)
    with ThreadPoolExecutor(2 * len(zones)) as pool:
        connection = engine.memory()
        try:
            _open(connection, session.home, (session.keys, under or session.keys), paths)
            # From here on the old files are only read: their hashes are taken meanwhile.
            hashes = {zone: pool.submit(_sha256, path) for zone, path in paths.items()}
            copies = [pool.submit(_copy, connection.cursor(), zone) for zone in zones]
            for copy in copies:
                copy.result()
            before = {zone: found.result() for zone, found in hashes.items()}
        finally:
            connection.close()
        for path in paths.values():
            if any(file.with_name(file.name + ".wal").exists() for file in (path, aside(path))):
                raise AnonymartError(f"The log of {path} could not be emptied: run again; nothing was lost.")
        crash.point("rewrite.after_copy")
        after = dict(zip(zones, pool.map(settle, map(aside, paths.values())), strict=True))
    for path in paths.values():
        take_place(path)
    return {path.name: Rewritten(before[zone], after[zone]) for zone, path in paths.items()}


def take_place(path: Path) -> None:
    """Put the copy beside a file, which is safely on the disk, in its place."""
    crash.point("rewrite.before_rename")
    os.replace(aside(path), path)
    _sync_folder(path.parent)
    crash.point("rewrite.after_rename")


def key_of(keys: Keys, zone: str) -> str:
    """The key that a file is encrypted with: tombstones have that of the vault."""
    return keys.warehouse if zone == "warehouse" else keys.vault


def _open(
    connection: engine.duckdb.DuckDBPyConnection, home: Home, keys: tuple[Keys, Keys], paths: dict[str, Path]
) -> None:
    """Empty the logs, then attach each zone to read and a fresh file for it.

    One zone hardly keeps two threads busy, so each copy has the thread that asks for it, and they share what
    other processors there are and the memory.
    """
    engine.prepare(connection, home)
    n_threads = one_row(connection.execute("SELECT current_setting('threads')"))[0]
    connection.execute(f"SET threads = {max(1, n_threads - len(paths) + 1)}")
    connection.execute(engine.NO_VACUUM)
    for zone, path in paths.items():
        key, key_aside = (key_of(each, zone) for each in keys)
        engine.attach(connection, zone, path, key, "rw")
        connection.execute(f"CHECKPOINT {zone}")
        connection.execute(f"DETACH {zone}")
        engine.attach(connection, zone, path, key, "ro")
        engine.attach(connection, f"{zone}_aside", aside(path), key_aside, "rw")


def _copy(cursor: engine.duckdb.DuckDBPyConnection, zone: str) -> None:
    with cursor:
        cursor.execute(f"COPY FROM DATABASE {zone} TO {zone}_aside")
        cursor.execute(f"CHECKPOINT {zone}_aside")


def settle(path: Path) -> str:
    """The hash of a file, once it is safely on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    return _sha256(path)


def aside(path: Path) -> Path:
    """Where the copy of a file is written."""
    return path.with_name(path.name + ASIDE)


def remove_aside(home: Home) -> None:
    """Remove what a killed rewrite left beside the zones."""
    for left in home.root.glob(f"*{ASIDE}*"):
        left.unlink()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""A zone's file written anew, so that what was deleted is in none of its bytes (R-ERASE, P-STAT).

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

ASIDE = ".rewrite"


@dataclass(frozen=True)
class Rewritten:
    """SHA-256 of a file before and after."""

    before: str
    after: str


def rewrite(home: Home, keys: Keys, zone: str) -> Rewritten:
    """Copy the zone ('vault' or 'warehouse') beside itself and put the copy in its place; nobody may have it open.

    Raises AnonymartError when its write-ahead log is not empty afterwards.
    """
    path: Path = getattr(home, zone)
    key = getattr(keys, zone)
    aside = path.with_name(path.name + ASIDE)
    remove_aside(home)
    connection = engine.duckdb.connect(":memory:")
    try:
        engine.prepare(connection, home)
        engine.attach(connection, zone, path, key, "rw")
        connection.execute(f"CHECKPOINT {zone}")
        connection.execute(f"DETACH {zone}")
        # From here on it is only read: its hash is taken meanwhile.
        engine.attach(connection, zone, path, key, "ro")
        engine.attach(connection, "aside", aside, key, "rw")
        with ThreadPoolExecutor(1) as beside:
            hash_before = beside.submit(_sha256, path)
            connection.execute(f"COPY FROM DATABASE {zone} TO aside")
            connection.execute("CHECKPOINT aside")
            before = hash_before.result()
    finally:
        connection.close()
    if path.with_name(path.name + ".wal").exists() or aside.with_name(aside.name + ".wal").exists():
        raise AnonymartError(f"The log of {path} could not be emptied: run again; nothing was lost.")
    crash.point("rewrite.after_copy")
    with aside.open("rb+") as file:
        os.fsync(file.fileno())
    after = _sha256(aside)
    crash.point("rewrite.before_rename")
    os.replace(aside, path)
    _sync_folder(path.parent)
    crash.point("rewrite.after_rename")
    return Rewritten(before, after)


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

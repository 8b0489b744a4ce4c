"""`anonymart migrate`: copies of both files beside them, then the steps; and the same before any other
command on an old home.

The copies are encrypted as the files are, with the same keys. They hold people: each rewrite of the files, so
every erasure, removes them.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from anonymart import crash
from anonymart import versions as schema_versions
from anonymart.erasure import files
from anonymart.errors import AnonymartError, UsageError
from anonymart.home import Home
from anonymart.lock import writing
from anonymart.migrate import steps
from anonymart.progress import Progress
from anonymart.session import Session
from anonymart.vault import schema

ZONES = ("vault", "warehouse")


@dataclass
class Migration:
    """Version of each zone before, the newest version, what is to do or was done, and the copies that lie
    beside the files.
    """

    versions: dict[str, int]
    newest: int = schema_versions.NEWEST
    steps: list[dict[str, Any]] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    is_done: bool = False

    @property
    def is_needed(self) -> bool:
        return any(version < self.newest for version in self.versions.values())


def plan(session: Session) -> Migration:
    """What `migrate` would do; changes nothing. Raises UsageError for a home without a vault or of a newer
    version.
    """
    if not session.home.vault.exists():
        raise UsageError(f"The vault {session.home.vault} does not exist yet: there is nothing to migrate.")
    zones = _zones(session.home)
    with session.connect(**dict.fromkeys(zones, "ro")) as connection:
        found = {zone: schema_versions.read(connection, zone) for zone in zones}
    waiting = [step for step in steps.STEPS if step.number > found.get(step.zone, schema_versions.NEWEST)]
    told = [{"number": step.number, "zone": step.zone, "does": step.does} for step in waiting]
    return Migration(found, steps=told, copies=[path.name for path in files.copies(session.home)])


def migrate(session: Session) -> Migration:
    """Copy the files of an older home, then migrate them; nothing for a home of this version. The caller
    holds the writer's lock.

    Raises AnonymartError on a full disk; run again then: a step that was committed stays, the copies from
    before it too.
    """
    done = plan(session)
    if done.is_needed:
        for zone, version in done.versions.items():
            _copy(session, zone, version)
        crash.point("migrate.after_copy")
        _apply(session)
    done.copies = [path.name for path in files.copies(session.home)]
    done.is_done = True
    return done


def bring_up_to_date(session: Session, progress: Progress) -> None:
    """Before a command: migrate a home of an older version, with copies, and say so. Cheap for one of this
    version.

    Raises UsageError for a home of a newer version. What another run has open is left: the command itself
    says so.
    """
    if not session.home.vault.exists():
        return
    try:
        if not plan(session).is_needed:
            return
    except UsageError:
        raise
    except AnonymartError:
        return
    with writing(session.home):
        done = migrate(session)
    was = max(done.versions.values(), default=0)
    progress.say(
        f"The home was migrated from schema version {min(done.versions.values(), default=was)} to "
        f"{done.newest}; copies from before lie beside its files "
        f"({', '.join(done.copies) or 'none'}): remove them with `anonymart migrate --done` when all is well."
    )


def _apply(session: Session) -> None:
    zones = _zones(session.home)
    connection = session.connect(**dict.fromkeys(zones, "rw"))
    try:
        schema.create(connection, session.keys)
        if "warehouse" in zones:
            steps.apply(connection, "warehouse")
        for zone in zones:
            connection.execute(f"CHECKPOINT {zone}")
    except duckdb.Error as error:
        raise AnonymartError(
            f"The migration stopped ({type(error).__name__}): run it again; nothing was lost."
        ) from None
    finally:
        connection.close()


def _copy(session: Session, zone: str, version: int) -> None:
    """A whole file or none: written aside, then renamed over an earlier one of the same version, which this
    file has outgrown.
    """
    path: Path = getattr(session.home, zone)
    target = path.with_name(f"{path.name}.v{version}{files.COPY}")
    with session.connect(**{zone: "rw"}) as connection:
        # What stands in the log of a killed run belongs to the file.
        connection.execute(f"CHECKPOINT {zone}")
    part = target.with_name(target.name + ".part")
    try:
        with (
            path.open("rb") as source,
            open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as copied,
        ):
            shutil.copyfileobj(source, copied, 1 << 22)
            copied.flush()
            os.fsync(copied.fileno())
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise AnonymartError(
            f"No copy of {path.name} could be made ({error.strerror}): free some space, then run again; "
            f"nothing was migrated."
        ) from None


def _zones(home: Home) -> list[str]:
    return [zone for zone in ZONES if getattr(home, zone).exists()]

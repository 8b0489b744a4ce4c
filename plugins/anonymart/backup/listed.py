"""The list of backups in the home, `backups.json`: which ones exist, where they were written, and until when
they may be kept.

A backup holds everybody whom the vault held on its day. So each one is listed before its first byte is
written, it leaves the list only when it is gone, and receipts of removals name those that are listed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from anonymart.errors import AnonymartError
from anonymart.home import Home


@dataclass(frozen=True)
class Listed:
    """One backup: its id, the days (YYYY-MM-DD) on which it was made and after which it has to be gone, and
    its folder.
    """

    backup_id: str
    made_on: str
    keep_until: str
    folder: str

    def is_over(self, as_of: date) -> bool:
        """Whether its term is over on a day (`backups.keep_days`)."""
        return as_of > date.fromisoformat(self.keep_until)


def read(home: Home) -> list[Listed]:
    """Every backup that is not known to be gone, oldest first. Raises AnonymartError when the list cannot be
    read.
    """
    if not home.backups.exists():
        return []
    try:
        return [Listed(**entry) for entry in json.loads(home.backups.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        raise AnonymartError(
            f"The list of backups {home.backups} cannot be read: restore the file from a copy, then run "
            f"again."
        ) from None


def write(home: Home, listed: list[Listed]) -> None:
    """Write the list whole, 0600."""
    from anonymart.release.folder import write_durably

    write_durably(home.backups, json.dumps([asdict(entry) for entry in listed], indent=1) + "\n", mode=0o600)


def in_folder(folder: Path) -> str | None:
    """The id that the backup in a folder gives itself; None where there is none."""
    try:
        told = json.loads((folder / TOLD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told.get("backup_id") if isinstance(told, dict) else None


# In the folder of a backup: what it is. Written first without hashes, and last with them.
TOLD = "backup.json"

"""What is delivered to a source: finding the files, telling one delivery from another, and the names that may
be shown.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REFUSED_SUFFIX = ".refused"
NOT_SHOWN = "file with a name not shown"
_IPV4 = r"(?<!\d)\d{1,3}([.]\d{1,3}){3}(?!\d)"


class FileRefused(Exception):
    """The whole file is refused; the message is the reason, without any value of it."""


@dataclass(frozen=True)
class Landed:
    """One delivered file: its kind ('csv', 'ndjson', 'lines', 'array', 'parquet', 'survey'), its columns, and
    a mark that a kill keeps.

    A 'survey' has been read into the TEMP table survey_rows already; `skipped` rows after its header are no
    answers.
    """

    path: Path
    source: str
    kind: str
    columns: tuple[str, ...]
    delimiter: str = ","
    skipped: int = 0
    is_csv: bool = False
    # Columns of a survey whose times were all read: they are TIMESTAMPs of UTC, and no texts.
    typed: frozenset[str] = frozenset()
    # How a survey was read (`surveys.land.Reading`): for `sources check`.
    reading: Any = field(default=None, compare=False, repr=False)

    @property
    def mark(self) -> str:
        return file_mark(self.path)


def file_mark(path: Path) -> str:
    """What tells this very file from a later delivery under the same name.

    The time of change cannot be set by whoever delivers: a file with the inode, size and date of a loaded one
    is another.
    """
    return f"{_delivery(path)}:{_status(path).st_ctime_ns}"


def refused_mark(path: Path) -> str:
    """What tells a refused file again after it was renamed, which gives it another time of change."""
    return f"refused:{_delivery(path)}"


def _delivery(path: Path) -> str:
    status = _status(path)
    return f"{status.st_ino}:{status.st_size}:{status.st_mtime_ns}"


def _status(path: Path) -> os.stat_result:
    """Of the file, or of a link that leads nowhere."""
    try:
        return path.stat()
    except OSError:
        return path.lstat()


def waiting(landing: Path, source: str) -> Iterator[Path]:
    """What is delivered to a source, in the order of names; folders, and hidden, partial and refused files,
    are left.

    A link that leads nowhere, a pipe or a device is among it: `inspect` refuses it by its name.
    """
    folder = landing / source
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob("*")):
        if (
            not path.is_dir()
            and not path.name.startswith(".")
            and path.suffix not in (REFUSED_SUFFIX, ".part", ".tmp")
        ):
            yield path


def safe_name(path: Path) -> str:
    """The file's name as it may be shown: names can hold addresses and numbers of people."""
    name = path.name
    if re.fullmatch(r"[A-Za-z0-9._-]{1,80}", name) and not re.search(rf"\d{{9,}}|{_IPV4}", name):
        return name
    return NOT_SHOWN

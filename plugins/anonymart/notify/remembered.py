"""What was told already, in `notified.json` of the home: nobody is told the same every hour."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date

from anonymart.home import Home

Told = dict[str, str]


@contextmanager
def remembered(home: Home) -> Iterator[Told]:
    """The days on which each thing was told last, to read and change; one process at a time."""
    descriptor = os.open(home.root / "notified.json", os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        told = _read(file.read())
        before = dict(told)
        yield told
        if told != before:
            file.seek(0)
            file.write(json.dumps(told, indent=1, sort_keys=True) + "\n")
            file.truncate()


def is_due(told: Told, key: str, as_of: date, again_after_days: int) -> bool:
    """Whether a thing was not told yet, or stands for so many days since."""
    last = told.get(key)
    return last is None or (as_of - date.fromisoformat(last)).days >= again_after_days


def forget(told: Told, prefix: str, standing: Iterable[str] = ()) -> None:
    """Take out what stood and stands no more: it is news when it comes back."""
    kept = set(standing)
    for key in [key for key in told if key.startswith(prefix) and key not in kept]:
        del told[key]


def _read(text: str) -> Told:
    """A file that a kill has torn is as none: somebody is told twice rather than never."""
    try:
        found = json.loads(text)
        return {str(key): date.fromisoformat(day).isoformat() for key, day in found.items()}
    except (ValueError, AttributeError, TypeError):
        return {}

"""What of a person may lie in files that are no zone: refused deliveries, spill (R-ERASE)."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import duckdb

from anonymart.home import Home
from anonymart.ingest.files import REFUSED_SUFFIX, refused_mark
from anonymart.policy import Policy

_REFUSED = "refused files in landing"
_CHUNK = 1 << 24


def old_refused(connection: duckdb.DuckDBPyConnection, home: Home, policy: Policy, as_of: date) -> list[Path]:
    """Refused files that wait in landing for longer than raw rows may be kept, by the date of the run that refused them."""
    marks = connection.execute(
        "SELECT file_mark FROM vault.ledger.loads WHERE status = 'refused' AND as_of + $1 < $2",
        [policy.figure("raw", "keep_days"), as_of],
    ).fetchall()
    old = {mark for (mark,) in marks}
    return [path for path in home.landing.rglob(f"*{REFUSED_SUFFIX}") if refused_mark(path) in old]


def count_mentions(home: Home, terms: list[str]) -> dict[str, int]:
    """How many files would go with those who are called by these terms (lower case)."""
    found = len(_mentioning(home, terms))
    return {_REFUSED: found} if found else {}


def remove_mentions(home: Home, terms: list[str]) -> dict[str, int]:
    """Remove refused deliveries that name them. One that is packed or broken cannot be searched, so it goes as well."""
    found = _mentioning(home, terms)
    for path in found:
        path.unlink(missing_ok=True)
    return {_REFUSED: len(found)} if found else {}


def remove_spill(home: Home) -> None:
    """Remove what a killed run left of its spill files; nobody else writes while the lock is held."""
    shutil.rmtree(home.tmp / "spill", ignore_errors=True)


def _mentioning(home: Home, terms: list[str]) -> list[Path]:
    if not terms:
        return []
    words = sorted((term.encode() for term in terms), key=len, reverse=True)
    pattern = re.compile(rb"(?<![0-9a-z])(?:" + b"|".join(map(re.escape, words)) + rb")(?![0-9a-z])")
    longest = max(map(len, words)) + 2
    return [path for path in sorted(home.landing.rglob(f"*{REFUSED_SUFFIX}")) if _mentions(path, pattern, longest)]


def _mentions(path: Path, pattern: re.Pattern[bytes], longest: int) -> bool:
    before = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if b"\0" in chunk or chunk[:2] == b"\x1f\x8b":
                return True
            text = before + chunk.lower()
            if pattern.search(text):
                return True
            before = text[-longest:]
    return False

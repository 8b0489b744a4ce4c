"""What of a person may lie in files that are no zone: refused deliveries, zips to hand over, spill
(R-ERASE).
"""

from __future__ import annotations

import re
import shutil
import zipfile
from datetime import date, timedelta
from pathlib import Path

import duckdb

from anonymart.dbt_process import remove_beside
from anonymart.engine import SPILL_PREFIX
from anonymart.files.landed import NOT_SHOWN, REFUSED_SUFFIX, refused_mark
from anonymart.home import Home
from anonymart.policy import Policy
from anonymart.source_order import SOURCES

REFUSED = "refused files in landing"
EXPORTS = "exports kept long enough"
COPIES = "copies of vault and warehouse from before a migration"
COPY = ".copy"
_CHUNK = 1 << 24


def landings(connection: duckdb.DuckDBPyConnection, home: Home) -> list[Path]:
    """The home's landing folder, and every other one that a run has loaded from."""
    others = connection.execute(
        "SELECT DISTINCT folder FROM vault.ledger.landings ORDER BY folder"
    ).fetchall()
    return [home.landing, *(Path(folder) for (folder,) in others)]


def old_refused(connection: duckdb.DuckDBPyConnection, home: Home, policy: Policy, as_of: date) -> list[Path]:
    """Refused files that wait in landing for longer than raw rows may be kept, by the date of the run that
    refused them.
    """
    marks = connection.execute(
        "SELECT file_mark FROM vault.ledger.loads WHERE status = 'refused' AND as_of + $1 < $2",
        [policy.figure("raw", "keep_days"), as_of],
    ).fetchall()
    old = {mark for (mark,) in marks}
    return [path for path in _refused(landings(connection, home)) if refused_mark(path) in old] if old else []


def old_exports(home: Home, policy: Policy, as_of: date) -> list[Path]:
    """Zips that were made longer ago than the policy keeps them, by the date in them; unreadable ones and
    halves too.
    """
    kept = timedelta(days=policy.figure("rights", "export_keep_days"))
    return [
        path
        for path in sorted(home.exports.glob("*"))
        if (made := _made_on(path)) is None or made + kept < as_of
    ]


def _made_on(path: Path) -> date | None:
    if path.suffix != ".zip":
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            return date.fromisoformat(archive.comment.decode("ascii"))
    except (OSError, ValueError, zipfile.BadZipFile):
        return None


def count_mentions(folders: list[Path], terms: list[str]) -> dict[str, int]:
    """How many files would go with those who are called by these terms (lower case)."""
    found = len(_mentioning(folders, terms))
    return {REFUSED: found} if found else {}


def remove_mentions(folders: list[Path], terms: list[str]) -> dict[str, int]:
    """Remove refused deliveries that name them. One that is packed or broken cannot be searched, so it goes
    as well.
    """
    found = _mentioning(folders, terms)
    for path in found:
        path.unlink(missing_ok=True)
    return {REFUSED: len(found)} if found else {}


def hide_names(connection: duckdb.DuckDBPyConnection, terms: list[str]) -> None:
    """Names of files in the load ledger that hold one of the terms are not kept: a request may come as
    erase-somebody.csv.
    """
    if terms:
        connection.execute(
            "UPDATE vault.ledger.loads SET file_name = $1 WHERE regexp_matches(lower(file_name), $2)",
            [NOT_SHOWN, "(^|[^0-9a-z])(" + "|".join(map(re.escape, terms)) + ")([^0-9a-z]|$)"],
        )


def copies(home: Home) -> list[Path]:
    """The copies that migrations have left beside vault and warehouse, halves of killed ones among them."""
    return [
        path
        for zone in (home.vault, home.warehouse)
        for path in sorted(home.root.glob(f"{zone.name}.v*{COPY}*"))
    ]


def remove_copies(home: Home) -> dict[str, int]:
    """Remove the copies: whoever is erased, or over a term, is in them. Gives how many there were."""
    found = copies(home)
    for path in found:
        path.unlink(missing_ok=True)
    return {COPIES: len(found)} if found else {}


def remove_spill(home: Home) -> None:
    """Remove what a killed run left of its spill files and of builds beside the home; nobody else writes
    while the lock is held, but a pull, which then is made again.
    """
    remove_beside(home)
    # Versions of before had one folder for all.
    for folder in (home.tmp / "spill", *home.tmp.glob(f"{SPILL_PREFIX}*")):
        shutil.rmtree(folder, ignore_errors=True)
    for half in home.tmp.glob("register-*.part"):
        half.unlink(missing_ok=True)


def _refused(folders: list[Path]) -> list[Path]:
    """Refused files; a pipe or a link that leads nowhere holds nobody, and opening it may never end."""
    found = (
        path
        for folder in folders
        for source in SOURCES
        for path in sorted((folder / source).rglob(f"*{REFUSED_SUFFIX}"))
    )
    return [path for path in found if path.is_file()]


def _mentioning(folders: list[Path], terms: list[str]) -> list[Path]:
    if not terms:
        return []
    words = sorted(terms, key=len, reverse=True)
    pattern = re.compile("(?<![0-9a-z])(?:" + "|".join(map(re.escape, words)) + ")(?![0-9a-z])")
    longest = 6 * max(map(len, words)) + 12  # in bytes, a letter may be written as \\u00e9
    return [path for path in _refused(folders) if _mentions(path, pattern, longest)]


def _mentions(path: Path, pattern: re.Pattern[str], longest: int) -> bool:
    before = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if b"\0" in chunk or chunk[:2] == b"\x1f\x8b":
                return True
            content = before + chunk
            if any(pattern.search(text) for text in _readings(content)):
                return True
            before = content[-longest:]
    return False


def _readings(content: bytes) -> list[str]:
    """The bytes as texts in small letters: UTF-8, Latin-1, and with the escapes of JSON undone."""
    texts = [content.decode("utf-8", errors="ignore").lower()]
    if not content.isascii():
        texts.append(content.decode("latin-1").lower())
    if b"\\u" in content:
        texts.append(re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), texts[0]).lower())
    return texts

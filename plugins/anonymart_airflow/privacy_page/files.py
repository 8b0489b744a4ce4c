"""Which files of a release the page hands out: its evidence, by name and never by path (S-SAFE). Figures stay
with the folder.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from anonymart.errors import AnonymartError
from anonymart.home import Home
from anonymart.release.folder import (
    BESIDE_MANIFEST,
    DATA_DOCS,
    DATA_PACKAGE,
    GATE_RESULT,
    PRIVACY_PAGE,
    PRIVACY_REPORT,
    PROCESSING_REGISTER,
    all_files,
)
from anonymart.release.manifest import read_manifest
from anonymart.release.states import Candidate, State

RELEASE_ID = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\.[0-9]{1,6}")
KINDS = {"releases": State.PUBLISHED, "waiting": State.WAITING}
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".css": "text/css; charset=utf-8",
    ".sig": "text/plain; charset=utf-8",
}
_BESIDE = set(BESIDE_MANIFEST)
_EVIDENCE = {PRIVACY_PAGE, PRIVACY_REPORT, PROCESSING_REGISTER, GATE_RESULT, DATA_PACKAGE}


def folder_of(home: Home, kind: str, release_id: str) -> Path | None:
    """The folder of a release or of a waiting candidate, None when there is none: an id is no path, and a
    link is no folder.
    """
    if kind not in KINDS or not RELEASE_ID.fullmatch(release_id):
        return None
    folder = Candidate(home.releases, release_id, KINDS[kind]).folder
    return folder if folder.is_dir() and not folder.is_symlink() else None


def names(folder: Path, kind: str) -> set[str]:
    """The names that may be asked for: what the manifest lists of the evidence and what stands beside it; of
    a candidate, whose manifest is still to be finished, the evidence that is there.
    """
    try:
        listed = read_manifest(folder).get("files") if kind == "releases" else all_files(folder)
    except AnonymartError:
        return set()
    evidence = {
        name
        for name in listed or ()
        if name in _EVIDENCE or (name.startswith(f"{DATA_DOCS}/") and Path(name).suffix in TYPES)
    }
    return evidence | _BESIDE


def content(home: Home, kind: str, release_id: str, name: str) -> tuple[bytes, str] | None:
    """Bytes and media type of one file, None for whatever is not allowed or not a plain file on the way
    there.
    """
    folder = folder_of(home, kind, release_id)
    if folder is None or name not in names(folder, kind):
        return None
    data = _read_plain(folder, name)
    return None if data is None else (data, TYPES[Path(name).suffix])


def _read_plain(folder: Path, name: str) -> bytes | None:
    """The bytes of a regular file below the folder, opened step by step without following a link."""
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        *steps, last = name.split("/")
        if any(step in ("", ".", "..") for step in (*steps, last)):
            return None
        for step in steps:
            inner = os.open(step, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = inner
        with os.fdopen(os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at), "rb") as file:
            return file.read() if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None
    except OSError:
        return None
    finally:
        os.close(at)

"""What a release folder holds, and how its bytes reach the disk before anybody is told of them (S-SAFE)."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from anonymart import crash

MARTS_FILE = "marts.duckdb"
MANIFEST = "manifest.json"
MANIFEST_SIGNATURE = "manifest.sig"
DATA_PACKAGE = "datapackage.json"
PRIVACY_REPORT = "privacy_report.json"
PRIVACY_PAGE = "privacy_report.html"
PROCESSING_REGISTER = "processing_register.html"
GATE_RESULT = "gate.json"
WITHDRAWN = "WITHDRAWN.json"
WITHDRAWN_SIGNATURE = "WITHDRAWN.sig"
KEY_HANDOVER = "KEY_HANDOVER.json"
# No checksum of the manifest covers these: they are written after it.
BESIDE_MANIFEST = (MANIFEST, MANIFEST_SIGNATURE, WITHDRAWN, WITHDRAWN_SIGNATURE, KEY_HANDOVER)
DATA_DOCS = "data_docs"
CANDIDATE_PREFIX = ".candidate-"
# In the home's tmp: the copy of a candidate in which leaks are planted.
DRILL_PREFIX = "gate-drill-"
REFUSED_PREFIX = ".refused-"
# Passed the gate, and waits for the reviewer.
WAITING_PREFIX = ".waiting-"
LINK_PREFIX = ".link-"


def parquet_path(mart: str) -> str:
    """Where a mart's Parquet file stands in the release folder."""
    return f"parquet/{mart}.parquet"


def data_files(folder: Path, marts: list[str]) -> list[str]:
    """The files that hold figures, describe them or tell of their errors, as relative paths; those that do
    not exist are left out.
    """
    names = [MARTS_FILE, DATA_PACKAGE, PRIVACY_REPORT, PRIVACY_PAGE, PROCESSING_REGISTER]
    names += [parquet_path(mart) for mart in marts]
    return [name for name in names if (folder / name).is_file()]


def all_files(folder: Path) -> list[str]:
    """Every file of the folder as a sorted relative path; a symbolic link counts as a file."""
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()
    )


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_durably(path: Path, text: str, mode: int | None = None, crash_point: str | None = None) -> None:
    """Write a text file whole or not at all, and see it to the disk; with a mode, it never stands there under
    another one.
    """
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        file.flush()
        os.fsync(file.fileno())
    if crash_point:
        crash.point(crash_point)
    os.replace(temporary, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_to_readers(folder: Path) -> None:
    """0755 for folders and 0644 for files, and every byte on the disk: from here on the folder may be handed
    out.
    """
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o755 if path.is_dir() else 0o644)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def close_to_readers(folder: Path) -> None:
    """0700 for folders and 0600 for files: what the gate refused may hold a person."""
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o700 if path.is_dir() else 0o600)

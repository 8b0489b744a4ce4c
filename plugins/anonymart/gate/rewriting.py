"""Each file of a candidate, written once more from what the gate has read, and compared byte for byte
(S-ANON, S-SAFE).

What nobody reads can hold a person: rows that were deleted, defaults of columns, gaps and unused entries of a
Parquet file, bytes behind the end, a key that stands twice in JSON. Equal bytes leave no room for it. A
DuckDB file has up to seven bytes of padding behind a segment, and the checksum of the next block may follow
them: so much may differ from one writing to the next, and nothing longer.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from anonymart.contracts import MartContract
from anonymart.engine import literal
from anonymart.release.derived import write_derived
from anonymart.release.folder import (
    CSV_FOLDERS,
    DATA_DOCS,
    DATA_PACKAGE,
    MANIFEST,
    MARTS_FILE,
    NAMES_SCHEMA,
    PRIVACY_REPORT,
    all_files,
    derived_files,
    marts_schema,
    parquet_path,
)
from anonymart.release.manifest import is_intact
from anonymart.release.name_tables import NAME_TABLES, all_tables
from anonymart.release.writing import attach_new, write_marts, write_names, write_parquet

UNLIKE = "bytes_unlike_reading"
_LONGEST_PADDING = 16
_FOLDERS = ("parquet", *CSV_FOLDERS, DATA_DOCS)


def findings(
    folder: Path, contracts: Mapping[str, MartContract], manifest: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """(kind, label) of files that are not what their content gives, and of what the folder has beside its
    files' bytes.
    """
    names = all_files(folder)
    yield from _beside(folder, names)
    with tempfile.TemporaryDirectory(prefix="anonymart-rewritten-") as place:
        for name, written in _rewritten(folder, Path(place), contracts, manifest):
            if (
                not (folder / name).is_file()
                or written is None
                or not _is_like(folder / name, written, name == MARTS_FILE)
            ):
                yield UNLIKE, name
    for name in (DATA_PACKAGE, PRIVACY_REPORT, MANIFEST):
        if (folder / name).is_file() and not _is_plain_json(folder / name):
            yield UNLIKE, name


def has_special(folder: Path) -> bool:
    """Whether something in the folder is neither a file, a folder nor a link: a pipe would make whoever reads
    it wait for ever.
    """
    return any(not (path.is_symlink() or path.is_file() or path.is_dir()) for path in folder.rglob("*"))


def _beside(folder: Path, names: list[str]) -> Iterator[tuple[str, str]]:
    for position, name in enumerate(names, 1):
        if not (folder / name).is_symlink() and (folder / name).stat().st_nlink > 1:
            yield "hard_link", f"file #{position}"
    for position, path in enumerate(sorted([folder, *folder.rglob("*")])):
        if path.is_symlink():
            continue
        with suppress(OSError):
            # Those of the system (security.*, ACLs) are of the place, not of the file.
            if any(name.startswith("user.") for name in os.listxattr(path)):
                yield "extended_attribute", f"entry #{position}"
        is_expected = path == folder or path.relative_to(folder).parts[0] in _FOLDERS
        if path.is_dir() and (not is_expected or (not any(path.iterdir()) and path.name != DATA_DOCS)):
            yield "extra_folder", f"entry #{position}"


def _rewritten(
    folder: Path, place: Path, contracts: Mapping[str, MartContract], manifest: Mapping[str, Any]
) -> Iterator[tuple[str, Path | None]]:
    """The marts, the names and the other files that hold them, written as a candidate is; None where one
    cannot be read.

    Of files whose bytes are not those of the manifest nothing has to be written to know that they are
    unlike.
    """
    target, entries = place / MARTS_FILE, manifest.get("files") or {}
    derived, tables = derived_files(contracts), all_tables(contracts)
    intact = [name for name in derived if is_intact(folder / name, entries.get(name))]
    with duckdb.connect(config={"threads": 1}) as connection:
        try:
            connection.execute(f"ATTACH {literal(str(folder / MARTS_FILE))} AS given (READ_ONLY)")
            attach_new(connection, target)
            write_marts(connection, contracts, f"given.{marts_schema(connection, 'given')}")
            write_names(connection, {name: f"FROM given.{NAMES_SCHEMA}.{name}" for name in NAME_TABLES})
            for table in tables:
                write_parquet(connection, table, place / f"{table.name}.parquet")
            if intact:
                for name in CSV_FOLDERS:
                    (place / name).mkdir()
                write_derived(connection, contracts, place, manifest["release_id"], manifest["as_of"])
            connection.execute("DETACH release; DETACH given")
        except duckdb.Error:
            yield MARTS_FILE, None
            return
    yield MARTS_FILE, target
    for table in tables:
        yield parquet_path(table.name), place / f"{table.name}.parquet"
    for name in derived:
        yield name, place / name if name in intact else None


def _is_like(file: Path, written: Path, is_padded: bool) -> bool:
    given, own = file.read_bytes(), written.read_bytes()
    if given == own:
        return True
    if not is_padded or len(given) != len(own):
        return False
    places = np.flatnonzero(np.frombuffer(given, np.uint8) != np.frombuffer(own, np.uint8))
    # Runs of bytes that differ, with no equal byte between.
    first = np.flatnonzero(np.diff(places, prepend=-2) > 1)
    return int(np.diff(first, append=len(places)).max()) <= _LONGEST_PADDING


def _is_plain_json(path: Path) -> bool:
    try:
        text = path.read_text(encoding="utf-8")
        return text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"
    except (OSError, ValueError):
        return False

"""The files of the definitions that releases were published with, kept in `definitions/` of the home:
what changed since can then be told by file (S-SAFE).

They are reviewed lists, mappings, models and macros, and hold nobody. One archive for each set of
definitions, by the hash of their hashes, which every manifest holds.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path

from anonymart.definitions import RULES, definitions, files, named
from anonymart.home import Home
from anonymart.release.folder import sync_folder
from anonymart.release.manifest import read_manifest


def keep(home: Home, folder: Path) -> None:
    """Keep the files of the definitions that a release folder was made by, once. Does nothing when the
    program is of other definitions by now.
    """
    told = read_manifest(folder).get("definitions")
    if not told or told != definitions():
        return
    path = _archive(home, told)
    if path.is_file():
        return
    path.parent.mkdir(mode=0o700, exist_ok=True)
    temporary = path.with_name(f"{path.name}.new")
    with temporary.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        with tarfile.open(fileobj=file, mode="w:gz") as archive:
            for name, found in _present().items():
                content = found.read_bytes()
                # Neither user nor time of this machine goes along.
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    sync_folder(path.parent)


def changed_files(home: Home, before: Mapping[str, str]) -> list[str] | None:
    """The files that came, went or changed since a release of these definitions (its manifest tells them), as
    paths in the project. None when its files were not kept, or cannot be read.

    A page of a mart counts only when its rules changed: a description moves no figure.
    """
    kept = contents(home, before)
    if kept is None:
        return None
    old = {name: hashlib.sha256(content).hexdigest() for name, content in kept.items()}
    now = {name: hashlib.sha256(found.read_bytes()).hexdigest() for name, found in _present().items()}
    present = definitions()
    same = {
        named(found)
        for name, paths in files().items()
        if name.startswith(RULES) and before.get(name) == present.get(name)
        for found in paths
    }
    return sorted(name for name in {*old, *now} - same if old.get(name) != now.get(name))


def contents(home: Home, before: Mapping[str, str]) -> dict[str, bytes] | None:
    """The files of a release of these definitions, by their paths in the project. None when they were not
    kept, or cannot be read.
    """
    try:
        with tarfile.open(_archive(home, before)) as archive:
            return {member.name: file.read() for member in archive if (file := archive.extractfile(member))}
    except (OSError, tarfile.TarError, EOFError):
        return None


def _archive(home: Home, told: Mapping[str, str]) -> Path:
    digest = hashlib.sha256(json.dumps(dict(told), sort_keys=True).encode()).hexdigest()
    return home.definitions / f"{digest}.tar.gz"


def _present() -> dict[str, Path]:
    return dict(sorted((named(path), path) for paths in files().values() for path in paths))

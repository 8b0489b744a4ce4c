"""`manifest.json`: what a release is, from which code, policy and date, and the checksum of each of its files
(S-SAFE).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from anonymart.errors import AnonymartError
from anonymart.release.folder import BESIDE_MANIFEST, MANIFEST, all_files, sha256, write_durably

_RELEASE_ID = re.compile(r"\d{4}-\d{2}-\d{2}(\.\d{1,6})?")
ENTRIES = (
    "release_id",
    "as_of",
    "code_version",
    "policy_version",
    "definitions",
    "definitions_of_cells",
    "rights",
    "marts",
    "replaces",
    "approval",
    "files",
)
APPROVAL_ENTRIES = ("required", "because", "by", "reason", "via", "at", "candidate_sha256")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a release folder. Raises AnonymartError when it is missing or not what it should be."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise AnonymartError(
            f"{folder / MANIFEST} cannot be read: give the folder of a release or candidate."
        ) from None
    texts = [manifest.get(name) for name in ("release_id", "as_of")] if isinstance(manifest, dict) else []
    if not texts or not all(isinstance(text, str) and _RELEASE_ID.fullmatch(text) for text in texts):
        raise AnonymartError(
            f"{folder / MANIFEST} is no manifest of a release: give the folder of a release or candidate."
        )
    return manifest


def write_manifest(folder: Path, manifest: dict[str, Any]) -> str:
    """Write the manifest with the checksum of every other file but its signature; gives the manifest's own
    checksum.
    """
    files = {
        name: {"bytes": (folder / name).stat().st_size, "sha256": sha256(folder / name)}
        for name in all_files(folder)
        if name not in BESIDE_MANIFEST
    }
    text = json.dumps({**manifest, "files": files}, indent=1, ensure_ascii=False, sort_keys=False)
    write_durably(folder / MANIFEST, text + "\n")
    return sha256(folder / MANIFEST)


def altered_files(folder: Path, manifest: dict[str, Any]) -> list[str]:
    """The manifest's files that are missing or whose bytes are not those of their checksum."""
    listed = manifest.get("files")
    if not isinstance(listed, dict):
        return [MANIFEST]
    return [name for name, entry in listed.items() if not is_intact(folder / name, entry)]


def is_intact(path: Path, entry: Any) -> bool:
    """Whether a file is there, is no link, and has the checksum that its entry in the manifest gives."""
    return (
        path.is_file()
        and not path.is_symlink()
        and isinstance(entry, dict)
        and sha256(path) == entry.get("sha256")
    )

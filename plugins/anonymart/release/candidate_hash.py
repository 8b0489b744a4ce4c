"""Hashes of a candidate: of its files, and of what the reviewer is asked about (S-SAFE)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from anonymart.release.folder import BESIDE_MANIFEST, all_files, sha256
from anonymart.release.privacy_report import read_privacy_report

_NOT_SHOWN = ("release_id", "as_of", "requests", "gate")


def candidate_sha256(files: Mapping[str, str]) -> str:
    """The hash of a candidate: SHA-256 over a line `<sha256>  <name>` for each file in order, as `sha256sum`
    prints them.

    `files` gives the SHA-256 of each file but the manifest, which gets the approval, and what lies beside it;
    `gate.json` is one of them and holds the checksum of the manifest that the gate has read.
    """
    return hashlib.sha256("".join(f"{files[name]}  {name}\n" for name in sorted(files)).encode()).hexdigest()


def is_what_was_approved(manifest: Mapping[str, Any]) -> bool:
    """Whether the files that a manifest lists are those that its approval names; releases of 0.1.0 needed
    none.
    """
    said, listed = manifest.get("approval"), manifest.get("files")
    if not isinstance(said, dict) or not said.get("required") or not isinstance(listed, dict):
        return True
    files = {name: str(entry.get("sha256")) for name, entry in listed.items() if isinstance(entry, dict)}
    return said.get("candidate_sha256") == candidate_sha256(files)


def hash_of(folder: Path) -> str:
    """The hash of the files that lie in a folder now."""
    return candidate_sha256(
        {name: sha256(folder / name) for name in all_files(folder) if name not in BESIDE_MANIFEST}
    )


def shown_sha256(folder: Path) -> str:
    """The hash of what the reviewer is asked about: every figure of the marts and the privacy report, but not
    its date, its open requests and the gate's counts.
    """
    report = {name: told for name, told in read_privacy_report(folder).items() if name not in _NOT_SHOWN}
    marts = {path.name: sha256(path) for path in sorted((folder / "parquet").glob("*.parquet"))}
    return hashlib.sha256(json.dumps([marts, report], sort_keys=True).encode()).hexdigest()

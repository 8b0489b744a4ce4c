"""Is a release what the school published? For whoever receives one: needs the folder and the school's public
key, no home (S-SAFE).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from anonymart.errors import UsageError
from anonymart.release.candidate_hash import is_what_was_approved
from anonymart.release.folder import (
    BESIDE_MANIFEST,
    MANIFEST,
    MANIFEST_SIGNATURE,
    WITHDRAWN,
    WITHDRAWN_SIGNATURE,
    all_files,
)
from anonymart.release.manifest import is_intact
from anonymart.release.signature import fingerprint, is_signature, signed_by

CHANGED, MISSING, EXTRA, OTHER_KEY, OTHER_RELEASE = (
    "changed",
    "missing",
    "extra",
    "of another key",
    "of another release",
)
OTHER_CANDIDATE = "not what was approved"


@dataclass(frozen=True)
class Problem:
    """One file of the folder that is not as it was published: its relative path, and what is wrong with
    it.
    """

    file: str
    problem: str


@dataclass
class Verification:
    """What was found. `fingerprint` is of the key that signed, `is_trusted` whether it is the one that was
    given; `withdrawn` is the recall.
    """

    folder: str
    release_id: str | None = None
    as_of: str | None = None
    n_files: int = 0
    fingerprint: str | None = None
    is_trusted: bool = False
    problems: list[Problem] = field(default_factory=list)
    withdrawn: dict[str, Any] | None = None

    @property
    def status(self) -> str:
        """`changed`, `withdrawn`, `authentic`, or `unproved`: whole, but nobody said whose key it must be."""
        if self.problems:
            return "changed"
        if self.withdrawn is not None:
            return "withdrawn"
        return "authentic" if self.is_trusted else "unproved"


def verify(folder: Path, trusted: Ed25519PublicKey | None = None) -> Verification:
    """Hold every file of a release folder against its signed manifest, and the signature against the trusted
    key.

    Without a trusted key the signature is held against the key that came with it, which shows accidents and
    no forgery. Raises UsageError when the folder is no folder, or holds nothing of a release.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder: give the folder of a release.")
    if not any((folder / name).exists() for name in (MANIFEST, MANIFEST_SIGNATURE)):
        raise UsageError(
            f"{folder} has neither {MANIFEST} nor {MANIFEST_SIGNATURE}: give the folder of a release."
        )
    found = Verification(str(folder), is_trusted=trusted is not None)
    real = all_files(folder)
    _check_pair(found, folder, real, MANIFEST, MANIFEST_SIGNATURE, trusted)
    _check_files(found, folder, real)
    _check_recall(found, folder, real, trusted)
    found.problems.sort(key=lambda each: each.file)
    found.is_trusted = found.is_trusted and not found.problems
    return found


def _check_pair(
    found: Verification,
    folder: Path,
    real: list[str],
    name: str,
    signature: str,
    trusted: Ed25519PublicKey | None,
) -> None:
    """A file and its signature. Which of the two was changed nobody can tell when they do not fit, so both
    are named.
    """
    gone = [each for each in (name, signature) if each not in real]
    found.problems += [Problem(each, MISSING) for each in gone]
    if gone:
        return
    is_plain = not any(
        (folder / each).is_symlink() or not (folder / each).is_file() for each in (name, signature)
    )
    key = signed_by(folder / name, folder / signature) if is_plain else None
    if key is None:
        is_readable = is_plain and is_signature(folder / signature)
        found.problems += [
            Problem(each, CHANGED) for each in ((name, signature) if is_readable else (signature,))
        ]
        return
    found.fingerprint = fingerprint(key)
    if trusted is not None and key != trusted:
        found.problems.append(Problem(signature, OTHER_KEY))


def _check_files(found: Verification, folder: Path, real: list[str]) -> None:
    manifest = _read(folder / MANIFEST) if MANIFEST in real else {}
    found.release_id, found.as_of = (_text(manifest.get(name)) for name in ("release_id", "as_of"))
    listed = manifest.get("files")
    if not isinstance(listed, dict):
        # Without a manifest nothing else can be told.
        if (
            Problem(MANIFEST, MISSING) not in found.problems
            and Problem(MANIFEST, CHANGED) not in found.problems
        ):
            found.problems.append(Problem(MANIFEST, CHANGED))
        return
    found.n_files = len(listed)
    if not is_what_was_approved(manifest):
        found.problems.append(Problem(MANIFEST, OTHER_CANDIDATE))
    for name, entry in listed.items():
        if name not in real:
            found.problems.append(Problem(name, MISSING))
        elif not is_intact(folder / name, entry):
            found.problems.append(Problem(name, CHANGED))
    found.problems += [
        Problem(name, EXTRA) for name in real if name not in listed and name not in BESIDE_MANIFEST
    ]


def _check_recall(
    found: Verification, folder: Path, real: list[str], trusted: Ed25519PublicKey | None
) -> None:
    """A recall is signed by itself. One that does not fit its release or its signature is a changed file, and
    is told nevertheless.
    """
    if WITHDRAWN not in real and WITHDRAWN_SIGNATURE not in real:
        return
    release_key = found.fingerprint
    _check_pair(found, folder, real, WITHDRAWN, WITHDRAWN_SIGNATURE, trusted)
    found.fingerprint, recall_key = release_key, found.fingerprint
    if trusted is None and recall_key != release_key:
        found.problems.append(Problem(WITHDRAWN_SIGNATURE, OTHER_KEY))
    found.withdrawn = _read(folder / WITHDRAWN) if WITHDRAWN in real else {}
    if WITHDRAWN in real and found.withdrawn.get("release_id") != found.release_id:
        found.problems.append(Problem(WITHDRAWN, OTHER_RELEASE))


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None

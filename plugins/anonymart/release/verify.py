"""Is a release what the school published? For whoever receives one: needs the folder and the school's public
key, no home (S-SAFE).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from anonymart.errors import UsageError
from anonymart.release import key_handover
from anonymart.release.candidate_hash import is_what_was_approved
from anonymart.release.folder import (
    BESIDE_MANIFEST,
    KEY_HANDOVER,
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
    given, or one that it handed over to, on the day `handed_over_on`; `withdrawn` is the recall.
    """

    folder: str
    release_id: str | None = None
    as_of: str | None = None
    n_files: int = 0
    fingerprint: str | None = None
    is_trusted: bool = False
    handed_over_on: str | None = None
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


def verify(
    folder: Path, trusted: Ed25519PublicKey | None = None, former: Sequence[Ed25519PublicKey] = ()
) -> Verification:
    """Hold every file of a release folder against its signed manifest, and the signature against the trusted
    key; one to which that key handed over, by what lies in the folder, counts too, and so do the keys
    `former`.

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
    if KEY_HANDOVER in real and not key_handover.is_sound(folder / KEY_HANDOVER):
        found.problems.append(Problem(KEY_HANDOVER, CHANGED))
    trust = _Trust(folder, trusted, former)
    _check_pair(found, real, MANIFEST, MANIFEST_SIGNATURE, trust)
    _check_files(found, folder, real)
    _check_recall(found, folder, real, trust)
    found.problems.sort(key=lambda each: each.file)
    found.is_trusted = found.is_trusted and not found.problems
    return found


@dataclass(frozen=True)
class _Trust:
    """Whose signature counts in a folder."""

    folder: Path
    trusted: Ed25519PublicKey | None
    former: Sequence[Ed25519PublicKey]

    def handed_over_on(self, key: Ed25519PublicKey) -> str | None:
        """The day of the last hand-over that leads from the trusted key to this one; '' where none is needed;
        None where none leads to it.
        """
        if self.trusted is None or key == self.trusted or key in self.former:
            return ""
        way = key_handover.way(self.folder / KEY_HANDOVER, self.trusted, key)
        return str(way[-1]["as_of"]) if way else None


def _check_pair(found: Verification, real: list[str], name: str, signature: str, trust: _Trust) -> None:
    """A file and its signature. Which of the two was changed nobody can tell when they do not fit, so both
    are named.
    """
    folder = trust.folder
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
    handed_over_on = trust.handed_over_on(key)
    if handed_over_on is None:
        found.problems.append(Problem(signature, OTHER_KEY))
    elif handed_over_on and name == MANIFEST:
        found.handed_over_on = handed_over_on


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


def _check_recall(found: Verification, folder: Path, real: list[str], trust: _Trust) -> None:
    """A recall is signed by itself. One that does not fit its release or its signature is a changed file, and
    is told nevertheless.
    """
    if WITHDRAWN not in real and WITHDRAWN_SIGNATURE not in real:
        return
    release_key = found.fingerprint
    _check_pair(found, real, WITHDRAWN, WITHDRAWN_SIGNATURE, trust)
    found.fingerprint, recall_key = release_key, found.fingerprint
    if trust.trusted is None and recall_key != release_key and not _is_later(folder, release_key, recall_key):
        found.problems.append(Problem(WITHDRAWN_SIGNATURE, OTHER_KEY))
    found.withdrawn = _read(folder / WITHDRAWN) if WITHDRAWN in real else {}
    if WITHDRAWN in real and found.withdrawn.get("release_id") != found.release_id:
        found.problems.append(Problem(WITHDRAWN, OTHER_RELEASE))


def _is_later(folder: Path, release_key: str | None, recall_key: str | None) -> bool:
    """Whether the key of a release handed over to that of its recall."""
    keys = [signed_by(folder / MANIFEST, folder / MANIFEST_SIGNATURE)]
    keys.append(signed_by(folder / WITHDRAWN, folder / WITHDRAWN_SIGNATURE))
    if None in keys or [fingerprint(key) for key in keys if key] != [release_key, recall_key]:
        return False
    return bool(key_handover.way(folder / KEY_HANDOVER, *[key for key in keys if key]))


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None

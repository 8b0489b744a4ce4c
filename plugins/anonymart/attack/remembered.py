"""What was attacked already: `attacked.json` of the home holds for each release one hash of what the attacks
read, and nothing about people.

A release whose hash is known told nothing then, and would tell nothing now. Without the file, or with one
that cannot be read, everything is attacked again.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from anonymart.attack.release import MARTS_FILE
from anonymart.contracts import MARTS_FOLDER
from anonymart.disclosure import perturbation
from anonymart.home import Home
from anonymart.policy import Policy
from anonymart.release.folder import MANIFEST, WITHDRAWN, sha256, write_durably

_READ = (MANIFEST, MARTS_FILE, WITHDRAWN)


class Remembered:
    """The releases of a home that were attacked in vain, each with the hash of then."""

    def __init__(self, home: Home, policy: Policy) -> None:
        self.path = home.attacked
        self.law = _hash([attacks(), json.dumps(policy.raw, sort_keys=True, default=str)])
        self.known = _read(self.path)
        self.files: dict[Path, str] = {}

    def hash_of(self, folder: Path, others: Iterable[Path]) -> str:
        """Of a release, of those that it is held against, of the attacks and of the policy: another one as
        soon as one of these changes, or a release is recalled.
        """
        return _hash([self.law, *(self._files(each) for each in (folder, *others))])

    def _files(self, folder: Path) -> str:
        if folder not in self.files:
            self.files[folder] = _hash([folder.name, *(_of_file(folder / name) for name in _READ)])
        return self.files[folder]

    def knows(self, folder: Path, attacked: str) -> bool:
        """Whether the release was attacked in vain as it is now."""
        return self.known.get(folder.name) == attacked

    def keep(self, folder: Path, attacked: str) -> None:
        """Remember that a release was attacked in vain."""
        self.known[folder.name] = attacked
        write_durably(self.path, json.dumps(dict(sorted(self.known.items())), indent=1) + "\n", mode=0o600)


@functools.lru_cache(maxsize=1)
def attacks() -> str:
    """One hash of all that the attacks are: their code, the table of noise, the contracts of the marts."""
    paths = [
        *Path(__file__).parent.glob("*.py"),
        Path(perturbation.__file__),
        perturbation.SEED,
        *MARTS_FOLDER.glob("*.yml"),
    ]
    return _hash(f"{path.name} {sha256(path)}" for path in sorted(paths))


def _of_file(path: Path) -> str:
    return f"{path.name} {sha256(path) if path.is_file() else None}"


def _read(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()

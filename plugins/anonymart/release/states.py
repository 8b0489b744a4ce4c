"""How a candidate travels: a value with a state, and what publishing it comes to (S-SAFE).

A folder's name follows from the state, here alone. Only the gate, which is given any folder, tells a
candidate by its name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from anonymart.errors import UsageError
from anonymart.home import Home
from anonymart.release.folder import CANDIDATE_PREFIX, REFUSED_PREFIX, WAITING_PREFIX, sync_folder


class State(StrEnum):
    """Where a candidate stands. The reviewer's yes and the publication are one transaction, so that there is
    no state between `WAITING` and `PUBLISHED`; what is superseded is removed.
    """

    BUILT = "built"
    REFUSED = "refused"
    WAITING = "waiting"
    PUBLISHED = "published"


_PREFIX = {
    State.BUILT: CANDIDATE_PREFIX,
    State.REFUSED: REFUSED_PREFIX,
    State.WAITING: WAITING_PREFIX,
    State.PUBLISHED: "",
}


@dataclass(frozen=True)
class Candidate:
    """The files of one release id, from the export on: built, refused (by the gate or the reviewer), waiting
    for the reviewer, or published.
    """

    releases: Path
    release_id: str
    state: State = State.BUILT

    @classmethod
    def named(cls, home: Home, name: str) -> Candidate:
        """The candidate that a folder of `releases/` is named for; whether it is there is another
        question. Raises UsageError for a name with a path in it.
        """
        if Path(name).name != name or name == "..":
            raise UsageError(f"{name} is no candidate of this home: make one with `anonymart publish`.")
        for state, prefix in _PREFIX.items():
            if prefix and name.startswith(prefix):
                return cls(home.releases, name.removeprefix(prefix), state)
        return cls(home.releases, name, State.PUBLISHED)

    @classmethod
    def all_in(cls, home: Home, state: State) -> list[Candidate]:
        """Every candidate of a state but `PUBLISHED` whose folder is there, in the order of names."""
        found = home.releases.glob(f"{_PREFIX[state]}*") if _PREFIX[state] else ()
        return [cls.named(home, path.name) for path in sorted(found)]

    @property
    def name(self) -> str:
        """The name of its folder in `releases/`."""
        return f"{_PREFIX[self.state]}{self.release_id}"

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self.releases / self.name

    @property
    def is_there(self) -> bool:
        """Whether its folder is there."""
        return self.folder.is_dir()

    def became(self, state: State) -> Candidate:
        """Rename its folder, seen to the disk; gives the candidate in its new state."""
        moved = replace(self, state=state)
        self.folder.rename(moved.folder)
        sync_folder(self.releases)
        return moved


@dataclass(frozen=True)
class Published:
    """What publishing came to: a release that the ledger has and `current` names."""

    release_id: str


@dataclass(frozen=True)
class Waiting:
    """What publishing came to: the candidate waits for the reviewer. Its hash, why it needs one, and since
    when (UTC, ISO 8601).
    """

    candidate: Candidate
    as_of: str
    candidate_sha256: str
    because: list[str]
    since: str

    @property
    def release_id(self) -> str:
        """The id that it would be published under."""
        return self.candidate.release_id

    @property
    def says(self) -> str:
        """One sentence for the person who made it: why it waits, and what to do."""
        return (
            f"Release {self.release_id} passed the gate and waits for the reviewer: {' '.join(self.because)} "
            f"Read {self.candidate.folder}/privacy_report.html, then `anonymart approve {self.release_id} "
            f"--candidate {self.candidate_sha256[:12]} --as NAME --reason TEXT`, or refuse in the same way."
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return {
            "release_id": self.release_id,
            "as_of": self.as_of,
            "candidate_sha256": self.candidate_sha256,
            "because": self.because,
            "since": self.since,
        }


# None: it holds nothing new, and is gone.
Outcome = Published | Waiting | None

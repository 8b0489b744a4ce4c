"""STAND-IN for tests of the Airflow page only: the lead's file of this name replaces it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from anonymart.errors import UsageError
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.policy import Policy
from anonymart.release.folder import (
    CANDIDATE_PREFIX,
    GATE_RESULT,
    MANIFEST,
    MARTS_FILE,
    sha256,
    write_durably,
)
from anonymart.release.manifest import read_manifest
from anonymart.release.publish import publish
from anonymart.release.publish import refuse as keep_refused

WAITING_PREFIX = ".waiting-"


@dataclass(frozen=True)
class Waiting:
    release_id: str
    as_of: str
    candidate_sha256: str
    because: list[str]
    since: str


def hold(home: Home, keys: Keys, policy: Policy, candidate: Path) -> Waiting | None:
    """Stand-in: the first release waits, others go through."""
    if home.current.is_symlink():
        return None
    release_id = candidate.name.removeprefix(CANDIDATE_PREFIX)
    for state in _states(home):
        if state["state"] == "waiting":
            _note(home, state["release_id"], "superseded")
    candidate.rename(home.releases / f"{WAITING_PREFIX}{release_id}")
    _note(home, release_id, "waiting", because=["It is the first release."])
    return waiting(home, keys)


def waiting(home: Home, keys: Keys) -> Waiting | None:
    for folder in home.releases.glob(f"{WAITING_PREFIX}*") if home.releases.is_dir() else ():
        release_id = folder.name.removeprefix(WAITING_PREFIX)
        told = next((state for state in _states(home) if state["release_id"] == release_id and state["state"] == "waiting"), None)
        if told:
            return Waiting(release_id, read_manifest(folder)["as_of"], sha256(folder / MARTS_FILE), told["because"], told["at"])
    return None


def approve(home: Home, keys: Keys, policy: Policy, release_id: str, actor: str, reason: str, via: str = "command line") -> str:
    found = _still(home, keys, release_id)
    candidate = home.releases / f"{CANDIDATE_PREFIX}{release_id}"
    (home.releases / f"{WAITING_PREFIX}{release_id}").rename(candidate)
    approval = {"actor": actor, "reason": reason, "via": via, "candidate_sha256": found.candidate_sha256}
    manifest = read_manifest(candidate) | {"approval": approval}
    write_durably(candidate / MANIFEST, json.dumps(manifest) + "\n")
    gate = json.loads((candidate / GATE_RESULT).read_text())
    gate["files"].pop(MANIFEST, None)
    write_durably(candidate / GATE_RESULT, json.dumps(gate) + "\n")
    publish(home, keys, policy, candidate, actor)
    _note(home, release_id, "approved", actor=actor, reason=reason)
    return release_id


def refuse(home: Home, keys: Keys, release_id: str, actor: str, reason: str, via: str = "command line") -> Path:
    _still(home, keys, release_id)
    candidate = home.releases / f"{CANDIDATE_PREFIX}{release_id}"
    (home.releases / f"{WAITING_PREFIX}{release_id}").rename(candidate)
    _note(home, release_id, "refused", actor=actor, reason=reason)
    return keep_refused(home, candidate)


def decisions(home: Home, keys: Keys) -> list[dict[str, Any]]:
    return [{name: state.get(name) for name in ("release_id", "state", "actor", "reason", "at")} for state in _states(home)]


def _still(home: Home, keys: Keys, release_id: str) -> Waiting:
    found = waiting(home, keys)
    if found is None or found.release_id != release_id:
        raise UsageError(f"The release {release_id} does not wait for a decision: it was decided, superseded, or never made.")
    return found


def _states(home: Home) -> list[dict[str, Any]]:
    path = home.tmp / "approval-stand-in.json"
    return json.loads(path.read_text()) if path.exists() else []


def _note(home: Home, release_id: str, state: str, **told: Any) -> None:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    kept = [each for each in _states(home) if each["release_id"] != release_id]
    home.tmp.mkdir(exist_ok=True)
    (home.tmp / "approval-stand-in.json").write_text(json.dumps([*kept, {"release_id": release_id, "state": state, "at": at, **told}]))

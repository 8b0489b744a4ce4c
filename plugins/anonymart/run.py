"""The whole way through the house without Airflow: recover, ingest, requests, build, candidate, gate, publish."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anonymart import audit, crash
from anonymart.build import build
from anonymart.errors import AnonymartError, ApprovalNeeded, GateRefused
from anonymart.home import Home
from anonymart.ingest import IngestReport, ingest
from anonymart.keys import Keys
from anonymart.policy import Policy
from anonymart.progress import Progress
from anonymart.summary import Summary, summarize

if TYPE_CHECKING:
    from anonymart.release.approval import Reviewer


@dataclass
class RunReport:
    """What one run did: ledger of its files, release (None: nothing new, or it waits for the reviewer: `waiting`), figures by mart, requests by state, the release's
    utility (empty: nothing new), seconds by step."""

    as_of: date
    release_id: str | None = None
    waiting: dict[str, Any] | None = None
    files: IngestReport = field(default_factory=IngestReport)
    summary: Summary | None = None
    rights: dict[str, int] = field(default_factory=dict)
    utility: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """What became of the release."""
        return status_of(self.release_id, self.waiting)

    def as_dict(self) -> dict:
        """One object for `--json`."""
        return {
            "as_of": self.as_of.isoformat(),
            "release_id": self.release_id,
            "status": self.status,
            "waiting": self.waiting,
            "files": self.files.as_dict(),
            "silent_sources": self.files.silent_as_dict(),
            **(self.summary.as_dict() if self.summary else {}),
            "rights": self.rights,
            "utility": self.utility,
            "seconds": self.seconds,
        }


def run(
    home: Home, keys: Keys, policy: Policy, as_of: date, landing: Path | None = None, force_as_of: bool = False,
    progress: Progress | None = None, actor: str | None = None, reviewer: Reviewer | None = None,
) -> RunReport:
    """Ingest what waits, answer requests, build, let the gate read the candidate and publish it, or let it wait for the reviewer.

    Raises UsageError, AnonymartError or GateRefused; whatever was committed before stays, and running again goes on.
    """
    from anonymart.release import check_as_of, recover
    from anonymart.release.privacy_report import read_privacy_report
    from anonymart.rights import count, machine

    progress = progress or Progress()
    report = RunReport(as_of, seconds=progress.seconds)
    for sentence in recover(home, keys):
        progress.say(f"After an unfinished run: {sentence}.")
    check_as_of(home, keys, policy, as_of, force=force_as_of)
    with progress.step("ingest", "Ingest"):
        report.files = ingest(home, keys, policy, as_of, landing, progress=progress)
    with progress.step("rights", "Requests of people"):
        report.rights = count(machine.advance_all(home, keys, policy, as_of))
    with progress.step("build", "Build"):
        built = build(home, keys, policy, as_of, progress, actor=actor)
    progress.seconds["build_start_up"] = built.start_up_seconds
    report.release_id, report.waiting = release(home, keys, policy, as_of, progress, actor, reviewer)
    if report.release_id:
        report.utility = read_privacy_report(home.releases / report.release_id)["utility"]
    report.summary = summarize(home, keys)
    return report


def release(
    home: Home, keys: Keys, policy: Policy, as_of: date, progress: Progress | None = None, actor: str | None = None,
    reviewer: Reviewer | None = None,
) -> tuple[str | None, dict[str, Any] | None]:
    """Candidate, gate and publication of what the last build left: the release id, or None; and what waits for the reviewer, or None.

    Raises GateRefused, with mart, column and kind of each failure, when the gate says no; `current` stays.
    """
    from anonymart.release import approval, make_candidate, publish, refuse

    progress = progress or Progress()
    with progress.step("candidate", "Candidate release"):
        candidate = make_candidate(home, keys, policy, as_of)
    crash.point("gate.before")
    with progress.step("gate", "Gate"):
        from anonymart.gate import gate

        verdict = gate(home, keys, policy, candidate, as_of)
    crash.point("gate.after")
    if not verdict.passed:
        audit.record(home, keys, as_of, "refused", actor, candidate=candidate.name, by="gate", n_failures=len(verdict.failures))
        kept = refuse(home, candidate)
        raise GateRefused(verdict.sentence(kept))
    with progress.step("publish", "Publish"):
        try:
            return publish(home, keys, policy, candidate, actor, reviewer), None
        except ApprovalNeeded as needed:
            held = approval.waiting(home, keys)
            if held is None:
                raise AnonymartError("What waited for the reviewer is gone: run again.") from None
            return None, {**held.as_dict(), "says": str(needed)}


def status_of(release_id: str | None, waiting: dict[str, Any] | None) -> str:
    """published, waiting for approval, or nothing new to publish."""
    return "published" if release_id else "waiting for approval" if waiting else "nothing new to publish"

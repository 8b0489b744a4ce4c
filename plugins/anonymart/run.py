"""The whole way through the warehouse without Airflow: recover, ingest, requests, build, candidate, gate,
publish.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anonymart import audit, crash, guard, seal, unchanged
from anonymart import build as building
from anonymart.asks import Asks, asks_of
from anonymart.build import BuildReport, Part
from anonymart.contracts import load_contracts
from anonymart.errors import (
    AnonymartError,
    DayHeld,
    GateRefused,
    Superseded,
    UnreadableRequests,
)
from anonymart.ingest import IngestReport, ingest
from anonymart.persons import Persons
from anonymart.persons import count as count_persons
from anonymart.progress import Progress
from anonymart.session import Session
from anonymart.summary import Summary, summarize

if TYPE_CHECKING:
    from anonymart.release.approval import Reviewer
    from anonymart.release.states import Candidate, Outcome, Published


# How often a candidate that a right has superseded is built again within one call; whoever holds the home's
# lock needs one.
_TRIES = 3


@dataclass
class RunReport:
    """What one run did: ledger of its files, what publishing came to (None: nothing new; or it waits for
    unreadable requests: the sentence in `unreadable`; or its day waits for a person: `held`), figures by
    mart, requests by state, the release's utility (empty: nothing new), how many titles it holds back by
    table of names, seconds by step.
    """

    as_of: date
    outcome: Outcome = None
    unreadable: str | None = None
    held: str | None = None
    files: IngestReport = field(default_factory=IngestReport)
    persons: Persons | None = None
    summary: Summary | None = None
    rights: dict[str, int] = field(default_factory=dict)
    utility: dict[str, Any] = field(default_factory=dict)
    held_back: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def release_id(self) -> str | None:
        """The release that it has published."""
        return told_of(self.outcome)["release_id"]

    @property
    def asks(self) -> Asks:
        """What it has left for a person."""
        return asks_of(self.files, self.rights)

    @property
    def status(self) -> str:
        """What became of the release."""
        return told_of(self.outcome, self.unreadable, self.held)["status"]

    def as_dict(self) -> dict:
        """One object for `--json`."""
        return {
            "as_of": self.as_of.isoformat(),
            **told_of(self.outcome, self.unreadable, self.held),
            "unreadable": self.unreadable,
            "held": self.held,
            "files": self.files.as_dict(),
            "silent_sources": self.files.silent_as_dict(),
            "late": self.files.late,
            "catalogue": self.files.settled.as_dict(),
            "waiting_people": self.files.waiting.as_dict(),
            "persons": self.persons.as_dict() if self.persons else None,
            **(self.summary.as_dict() if self.summary else {}),
            "rights": self.rights,
            "asks": self.asks.as_dict(),
            "utility": self.utility,
            "titles_held_back": self.held_back,
            "seconds": self.seconds,
        }


@dataclass(frozen=True)
class Options:
    """What a run may be told: another landing folder, a date far off, who acts, and a reviewer who approves
    at once.
    """

    landing: Path | None = None
    force_as_of: bool = False
    actor: str | None = None
    reviewer: Reviewer | None = None


def run(
    session: Session,
    options: Options | None = None,
    progress: Progress | None = None,
) -> RunReport:
    """Ingest what waits, answer requests, build, let the gate read the candidate and publish it, or let it
    wait for the reviewer.

    Raises UsageError, AnonymartError or GateRefused; rows about rights that cannot be read do not stop it,
    only publication waits, and only build and publication wait for a day that may be wrong; whatever was
    committed before stays, and running again goes on.
    """
    from anonymart.release import exact, for_reviewer, names, recover
    from anonymart.rights import count, machine

    seal.need_key(session)
    options, progress = options or Options(), progress or Progress()
    report = RunReport(session.as_of, seconds=progress.seconds)
    for sentence in recover(session):
        progress.say(f"After an unfinished run: {sentence}.")
    with progress.step("ingest", "Ingest"):
        report.files = ingest(session, options.landing, progress=progress)
    with progress.step("rights", "Requests of people"):
        report.rights = count(machine.advance_all(session))
    try:
        guard.check(session, options.force_as_of, options.actor)
    except DayHeld as held:
        report.held = str(held)
        return report
    day = unchanged.day_of_build(session)
    if day:
        progress.say(f"Build: nothing has come since that of {day}, and no period closes: it stays.")
    else:
        stays = unchanged.day_of_cells(session)
        if not stays:
            threading.Thread(target=_import_gate, daemon=True).start()
        with progress.step("build", "Build"):
            built = build_new(session, progress, options.actor, stays)
        progress.seconds["build_start_up"] = built.start_up_seconds
    try:
        report.outcome = release(session, progress, options.actor, options.reviewer)
    except UnreadableRequests as waits:
        report.unreadable = str(waits)
    if report.release_id:
        with session.connect(vault="ro") as connection:
            noted = for_reviewer.notes(connection, report.release_id)
        report.utility, report.held_back = noted[exact.UTILITY], names.held_back(noted)
    report.persons = count_persons(session)
    report.summary = summarize(session)
    return report


def _import_gate() -> None:
    """Import what the gate needs, for seconds, while dbt runs in its process; whatever fails here is told by
    the gate, which imports it again.
    """
    with suppress(Exception):
        from anonymart.gate import checkpoint

        checkpoint.prepare()


def build(
    session: Session,
    progress: Progress | None = None,
    select: str | None = None,
    actor: str | None = None,
) -> BuildReport:
    """Build everything, or what `select` names, as of a date; raises as `build.build` does.

    What waits for the reviewer is superseded before dbt runs; a whole build is noted as one when it stands.
    """
    part = building.only(select) if select else building.ALL
    return _build(session, progress or Progress(quiet=True), part, actor)


def build_new(
    session: Session,
    progress: Progress,
    actor: str | None,
    stays: tuple[date, str] | None,
) -> BuildReport:
    """As `build`, but what `unchanged.day_of_cells` says stays is not made again."""
    return _build(session, progress, building.what_is_new(stays), actor)


def prepare(session: Session, actor: str | None = None) -> str:
    """All that must be done before dbt may run; gives the state of rights that dbt will read. Raises as
    `build.prepare` does, and what waits then stays.
    """
    from anonymart.release import approval

    rights_state = building.prepare(session)
    # Figures of a build that is over its time: what the reviewer has not let out by now is made anew.
    approval.supersede(session, "a new build", actor)
    return rights_state


def _build(session: Session, progress: Progress, part: Part, actor: str | None) -> BuildReport:
    from anonymart.release import approval
    from anonymart.rights import state

    built = building.build(session, progress, part, prepare(session, actor))
    if built.is_whole:
        with session.connect(vault="rw", warehouse="rw") as connection:
            approval.note_built_again(connection)
            state.note_built(connection, built.rights_state, built.inputs, built.day)
            guard.note_run(connection, session.as_of)
    audit.record(session, "built", actor)
    return built.report


def release(
    session: Session,
    progress: Progress | None = None,
    actor: str | None = None,
    reviewer: Reviewer | None = None,
) -> Outcome:
    """Candidate, gate and publication of what the last build left: gives what publishing it came to.

    When a right was taken in or carried out since that build, or a figure of the policy or another definition
    changed, it is built again first, at once, as of the day of the newest step of a request if that is later.
    Raises GateRefused, with mart, column and kind of each failure, when the gate says no; `current` stays.
    """
    from anonymart.rights import state

    progress = progress or Progress()
    for _ in range(_TRIES):
        if not state.is_built(session):
            session = session.on(build_again(session, progress, actor))
        try:
            return _release(session, progress, actor, reviewer)
        except Superseded as moved:
            progress.say(str(moved))
    raise AnonymartError(
        f"Requests came {_TRIES} times while a candidate was made: nothing was published, run again."
    )


def build_again(session: Session, progress: Progress, actor: str | None = None) -> date:
    """Build what a right has superseded; gives the day that it was built for, never before the newest step of
    a request.

    Raises DayHeld when that day may be wrong.
    """
    day = _day_after_rights(session)
    guard.check(session.on(day))
    with progress.step("build", "Build again, after a request or a change of the definitions"):
        build(session.on(day), progress, actor=actor)
    return day


def renew(session: Session, progress: Progress | None = None) -> None:
    """Where a right has just superseded a candidate that waited, build, gate and let wait its successor at
    once; else do nothing.

    What is shown the same as before needs no second yes (`approve`). Raises as `release`; a day without a
    successor is made good by the next build.
    """
    from anonymart.release import approval

    day = approval.to_build_again(session)
    if day is not None:
        with suppress(UnreadableRequests, DayHeld):
            release(session.on(max(day, session.as_of)), progress)


def approve(session: Session, release_id: str, reviewer: Reviewer, candidate: str | None = None) -> Published:
    """Publish what waits under this id. What a right has superseded meanwhile is built
    and gated again at once.

    The yes holds for the successor when it shows the reviewer the same; else Superseded is raised and the
    successor waits. Raises as `answer.approve`.
    """
    from anonymart.release import answer, approval

    try:
        return answer.approve(session, release_id, reviewer, candidate)
    except Superseded:
        renew(session.on(date.min))
    same = approval.shows_the_same(session, release_id, candidate)
    if same is None:
        raise Superseded(
            f"Release {release_id} was superseded by a request, and what it shows has changed: "
            f"`anonymart approvals` lists what waits now."
        )
    return answer.approve(session, same.release_id, reviewer, same.candidate_sha256)


def approve_without(
    session: Session,
    release_id: str,
    reviewer: Reviewer,
    candidate: str | None,
    marts: Iterable[str],
    progress: Progress | None = None,
) -> Outcome:
    """Hold these marts of what waits under this id back, and publish the rest: a new candidate without them
    passes the whole gate, and the yes holds for it when it shows of all other marts what the reviewer has
    read; else it waits.

    Raises as `answer.hold_back` while nothing is held yet; after that as `release`: the hold stays, and
    nothing is published.
    """
    from anonymart.release import Waiting, answer, held_marts

    progress = progress or Progress()
    held = answer.hold_back(session, release_id, reviewer, candidate, marts)
    progress.say(f"Held back: {', '.join(held.marts)}.")
    outcome = release(session.on(held.as_of), progress, reviewer.name)
    if not isinstance(outcome, Waiting) or not held_marts.is_the_rest(outcome.candidate, held):
        return outcome
    return answer.approve(session, outcome.release_id, reviewer, outcome.candidate_sha256)


def _day_after_rights(session: Session) -> date:
    from anonymart.rights import state

    with session.connect(vault="ro") as connection:
        return max(session.as_of, state.last_day(connection) or session.as_of)


def _release(
    session: Session,
    progress: Progress,
    actor: str | None,
    reviewer: Reviewer | None,
) -> Outcome:
    from anonymart.release import cells, make_candidate, people_file, publish
    from anonymart.rights.unreadable import need_none_open

    with session.connect(vault="ro", warehouse="ro") as connection:
        has_news = cells.has_news(connection, load_contracts().values())
    if not has_news:
        need_none_open(session)
        return None
    with ExitStack() as stack:
        with progress.step("candidate", "Candidate release"):
            reading = stack.enter_context(people_file.kept(session, load_contracts().values()))
            candidate = make_candidate(reading)
        crash.point("gate.before")
        with progress.step("gate", "Gate"):
            ask_gate(reading, candidate, actor)
    crash.point("gate.after")
    with progress.step("publish", "Publish"):
        return publish(session, candidate, actor, reviewer)


def ask_gate(session: Session, candidate: Candidate, actor: str | None = None) -> None:
    """Let the gate read a candidate, as of the session's day. Raises GateRefused when it says no: the
    candidate is then set aside, and the audit log tells of it.
    """
    from anonymart.gate import gate
    from anonymart.release import refuse

    verdict = gate(session, candidate.folder, session.as_of)
    if verdict.passed:
        return
    audit.record(
        session,
        "refused",
        actor,
        candidate=candidate.name,
        by="gate",
        n_failures=len(verdict.failures),
    )
    raise GateRefused(verdict.sentence(refuse(session.home, candidate).folder))


def told_of(outcome: Outcome, unreadable: str | None = None, held: str | None = None) -> dict[str, Any]:
    """For `--json`: the id of the release, None without one; its status; and what waits with its sentence,
    None when nothing does.

    The status is published, waiting for a day to be confirmed, for unreadable requests or for approval, or
    nothing new to publish.
    """
    from anonymart.release import Published, Waiting

    status = "nothing new to publish"
    if held:
        status = "waiting for the day to be confirmed"
    elif unreadable:
        status = "waiting for unreadable requests"
    elif isinstance(outcome, Published):
        status = "published"
    elif isinstance(outcome, Waiting):
        status = "waiting for approval"
    return {
        "release_id": outcome.release_id if isinstance(outcome, Published) else None,
        "status": status,
        "waiting": {**outcome.as_dict(), "says": outcome.says} if isinstance(outcome, Waiting) else None,
    }

"""What the tasks do: open the home, call one library function, and hand on counts and names only.

The library is imported inside the functions, since the DAG processor reads the DAG files all day long.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from anonymart.lock import Busy, reading, writing
from anonymart.session import Session
from anonymart_airflow import approvals
from anonymart_airflow.as_of import as_of
from anonymart_airflow.connections import pull_learning
from anonymart_airflow.faults import plain_faults
from anonymart_airflow.progress import TaskProgress

if TYPE_CHECKING:
    from anonymart.release import Candidate

COUNTED = ("delivered", "loaded", "refused", "quarantined", "duplicate")


@plain_faults
def ingest_source(source: str, context: Any) -> dict[str, Any]:
    """Load what waits for one source; gives its counts and, under `changes`, what is other in it than before,
    by names only.

    Fails for good when the source is silent longer than usual. Skips when nothing waits, so that no asset
    event follows.
    """
    from anonymart.errors import AnonymartError, UsageError
    from anonymart.ingest import ingest
    from anonymart_airflow.register import pull_register

    session = _open(context)
    changes: list[str] = []
    failure = None
    if source == "learning":
        pull_learning(session)
    if source == "learners":
        try:
            changes = pull_register(session)
        except AnonymartError as error:
            # Files that wait are loaded all the same.
            failure = error
    with writing(session.home):
        report = ingest(session, sources=(source,), progress=TaskProgress())
    if failure:
        raise failure
    if report.silent:
        raise UsageError(report.silent[0].sentence)
    if not report.files:
        raise AirflowSkipException(f"Nothing was delivered in landing/{source}.")
    counts: dict[str, Any] = {name: sum(getattr(file, name) for file in report.files) for name in COUNTED}
    counts["files"] = len(report.files)
    counts["still_refused"] = report.refused
    counts["files_refused"] = sum(file.status == "refused" for file in report.files)
    counts["unreadable_rows"] = report.unreadable if source in ("rights", "consents") else 0
    counts["late_rows"], counts["late"] = report.late_rows, report.late
    counts["changes"] = changes + [each.sentence for file in report.files for each in file.changes]
    return counts


@plain_faults
def watch_delivery(counts: dict[str, Any]) -> None:
    """Fail when a file was refused whole, rows about rights or consents cannot be read, or rows tell of
    periods that are closed, so that the state of the DAG shows it; all else is loaded.
    """
    from anonymart.asks import Asks
    from anonymart.errors import UsageError

    asks = Asks(
        tuple(counts["still_refused"]),
        counts["unreadable_rows"],
        late_rows=counts["late_rows"],
        late=counts["late"],
    )
    if asks.exit_code(is_strict=True):
        raise UsageError(asks.sentence)


@plain_faults
def build_candidate(context: Any) -> str:
    """Build the marts and export them; gives the name of the candidate's folder in `releases/`. Skips where
    nothing has come since the last build and no period closes.
    """
    from anonymart import guard, unchanged
    from anonymart.release import make_candidate, recover
    from anonymart.run import build_new

    session = _open(context)
    is_forced = bool((context["dag_run"].conf or {}).get("force_as_of"))
    progress = TaskProgress()
    with writing(session.home):
        for sentence in recover(session):
            progress.say(f"After an unfinished run: {sentence}.")
        guard.check(session, force=is_forced)
        built = unchanged.day_of_build(session)
        if built:
            raise AirflowSkipException(
                f"Nothing has come since the build of {built}, and no period closes: it stays."
            )
        stays = unchanged.day_of_cells(session)
        build_new(session, progress, None, stays)
        return make_candidate(session).name


@plain_faults
def gate_candidate(name: str, context: Any) -> str:
    """Let the gate read the candidate; gives the name of the folder that it has read. A refused one is set
    aside, and the task fails for good; one with nothing to publish is not read.

    When a right came since the build, the candidate is built again first, while nobody else may write.
    """
    from anonymart.release import Candidate
    from anonymart.rights import state

    session = _open(context)
    with writing(session.home):
        candidate = Candidate.named(session.home, name)
        if not candidate.is_there or not state.is_built(session):
            candidate, session = _make_again(session)
        _gate(session, candidate)
    return candidate.name


def _make_again(session: Session) -> tuple[Candidate, Session]:
    from anonymart.release import make_candidate, recover
    from anonymart.run import build_again

    recover(session)
    later = session.on(build_again(session, TaskProgress()))
    return make_candidate(later), later


def _gate(session: Session, candidate: Candidate) -> None:
    from anonymart.release import has_news
    from anonymart.release.manifest import read_manifest
    from anonymart.run import ask_gate

    if has_news(candidate):
        day = date.fromisoformat(read_manifest(candidate.folder)["as_of"])
        ask_gate(session.on(max(session.as_of, day)), candidate)


@plain_faults
def publish_candidate(name: str, context: Any) -> str:
    """Publish the candidate that the gate has passed and give the release id. Skips when it holds no new
    cell.

    When a right came since the gate, it is built, gated and published again under the same lock.
    """
    from anonymart.errors import Superseded
    from anonymart.release import Candidate, Waiting, list_releases, publish, recover

    session = _open(context)
    candidate = Candidate.named(session.home, name)
    with writing(session.home):
        if candidate.release_id in {release["release_id"] for release in list_releases(session)}:
            # A try before this one was killed after the commit: what is left is to finish it.
            recover(session)
            return candidate.release_id
        try:
            if not candidate.is_there:
                raise Superseded(f"{name} is gone: a try before this one was killed.")
            outcome = publish(session, candidate)
        except Superseded:
            # Nobody else may write until it is published.
            candidate, session = _make_again(session)
            _gate(session, candidate)
            outcome = publish(session, candidate)
    if isinstance(outcome, Waiting):
        raise AirflowSkipException(outcome.says)
    if outcome is None:
        raise AirflowSkipException("Nothing new to publish: the current release stays as it is.")
    return outcome.release_id


@plain_faults
def announce_candidate(context: Any) -> dict[str, str]:
    """What the asset of candidates is told: release_id and as_of of the one that waits. Skips when none does,
    so that no event follows.
    """
    session = _open(context)
    waits = approvals.waiting(session)
    if waits is None:
        raise AirflowSkipException("No candidate waits for the reviewer.")
    _tell(session)
    return {"release_id": waits.release_id, "as_of": waits.as_of}


@plain_faults
def read_request(context: Any) -> dict[str, str]:
    """The request to the reviewers: release_id, candidate_sha256, and body (why it waits and what changed,
    names and counts only).

    Skips when nothing waits any more.
    """
    session = _open(context)
    waits = approvals.waiting(session)
    if waits is None:
        raise AirflowSkipException("No candidate waits any more: it was decided or superseded.")
    return {
        "release_id": waits.release_id,
        "candidate_sha256": waits.candidate_sha256,
        "body": approvals.body(waits),
    }


@plain_faults
def still_waits(request: dict[str, str], context: Any) -> bool:
    """Whether the very candidate of the request still waits; while a run writes it is taken to."""
    session = _open(context)
    try:
        with reading(session.home):
            return approvals.is_waiting(session, request)
    except Busy:
        return True


@plain_faults
def carry_out(request: dict[str, str], answer: Any, context: Any) -> str:
    """Approve or refuse what the request was about, in the name of who answered; gives the release id.

    What a try before it did and was killed after is finished. Skips when it was decided elsewhere. Raises
    UsageError for an answer of somebody who is no reviewer, or without a reason.
    """
    from anonymart.release import recover

    session = _open(context)
    with writing(session.home):
        recover(session)
        if answer is not None and approvals.was_carried_out(session, request, answer):
            return request["release_id"]
        if answer is None or not approvals.is_waiting(session, request):
            raise AirflowSkipException(
                f"Release {request['release_id']} no longer waits: it was decided elsewhere, or superseded."
            )
        return approvals.decide(session, request, answer)


@plain_faults
def advance_requests(context: Any) -> dict[str, int]:
    """Take every request as far as it may go, removals in one batch with their own plan's token; gives counts
    by state.
    """
    from anonymart.ingest import ingest
    from anonymart.rights import count, machine

    session = _open(context)
    with writing(session.home):
        ingest(session, sources=("rights",))
        counts = count(machine.advance_all(session))
        _renew(session)
    _tell(session)
    return counts


@plain_faults
def watch_the_clock(counts: dict[str, int]) -> None:
    """Fail when a request is past its last day (R-CLOCK) or cannot be read, so that the state of the DAG
    shows it; another try cannot mend that.
    """
    from anonymart.errors import UsageError

    if counts.get("unreadable"):
        raise UsageError(
            f"{counts['unreadable']} row(s) about rights or consents cannot be read: `anonymart rights "
            f"list` shows file and line."
        )
    if counts["late"]:
        raise UsageError(
            f"{counts['late']} request(s) are past their last day: `anonymart rights list` shows which."
        )
    if counts["near"]:
        TaskProgress().say(
            f"{counts['near']} request(s) are near their last day: `anonymart rights list` shows which."
        )


@plain_faults
def keep_to_the_terms(context: Any) -> None:
    """Remove what is over its term (P-STAT, P-SURVEY, P-LOG, raw rows). Fails for good while a plan that
    looks wrong waits for a person.
    """
    from airflow.configuration import conf

    from anonymart.erasure.removal import enforce_terms
    from anonymart.release import approval
    from anonymart_airflow import load, terms

    session = _open(context)
    with writing(session.home):
        enforce_terms(session)
        approval.supersede_by_rights(session)
        _renew(session)
    over = terms.moment_of(session.policy, datetime.now(UTC))
    logs = Path(conf.get("logging", "base_log_folder"))
    n_files = terms.clean_logs(logs, over, load.dag_ids())
    TaskProgress().say(f"Log files of our runs that were over their term: {n_files} removed.")


def _renew(session: Session) -> None:
    """A candidate that waited and was superseded is built and gated again. What hinders that is no fault of
    this task: the next build says it again.
    """
    from anonymart.errors import AnonymartError
    from anonymart.run import renew

    try:
        renew(session, TaskProgress())
    except AnonymartError as error:
        TaskProgress().say(f"The candidate that waited could not be built again: {error}")


def _tell(session: Session) -> None:
    """Tell people what stands and asks for one; what hinders that is no fault of this task."""
    from anonymart.notify.tell import never_in_the_way, tell_standing

    never_in_the_way(lambda: tell_standing(session.home, session.policy, session.as_of))


@plain_faults
def attack_releases(context: Any) -> dict[str, int]:
    """Attack what is new in the releases of the home, without the writer's lock; gives how many there are,
    how many of them were attacked, and tries in all. Fails for good when one is broken. Skips before the
    first.
    """
    from anonymart.attack.weekly import attack_releases, judge

    session = _open(context)
    found = attack_releases(session.home, session.policy, TaskProgress())
    if not found.reports:
        raise AirflowSkipException("There is no release yet.")
    judge(found.reports)
    outcomes = [outcome.real for report in found.reports for outcome in report.outcomes]
    return {
        "releases": len(found.reports) + len(found.remembered),
        "attacked": len(found.reports),
        "tried": sum(outcome.tried for outcome in outcomes),
    }


@plain_faults
def attack_generated(context: Any) -> dict[str, int]:
    """Singling out, linking and inference on generated people; gives tries and successes by criterion."""
    from anonymart.attack.weekly import attack_generated, judge

    session = _open(context)
    found = attack_generated(session.home, session.policy, progress=TaskProgress())
    judge([], found)
    return {
        f"{each['attack']}_{name}": each[name]
        for each in found["criteria"]
        for name in ("tried", "succeeded")
    }


def _open(context: Any) -> Session:
    from anonymart import telemetry
    from anonymart.home import Home
    from anonymart.keys import Keys
    from anonymart.migrate.home import bring_up_to_date
    from anonymart.policy import load_policy
    from anonymart.rotate import resume

    telemetry.switch_off()
    events = context.get("triggering_asset_events") or {}
    extras = [event.extra or {} for group in events.values() for event in group]
    run = context["dag_run"]
    home = Home.from_env().prepare()
    if home.rotation.exists():
        resume(home)
    session = Session(home, Keys.load(home), load_policy(), as_of(run.conf, run.run_after, extras))
    bring_up_to_date(session, TaskProgress())
    return session

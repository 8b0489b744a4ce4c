"""Every command of `anonymart`, one function each; what they do stands in the library."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anonymart import __version__
from anonymart.cli.base import (
    DATE,
    acting,
    approving,
    as_json,
    dated,
    exit_if_waiting,
    open_session,
    print_result,
    strict,
)
from anonymart.errors import DayHeld, UnreadableRequests
from anonymart.lock import writing
from anonymart.progress import Progress

if TYPE_CHECKING:
    from anonymart.asks import Asks
    from anonymart.release.approval import Reviewer


def _tell_version(context: click.Context, parameter: click.Parameter, is_asked: bool) -> None:
    from anonymart import commit

    if is_asked and not context.resilient_parsing:
        click.echo(f"anonymart, version {__version__} ({commit.reported()})")
        context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_tell_version,
    help="Show the version and the commit, and leave.",
)
def anonymart() -> None:
    """An anonymized analytics and survey warehouse for an online school.

    \b
    The way through the warehouse:
      landing -> ingest -> vault -> build -> warehouse -> gate -> publish -> releases/current

    State lives in ANONYMART_HOME (default ./var). First steps:

    \b
      anonymart keys init
      anonymart demo generate --out /tmp/school --learners 2000 --seed 1 --as-of 2026-06-30
      anonymart run --landing /tmp/school/landing --as-of 2026-06-30
      anonymart approve 2026-06-30.1 --as reviewer --reason "The first release, read in full"
      anonymart releases

    Exit codes: 0 done (or nothing new, which is said), 1 fault, 2 wrong use or configuration, 3 refused by
    the gate, 4 waits for a person: the release for the reviewer (`anonymart approve`), or build or retention
    because their day cannot be right (`anonymart confirm-day`), 5 all is done but the publication, which
    waits until somebody has entered or refused the rows about rights or consents that could not be read
    (`anonymart rights list`); with --strict also for a refused file, a late request or a silent source.
    """


@anonymart.command()
@click.option(
    "--landing",
    type=click.Path(path_type=Path),
    help="Folder of <source>/ folders (default: landing of the home). Loaded files are removed from it.",
)
@dated
@click.option(
    "--force-as-of",
    is_flag=True,
    help="Accept a date before the last release's, or far ahead of data and runs; the audit log tells of it.",
)
@acting
@approving
@strict
@as_json
def run(
    landing: Path | None,
    as_of: datetime | None,
    force_as_of: bool,
    is_json: bool,
    is_strict: bool,
    actor: str | None,
    approve_as: str | None,
    reason: str | None,
) -> None:
    """Ingest what waits, build, let the gate read the candidate, publish it.

    The first release waits for the reviewer, and so does one in which marts, columns, policy figures or
    suppressed shares changed beyond the limits of the policy: exit 4, and `anonymart approve` or `anonymart
    refuse` decides. With --approve-as and --reason it does not wait. The last line says what asks for a
    person: exit 5 where rows about rights or consents cannot be read, and with --strict for the rest.
    """
    from anonymart import run as whole
    from anonymart.notify.tell import telling

    reviewer = _reviewer(approve_as, reason)
    session = open_session(as_of)
    with telling(session.home, session.policy, session.as_of), writing(session.home):
        report = whole.run(session, whole.Options(landing, force_as_of, actor, reviewer))
    print_result(is_json, report.as_dict(), lambda told: [*_run_lines(told), report.asks.sentence])
    if report.held:
        raise click.exceptions.Exit(DayHeld.exit_code)
    if report.unreadable:
        raise click.exceptions.Exit(UnreadableRequests.exit_code)
    exit_if_waiting(report.outcome)
    _exit_if_asked(report.asks, is_strict)


@anonymart.command()
@click.option(
    "--landing",
    type=click.Path(path_type=Path),
    help="Folder of <source>/ folders (default: landing of the home).",
)
@click.option("--source", "sources", multiple=True, help="Only this source; may be given several times.")
@dated
@strict
@as_json
def ingest(
    landing: Path | None, sources: tuple[str, ...], as_of: datetime | None, is_json: bool, is_strict: bool
) -> None:
    """Load the waiting files into the vault; each row is loaded, refused, quarantined or a duplicate.

    The last line says what asks for a person; exit 5 as of `anonymart run`.
    """
    from anonymart.asks import asks_of
    from anonymart.ingest import ingest as load

    session = open_session(as_of)
    with writing(session.home):
        report = load(session, landing, sources or None, Progress())
    told = {
        "files": report.as_dict(),
        "silent_sources": report.silent_as_dict(),
        "late": report.late,
        "waiting_people": report.waiting.as_dict(),
        "catalogue": report.settled.as_dict(),
        "asks": asks_of(report).as_dict(),
    }
    print_result(
        is_json,
        told,
        lambda result: [*_ingest_lines(result), *report.waiting.sentences, asks_of(report).sentence],
    )
    _exit_if_asked(asks_of(report), is_strict)


@anonymart.command()
@dated
@click.option(
    "--force-as-of",
    is_flag=True,
    help="Accept a date before the last release's, or far ahead of data and runs; the audit log tells of it.",
)
@acting
@as_json
def build(as_of: datetime | None, force_as_of: bool, is_json: bool, actor: str | None) -> None:
    """Run the dbt models on what the vault holds; publishes nothing."""
    from anonymart import guard
    from anonymart.release import recover
    from anonymart.run import build as build_whole
    from anonymart.summary import summarize

    session = open_session(as_of)
    progress = Progress()
    with writing(session.home):
        recover(session)
        guard.check(session, force_as_of, actor)
        with progress.step("build", "Build"):
            build_whole(session, progress, actor=actor)
        result = summarize(session).as_dict()
    print_result(is_json, {**result, "seconds": progress.seconds}, _mart_lines)


@anonymart.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@as_json
def gate(folder: Path, is_json: bool) -> None:
    """Let the gate read a candidate or a release FOLDER; exit 3 when it says no. Changes nothing but the
    folder's own evidence.
    """
    from anonymart.errors import GateRefused
    from anonymart.gate import gate as read

    session = open_session()
    verdict = read(session, folder, None)
    print_result(
        is_json,
        verdict.as_dict(),
        lambda result: [
            f"{'passed' if result['passed'] else 'refused'}: {result['n_expectations']} expectations"
        ],
    )
    if verdict.passed:
        return
    refused = GateRefused(verdict.sentence(folder))
    if is_json:
        # The verdict is the one object on standard output.
        click.echo(f"anonymart: {refused}", err=True)
        raise click.exceptions.Exit(refused.exit_code)
    raise refused


@anonymart.command()
@dated
@click.option(
    "--force-as-of",
    is_flag=True,
    help="Accept a date before the last release's, or far ahead of data and runs; the audit log tells of it.",
)
@acting
@approving
@as_json
def publish(
    as_of: datetime | None,
    force_as_of: bool,
    is_json: bool,
    actor: str | None,
    approve_as: str | None,
    reason: str | None,
) -> None:
    """Export the last build as a candidate, let the gate read it, publish it; exit 4 when it waits for the
    reviewer, as `anonymart run`.
    """
    from anonymart import guard
    from anonymart.release import recover
    from anonymart.run import release, told_of

    reviewer = _reviewer(approve_as, reason)
    session = open_session(as_of)
    progress = Progress()
    with writing(session.home):
        recover(session)
        guard.check(session, force_as_of, actor)
        outcome = release(session, progress, actor, reviewer)
    result = {**told_of(outcome), "seconds": progress.seconds}
    print_result(is_json, result, lambda found: [_release_line(found)])
    exit_if_waiting(outcome)


@anonymart.command("confirm-day")
@click.argument("day", metavar="YYYY-MM-DD", type=DATE)
@click.option(
    "--reason",
    required=True,
    help="Why the day is right, in one sentence that names nobody: it stands in the audit log.",
)
@acting
@as_json
def confirm_day(day: datetime, reason: str, actor: str | None, is_json: bool) -> None:
    """Say that DAY is right although it lies far ahead of the data or of the last run: build, publication and
    retention go on with it.

    Until a whole month after it closes without a row, later days pass too.
    """
    from anonymart import guard

    session = open_session()
    with writing(session.home):
        guard.confirm(session.on(day.date()), reason, actor)
    print_result(
        is_json,
        {"as_of": str(day.date()), "status": "confirmed"},
        lambda told: [f"{told['as_of']} is confirmed: run again what waited."],
    )


@anonymart.command()
@as_json
def releases(is_json: bool) -> None:
    """List the releases: date, cells, which one is current, which are withdrawn and what replaces them."""
    from anonymart.release import list_releases

    session = open_session()
    found = list_releases(session)
    print_result(
        is_json,
        {"releases": found},
        lambda result: [_listed(entry) for entry in result["releases"]] or ["No release yet."],
    )


@anonymart.group()
def demo() -> None:
    """The fictional school."""


def _ingest_lines(result: dict) -> list[str]:
    return [f"{len(result['files'])} files read.", *_late_lines(result), *_salary_lines(result)]


def _late_lines(result: dict) -> list[str]:
    """How many of the rows that were loaded tell of periods that no release will count again."""
    from anonymart.ingest.late import sentence

    n_rows = sum(file["late_rows"] for file in result["files"])
    return (
        [f"{n_rows} of the loaded rows tell of closed periods ({sentence(result['late'])})."]
        if n_rows
        else []
    )


def _salary_lines(result: dict) -> list[str]:
    """How many of the answers that were loaded will stand under a salary figure, and why the others will
    not.
    """
    from anonymart.surveys.salary_figures import sentence

    totals: Counter[str] = Counter()
    for file in result["files"]:
        totals.update(file["salaries"])
    return [f"{sentence(dict(totals))}."] if totals else []


def _answer_lines(result: dict) -> list[str]:
    from anonymart.persons import answer_sentences, enrolment_sentences

    counts = result["persons"]
    if not counts:
        return []
    answers = [counts[name] for name in ("graduates", "salary_answers", "answers_of_no_graduate")]
    enrolments = [counts[name] for name in ("enrolments_without_outcome", "enrolments_without_day")]
    return answer_sentences(*answers) + enrolment_sentences(*enrolments)


def _run_lines(result: dict) -> list[str]:
    totals = {
        name: sum(file[name] for file in result["files"])
        for name in ("delivered", "loaded", "refused", "quarantined", "duplicate")
    }
    counted = ", ".join(f"{number} {name}" for name, number in totals.items())
    return [
        f"{len(result['files'])} files: {counted}.",
        *_late_lines(result),
        *_salary_lines(result),
        *_answer_lines(result),
        *(_mart_lines(result) if "marts" in result else []),
        *_utility_lines(result),
        _release_line(result),
    ]


def _reviewer(name: str | None, reason: str | None) -> Reviewer | None:
    from anonymart.release.approval import Reviewer

    if (name is None) != (reason is None):
        raise click.UsageError("--approve-as and --reason go together: who approves, and why.")
    return Reviewer(name, reason) if name is not None and reason is not None else None


def _exit_if_asked(asks: Asks, is_strict: bool) -> None:
    """Exit 5, without a word: the last line has told it."""
    if code := asks.exit_code(is_strict):
        raise click.exceptions.Exit(code)


def _mart_lines(result: dict) -> list[str]:
    head = f"{'mart':<28}{'rows':>8}{'figures':>9}{'published':>11}{'too few':>9}{'protected':>11}"
    rows = [
        f"{name:<28}{mart['rows']:>8}{mart['figures']:>9}{mart['published']:>11}{mart['too_few']:>9}{mart['protected']:>11}"
        for name, mart in result["marts"].items()
    ]
    return [head, *rows]


def _utility_lines(result: dict) -> list[str]:
    from anonymart.disclosure.utility import sentence
    from anonymart.release import names

    held = result["titles_held_back"]
    return [
        *([sentence(result["utility"])] if result["utility"] else []),
        *([names.sentence(held)] if held else []),
    ]


def _release_line(result: dict) -> str:
    if result.get("held"):
        return result["held"]
    if result["release_id"]:
        return f"Published release {result['release_id']}."
    if result.get("unreadable"):
        return result["unreadable"]
    if result["waiting"]:
        return result["waiting"]["says"]
    return "Nothing new to publish: no further period has closed. The current release stays."


def _listed(entry: dict) -> str:
    withdrawn = entry["withdrawn"] or {}
    told = (
        ("current", entry["is_current"]),
        ("folder missing", not entry["is_present"]),
        (f"withdrawn: {withdrawn.get('why')}", withdrawn),
        (f"replaced by {withdrawn.get('replaced_by')}", withdrawn.get("replaced_by")),
        (f"replaces {', '.join(entry['replaces'])}", entry["replaces"]),
    )
    marks = [mark for mark, holds in told if holds]
    note = f" ({', '.join(marks)})" if marks else ""
    return (
        f"{entry['release_id']}: as of {entry['as_of']}, {entry['new_cells']} new cells, "
        f"{entry['carried_cells']} carried{note}"
    )


def _add_demo() -> None:
    from anonymart.demo.cli import generate_command, sample_command

    demo.add_command(generate_command, "generate")
    demo.add_command(sample_command, "sample")


def _add_groups() -> None:
    from anonymart.cli.airflow import airflow
    from anonymart.cli.approval import approvals, approve, refuse
    from anonymart.cli.attack import attack_command
    from anonymart.cli.audit import audit, share
    from anonymart.cli.backup import backup, restore
    from anonymart.cli.bench import bench_group
    from anonymart.cli.dbt import dbt_command
    from anonymart.cli.declare import declare_command
    from anonymart.cli.detect import detect
    from anonymart.cli.dpia import dpia
    from anonymart.cli.engines import compare_engines
    from anonymart.cli.figures import figures_command
    from anonymart.cli.filing import filing
    from anonymart.cli.keys import keys
    from anonymart.cli.membership import membership_command
    from anonymart.cli.migrate import migrate
    from anonymart.cli.notify import notify
    from anonymart.cli.persons import persons
    from anonymart.cli.perturbation import perturbation
    from anonymart.cli.policy import policy
    from anonymart.cli.purge import purge
    from anonymart.cli.register import register
    from anonymart.cli.rights import rights
    from anonymart.cli.site import site
    from anonymart.cli.sources import sources
    from anonymart.cli.status import status
    from anonymart.cli.superset import superset
    from anonymart.cli.tables import tables
    from anonymart.cli.verify import verify
    from anonymart.cli.withdraw import withdraw

    for command in (
        *(
            airflow,
            approvals,
            approve,
            attack_command,
            audit,
            backup,
            bench_group,
            compare_engines,
            dbt_command,
            declare_command,
            detect,
            figures_command,
            filing,
            keys,
            membership_command,
            migrate,
            notify,
            dpia,
        ),
        *(
            persons,
            perturbation,
            policy,
            purge,
            refuse,
            register,
            restore,
            rights,
            share,
            site,
            sources,
            status,
            superset,
            tables,
            verify,
            withdraw,
        ),
    ):
        anonymart.add_command(command)


_add_demo()
_add_groups()

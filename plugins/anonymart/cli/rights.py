"""The commands `anonymart rights`: requests to exercise a right, from arrival to answer."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

import click

from anonymart.audit import os_user
from anonymart.cli.base import DATE, as_json, dated, open_session, print_result
from anonymart.ingest.contracts import KINDS_OF_REQUEST
from anonymart.lock import writing
from anonymart.rights.machine import Plan
from anonymart.rights.requests import REASONS, Request


class _Kind(click.Choice):
    """A kind of request, also by the id of its right: R-ERASE is erase."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return super().convert(value.lower().removeprefix("r-"), param, ctx)


@click.group("rights")
def rights() -> None:
    """Requests of people to exercise their rights (P-RIGHTS).

    \b
    States, in their order:
      awaiting_proof  it is not certain yet who asks (R-DOUBT): nothing is disclosed or destroyed
      received        who asks is certain
      planned         it is counted what would change or go
      executed        it is done
      verified        it was looked again whether it is done
      answered        closed; only kind, dates and a keyed hash are kept
      refused         closed without being carried out

    A row about a right or a consent that cannot be read is unreadable, with its file and line, until somebody
    enters it (then it is entered) or closes it (then it is refused); until then the people whom it names are
    in no figure and nothing is published.

    Requests arrive in landing/rights/ or by hand. Nothing here shows who asks:

    \b
      anonymart rights submit --kind erase --learner-id L-17 --received-on 2026-06-02
      anonymart rights list
      anonymart rights verify HAND-00001
      anonymart rights plan HAND-00001
      anonymart rights execute HAND-00001 --token 0123456789ab
      anonymart rights letter HAND-00001 --output letter.txt
      anonymart rights answer HAND-00001
      anonymart rights submit --unreadable UNREAD-00001 --kind object --learner-id L-18

    `anonymart rights advance` takes every request as far as it may go, as the DAG answer_rights_requests
    does.
    """


@rights.command("list")
@dated
@as_json
def list_command(as_of: datetime | None, is_json: bool) -> None:
    """List every request: kind, state, date of receipt and last day to answer (R-CLOCK)."""
    from anonymart.rights import list_requests

    session = open_session(as_of)
    with writing(session.home):
        found = list_requests(session)
    _say_all(found, is_json)


@rights.command()
@click.argument("request_id")
@dated
@as_json
def show(request_id: str, as_of: datetime | None, is_json: bool) -> None:
    """Show one request as the list does, by its REQUEST_ID, and the zip that was prepared for it. Of an
    unreadable row the zip holds its text.
    """
    from anonymart.rights import machine, unreadable

    session = open_session(as_of)
    with writing(session.home):
        found, export = machine.find_with_export(session, request_id)
        if found.state == "unreadable":
            export = str(unreadable.write_row(session, found.id))
    print_result(is_json, {**asdict(found), "export": export}, lambda _: _shown(found, export))


@rights.command()
@click.option("--kind", type=_Kind(KINDS_OF_REQUEST), help="What the person asks for.")
@click.option(
    "--unreadable",
    "unreadable_id",
    help="Enter what this unreadable row of the list says, and close the row.",
)
@click.option("--learner-id", help="Who asks, by the school's own id.")
@click.option("--email", help="Who asks, by e-mail; refused when two people carry it.")
@click.option(
    "--received-on",
    type=DATE,
    help="The day of receipt, YYYY-MM-DD: the month to answer starts here (of an unreadable row, by default "
    "the day that it was first seen).",
)
@click.option(
    "--purpose",
    type=click.Choice(["P-SURVEY", "P-STAT"]),
    help="With --unreadable: the row declares a consent to this purpose.",
)
@click.option("--status", type=click.Choice(["granted", "withdrawn"]), help="Goes with --purpose.")
@click.option("--identity-verified", is_flag=True, help="Who asks has proved to be that person.")
@click.option(
    "--details",
    help="What the request says beyond its kind: lift ends an earlier object or restrict; erase, keep or "
    "hand_over for death; JSON for rectify: "
    '{"source": "learners", "key": {}, "set": {"birth_date": "1990-02-28"}}; of learning the key is '
    'statement_id, and {"voided": true} takes a statement back.',
)
@dated
@as_json
def submit(
    kind: str | None,
    unreadable_id: str | None,
    learner_id: str | None,
    email: str | None,
    received_on: datetime | None,
    purpose: str | None,
    status: str | None,
    identity_verified: bool,
    details: str | None,
    as_of: datetime | None,
    is_json: bool,
) -> None:
    """Take in a request that came by letter or telephone, or enter what an unreadable row says."""
    from anonymart import rights as library
    from anonymart.rights import unreadable

    if (
        (purpose is None) != (status is None)
        or (kind is None) == (purpose is None)
        or (purpose and not unreadable_id)
    ):
        raise click.UsageError("Give --kind, or, with --unreadable, --purpose and --status of a consent.")
    if received_on is None and unreadable_id is None:
        raise click.UsageError("Give --received-on, the day of receipt.")
    session = open_session(as_of)
    received = received_on.date() if received_on else None
    with writing(session.home):
        if unreadable_id is None and kind and received:
            made = library.submit(
                session,
                library.Asked(kind, received, learner_id, email, identity_verified, details),
            )
        else:
            # By default the day on which the row was first seen.
            received = received or unreadable.need_open(session, unreadable_id or "").received_on
            if kind:
                asked = library.Asked(kind, received, learner_id, email, identity_verified, details)
                made = unreadable.enter(session, unreadable_id or "", asked, os_user())
            else:
                declared = unreadable.Declared(purpose or "", status or "", received, learner_id, email)
                made = unreadable.enter_consent(session, unreadable_id or "", declared, os_user())
    _say(made, is_json)


@rights.command()
@click.argument("request_id")
@dated
@as_json
def verify(request_id: str, as_of: datetime | None, is_json: bool) -> None:
    """Note that who asks has proved to be that person (R-DOUBT)."""
    from anonymart.rights import prove_identity

    session = open_session(as_of)
    with writing(session.home):
        _say(prove_identity(session, request_id), is_json)


@rights.command()
@click.argument("request_id")
@click.option(
    "--reason",
    type=click.Choice([*REASONS, "not_a_request", "entered_otherwise"]),
    required=True,
    help="Why; no free text, which could name somebody. The last two are for unreadable rows.",
)
@dated
@as_json
def refuse(request_id: str, reason: str, as_of: datetime | None, is_json: bool) -> None:
    """Close a request without carrying it out; from the next build on it has no effect. An unreadable row is
    closed in the same way.
    """
    from anonymart.rights import refuse_any

    session = open_session(as_of)
    with writing(session.home):
        _say(refuse_any(session, request_id, reason, os_user()), is_json)


@rights.command()
@click.argument("request_id")
@dated
@as_json
def plan(request_id: str, as_of: datetime | None, is_json: bool) -> None:
    """Show what a request would do: rows that go or change by place, and the token that acting needs. Changes
    nothing else.
    """
    from anonymart.rights import machine

    session = open_session(as_of)
    with writing(session.home):
        found = machine.plan(session, request_id)
    print_result(
        is_json,
        {"request_id": request_id, **asdict(found)},
        lambda _: _plan_lines(request_id, session.as_of, found),
    )


@rights.command()
@click.argument("request_id")
@click.option(
    "--token", help="The token of the plan; erase, withdraw, rectify and a directive to erase need it."
)
@dated
@as_json
def execute(request_id: str, token: str | None, as_of: datetime | None, is_json: bool) -> None:
    """Carry a request out and look whether it is done. Run it again after a kill: it goes on where it was.

    A candidate that waited for the reviewer is built and gated again at once.
    """
    from anonymart.rights import machine
    from anonymart.run import renew

    session = open_session(as_of)
    with writing(session.home):
        _say(machine.execute(session, request_id, token), is_json)
        renew(session)


@rights.command()
@click.argument("request_id")
@dated
@as_json
def answer(request_id: str, as_of: datetime | None, is_json: bool) -> None:
    """Close a verified request once the person has the answer; who asked is kept as a keyed hash only."""
    from anonymart.rights import machine

    session = open_session(as_of)
    with writing(session.home):
        _say(machine.answer(session, request_id), is_json)


@rights.command()
@click.argument("request_id")
@click.option("--language", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
@click.option(
    "--output", type=click.Path(path_type=Path), help="Write to this file (default: standard output)."
)
@dated
@as_json
def letter(
    request_id: str, language: str, output: Path | None, as_of: datetime | None, is_json: bool
) -> None:
    """Write the answer to a request as a letter, which a person completes between [ ] and sends.

    It tells reference, kind, dates and what was done, and nothing of who asks. Nothing is sent from here.
    """
    from anonymart.rights.letter import letter as written

    session = open_session(as_of)
    with writing(session.home):
        text = written(session, request_id, language)
    if output is None:
        print_result(is_json, {"letter": text}, lambda _: text.splitlines())
        return
    output.write_text(text, encoding="utf-8")
    print_result(is_json, {"file": str(output)}, lambda found: [f"Written: {found['file']}"])


@rights.command()
@dated
@as_json
def advance(as_of: datetime | None, is_json: bool) -> None:
    """Take every request as far as it may go, removals in one batch, and list them.

    A candidate that waited for the reviewer is built and gated again at once.
    """
    from anonymart.ingest import ingest
    from anonymart.rights import machine
    from anonymart.run import renew

    session = open_session(as_of)
    with writing(session.home):
        ingest(session, sources=("rights",))
        _say_all(machine.advance_all(session), is_json)
        renew(session)


@rights.command("verify-receipts")
@as_json
def verify_receipts(is_json: bool) -> None:
    """Check the chain of receipts of what was removed; exit 1 when one was changed or is missing."""
    from anonymart.erasure import receipts

    session = open_session()
    with writing(session.home):
        verdict = receipts.verify(session)
    sentence = (
        f"{verdict.n_receipts} receipts hold."
        if verdict.passed
        else f"The receipts do not hold: {verdict.problem}."
    )
    print_result(is_json, asdict(verdict), lambda _: [sentence])
    if not verdict.passed:
        raise click.exceptions.Exit(1)


def _say(request: Request, is_json: bool) -> None:
    print_result(is_json, asdict(request), lambda _: [_line(request)])


def _say_all(requests: list[Request], is_json: bool) -> None:
    shown = {"requests": [asdict(request) for request in requests]}
    print_result(is_json, shown, lambda _: [_line(request) for request in requests] or ["No request yet."])


def _plan_lines(request_id: str, day: date, found: Plan) -> list[str]:
    rows = [f"{place}: {n_rows} rows" for place, n_rows in found.rows.items()]
    files = [f"{kind}: {n_files}" for kind, n_files in found.files.items()]
    token = f" --token {found.token}" if found.token else ""
    return [
        "Would change or remove:",
        *(rows or ["no row"]),
        *files,
        f"To act: anonymart rights execute {request_id} --as-of {day}{token}",
    ]


def _shown(request: Request, export: str | None) -> list[str]:
    says = "To enter, its text is in" if request.state == "unreadable" else "To hand over"
    return [_line(request), *([f"{says}: {export}"] if export else [])]


def _line(request: Request) -> str:
    mark = " (late)" if request.is_late else " (near)" if request.is_near else ""
    mark += f" [{request.problem}]" if request.problem else ""
    if request.file:
        mark += f" {request.source}/{request.file}" + (f", line {request.line}" if request.line else "")
    return (
        f"{request.id:<16}{request.kind:<12}{request.state:<16}received {request.received_on}, due "
        f"{request.due_on}{mark}"
    )

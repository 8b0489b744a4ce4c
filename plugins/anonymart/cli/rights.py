"""The commands `anonymart rights`: requests to exercise a right, and how long there is to answer them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime

import click

from anonymart.cli import commands
from anonymart.ingest.contracts import KINDS_OF_REQUEST
from anonymart.lock import writing
from anonymart.rights.requests import REASONS, Request


@click.group("rights")
def rights() -> None:
    """Requests of people to exercise their rights (P-RIGHTS).

    \b
    States:
      awaiting_proof  it is not certain yet who asks (R-DOUBT): nothing is disclosed or destroyed
      received        who asks is certain: it can be carried out
      refused         closed without being carried out

    Requests arrive in landing/rights/ or by hand. Nothing here shows who asks:

    \b
      anonymart rights submit --kind object --learner-id L-17 --received-on 2026-06-02
      anonymart rights list
      anonymart rights verify HAND-00001
      anonymart rights refuse HAND-00001 --reason no_proof
    """


@rights.command("list")
@commands.dated
@commands.as_json
def list_command(as_of: datetime | None, is_json: bool) -> None:
    """List every request: kind, state, date of receipt and last day to answer (R-CLOCK)."""
    from anonymart.rights import list_requests

    home, keys, policy = commands._open()
    with writing(home):
        found = list_requests(home, keys, policy, commands._day(as_of, policy))
    shown = {"requests": [asdict(request) for request in found]}
    commands._print(is_json, shown, lambda _: [_line(request) for request in found] or ["No request yet."])


@rights.command()
@click.argument("request_id")
@commands.dated
@commands.as_json
def show(request_id: str, as_of: datetime | None, is_json: bool) -> None:
    """Show one request as the list does, by its REQUEST_ID."""
    from anonymart.rights import find

    home, keys, policy = commands._open()
    with writing(home):
        _say(find(home, keys, policy, commands._day(as_of, policy), request_id), is_json)


@rights.command()
@click.option("--kind", type=click.Choice(KINDS_OF_REQUEST), required=True, help="What the person asks for.")
@click.option("--learner-id", help="Who asks, by the school's own id.")
@click.option("--email", help="Who asks, by e-mail; refused when two people carry it.")
@click.option("--received-on", type=commands._DATE, required=True, help="The day of receipt, YYYY-MM-DD: the month to answer starts here.")
@click.option("--identity-verified", is_flag=True, help="Who asks has proved to be that person.")
@click.option("--details", help="What the request says beyond its kind: lift ends an earlier object or restrict.")
@commands.dated
@commands.as_json
def submit(
    kind: str, learner_id: str | None, email: str | None, received_on: datetime, identity_verified: bool,
    details: str | None, as_of: datetime | None, is_json: bool,
) -> None:
    """Take in a request that came by letter or telephone."""
    from anonymart import rights as library

    home, keys, policy = commands._open()
    day: date = commands._day(as_of, policy)
    with writing(home):
        made = library.submit(home, keys, policy, day, kind, received_on.date(), learner_id, email, identity_verified, details)
    _say(made, is_json)


@rights.command()
@click.argument("request_id")
@commands.dated
@commands.as_json
def verify(request_id: str, as_of: datetime | None, is_json: bool) -> None:
    """Note that who asks has proved to be that person (R-DOUBT)."""
    from anonymart.rights import prove_identity

    home, keys, policy = commands._open()
    with writing(home):
        _say(prove_identity(home, keys, policy, commands._day(as_of, policy), request_id), is_json)


@rights.command()
@click.argument("request_id")
@click.option("--reason", type=click.Choice(REASONS), required=True, help="Why; no free text, which could name somebody.")
@commands.dated
@commands.as_json
def refuse(request_id: str, reason: str, as_of: datetime | None, is_json: bool) -> None:
    """Close a request without carrying it out; from the next build on it has no effect."""
    from anonymart.rights import refuse as close

    home, keys, policy = commands._open()
    with writing(home):
        _say(close(home, keys, policy, commands._day(as_of, policy), request_id, reason), is_json)


def _say(request: Request, is_json: bool) -> None:
    commands._print(is_json, asdict(request), lambda _: [_line(request)])


def _line(request: Request) -> str:
    mark = " (late)" if request.is_late else " (near)" if request.is_near else ""
    return f"{request.id:<16}{request.kind:<10}{request.state:<16}received {request.received_on}, due {request.due_on}{mark}"

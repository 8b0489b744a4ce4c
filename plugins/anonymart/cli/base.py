"""What every module of commands shares: options, opening the home, the day of the run, printing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.policy import Policy, load_policy
from anonymart.progress import Progress
from anonymart.session import Session

if TYPE_CHECKING:
    from anonymart.release.states import Outcome

Function = TypeVar("Function", bound=Callable[..., Any])
DATE = click.DateTime(formats=["%Y-%m-%d"])


def as_json(command: Function) -> Function:
    """The option --json of every command."""
    return click.option("--json", "is_json", is_flag=True, help="Print one JSON object on standard output.")(
        command
    )


def dated(command: Function) -> Function:
    """The option --as-of of every command that decides by date."""
    return click.option(
        "--as-of", type=DATE, help="The day the rules are applied for, YYYY-MM-DD (default: today in Paris)."
    )(command)


def acting(command: Function) -> Function:
    """The option --as of every command that the audit log tells of."""
    return click.option(
        "--as",
        "actor",
        help="Who acts, for the audit log: a role or a login (default: ANONYMART_ACTOR, else the user of the "
        "system).",
    )(command)


def strict(command: Function) -> Function:
    """The option --strict of the commands that load."""
    return click.option(
        "--strict",
        "is_strict",
        is_flag=True,
        help="End with 5 also for a file that was refused whole, a late request or a silent source.",
    )(command)


def approving(command: Function) -> Function:
    """The options --approve-as and --reason of the commands that publish."""
    command = click.option(
        "--reason",
        help="Why the reviewer approves, in one sentence that names nobody; goes with --approve-as.",
    )(command)
    return click.option(
        "--approve-as",
        help="Approve at once as this reviewer (a role or a login) when the release changed beyond the "
        "policy's limits.",
    )(command)


def keys_of(home: Home) -> Keys:
    """The keys of the home, in which a rotation that was cut short is ended first."""
    if home.rotation.exists():
        from anonymart.rotate import resume

        if (ended := resume(home)) is not None:
            click.echo(f"The rotation of the key '{ended}', which was cut short, is done now.", err=True)
    return Keys.load(home)


def open_session(given: datetime | None = None) -> Session:
    """Home, keys, policy and the day of the run, today where none is given. A rotation that was cut short is
    ended and a home of an older version migrated first; one of a newer version is refused.
    """
    from anonymart.migrate.home import bring_up_to_date

    policy = load_policy()
    home = Home.from_env().prepare()
    session = Session(home, keys_of(home), policy, day_of(given, policy))
    bring_up_to_date(session, Progress())
    return session


def day_of(given: datetime | None, policy: Policy) -> date:
    """The day of the run. Only here, at the outermost edge, is the machine's clock asked for a default."""
    return given.date() if given else datetime.now(ZoneInfo(policy.figure("window", "time_zone"))).date()


def print_result(is_json: bool, result: dict[str, Any], lines: Callable[[Any], Iterable[str]]) -> None:
    """Print a result: as one JSON object, or as the lines that `lines` makes of it."""
    if is_json:
        click.echo(json.dumps(result, default=str))
    else:
        for line in lines(result):
            click.echo(line)


def exit_if_waiting(outcome: Outcome) -> None:
    """Exit 4, without a word: the result has told it."""
    from anonymart.errors import WAITS_FOR_A_PERSON
    from anonymart.release.states import Waiting

    if isinstance(outcome, Waiting):
        raise click.exceptions.Exit(WAITS_FOR_A_PERSON)

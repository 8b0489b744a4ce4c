"""`anonymart notify`: tell what asks for a person by e-mail and webhook, and try that it arrives."""

from __future__ import annotations

from datetime import datetime

import click

from anonymart.cli.base import as_json, dated, day_of, print_result
from anonymart.errors import AnonymartError


@click.group()
def notify() -> None:
    """Messages to people, by e-mail and webhook, as notify.yml of the school's configuration says.

    `anonymart run` and the DAGs send them by themselves: a red task, a gate that said no, a release that
    waits, requests near or late or unreadable, a silent source, a broken chain, trouble with key or disk.
    They hold counts, days and names of sources, and never a person's.
    """


@notify.command()
@dated
@as_json
def test(as_of: datetime | None, is_json: bool) -> None:
    """Send a test message everywhere; ends with 1 when it did not arrive."""
    from anonymart.home import Home
    from anonymart.notify.tell import test_message
    from anonymart.policy import load_policy

    failed = test_message(Home.from_env(), day_of(as_of, load_policy()))
    if failed:
        raise AnonymartError(" ".join(failed))
    print_result(is_json, {"status": "sent"}, lambda told: ["The test message was sent."])


@notify.command()
@dated
@as_json
def now(as_of: datetime | None, is_json: bool) -> None:
    """Tell what stands now and was not told in the last days: for a timer, where Airflow does not run."""
    from anonymart.home import Home
    from anonymart.notify.tell import tell_standing
    from anonymart.policy import load_policy

    policy = load_policy()
    sent = tell_standing(Home.from_env(), policy, day_of(as_of, policy))
    print_result(is_json, {"messages": sent}, lambda told: [f"Messages sent: {told['messages']}."])

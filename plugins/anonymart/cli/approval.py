"""The commands `anonymart approvals`, `approve` and `refuse`: what waits for the privacy reviewer, and the
answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from anonymart.cli.base import as_json, exit_if_waiting, open_session, print_result
from anonymart.lock import writing


def _answering(command: Callable[..., None]) -> Callable[..., None]:
    """What both answers ask for."""
    command = as_json(command)
    command = click.option(
        "--reason",
        required=True,
        help="Why, in one sentence that names nobody: it stands in the manifest and in the audit log.",
    )(command)
    command = click.option(
        "--as", "actor", required=True, help="Who decides: a role or a login, such as reviewer."
    )(command)
    command = click.option(
        "--candidate",
        help="The hash of the candidate that was read, or its first 8 digits or more: another one is not "
        "decided on.",
    )(command)
    return click.argument("release_id")(command)


@click.command("approvals")
@as_json
def approvals(is_json: bool) -> None:
    """List the releases that waited for the reviewer: why, since when, and what was decided by whom; and the
    marts that are held back.
    """
    from anonymart.release import approval, held_marts

    session = open_session()
    with writing(session.home):
        approval.settle(session)
        found, held = approval.decisions(session), held_marts.held_now(session)
        waits = approval.waiting(session)
        groups = held_marts.groups(waits.candidate) if waits and waits.candidate.is_there else []
    lines = [line for entry in found for line in _lines(entry)] or ["No release has waited yet."]
    lines += [
        f"  {' and '.join(group)} are told together: --hold holds them together."
        for group in groups
        if len(group) > 1
    ]
    lines += [
        f"Held back: {entry['mart']}, by {entry['decided_by']} at {entry['at']}: {entry['reason']}"
        for entry in held
    ]
    print_result(is_json, {"approvals": found, "groups": groups, "held": held}, lambda _: lines)


@click.command("approve")
@click.option(
    "--hold",
    "held",
    metavar="MART",
    multiple=True,
    help="Hold back what is new in this mart, and in the marts that are told together with it; may be given "
    "several times.",
)
@_answering
def approve(
    release_id: str, actor: str, reason: str, candidate: str | None, held: tuple[str, ...], is_json: bool
) -> None:
    """Publish RELEASE_ID, which waits for the reviewer. Exit 3 when its files are not what was asked about, 2
    when it no longer waits.

    With --hold the rest is published: the gate reads it anew without the held marts, which takes as long as
    the gate did, and the reason may hold no digit. Exit 4 when the rest is not what you have read, so that it
    waits. What is held comes again with the next build, computed anew, and waits for the reviewer.
    """
    from anonymart import run as whole
    from anonymart.release import held_marts
    from anonymart.release.approval import Reviewer

    session, reviewer = open_session(), Reviewer(actor, reason)
    with writing(session.home):
        if held:
            outcome = whole.approve_without(session, release_id, reviewer, candidate, held)
        else:
            outcome = whole.approve(session, release_id, reviewer, candidate)
        still_held = [entry["mart"] for entry in held_marts.held_now(session)]
    told = {"release_id": release_id, **whole.told_of(outcome), "held": still_held}
    print_result(is_json, told, _told_lines)
    exit_if_waiting(outcome)


def _told_lines(told: dict[str, Any]) -> list[str]:
    held = f"Held back until a release publishes it: {', '.join(told['held'])}."
    if told["waiting"]:
        lines = ["What is left is not what you have read, so it waits.", told["waiting"]["says"]]
    else:
        lines = [f"Published release {told['release_id']}."]
    return [*lines, *([held] if told["held"] else [])]


@click.command("refuse")
@_answering
def refuse(release_id: str, actor: str, reason: str, candidate: str | None, is_json: bool) -> None:
    """Refuse RELEASE_ID, which waits for the reviewer: it is set aside, and `current` stays. The next build
    makes a new one, which waits again.
    """
    from anonymart.release.answer import refuse_waiting
    from anonymart.release.approval import Reviewer

    session = open_session()
    with writing(session.home):
        kept = refuse_waiting(session, release_id, Reviewer(actor, reason), candidate)
    print_result(
        is_json,
        {"release_id": release_id, "status": "refused", "kept": str(kept.folder)},
        lambda told: [
            f"Refused release {told['release_id']}: it is kept as {told['kept']} until the next one, "
            f"`current` stays."
        ],
    )


def _lines(entry: dict) -> list[str]:
    by = f" by {entry['actor']} at {entry['at']}: {entry['reason']}" if entry["actor"] else ""
    head = f"{entry['release_id']} (candidate {entry['candidate_sha256'][:12]}): {entry['state']}{by}"
    return [head, *(f"  {sentence}" for sentence in entry["because"])]

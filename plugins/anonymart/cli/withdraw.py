"""The command `anonymart withdraw`: recall a release that was wrong, so that the next one corrects it."""

from __future__ import annotations

from datetime import datetime

import click

from anonymart.cli.base import acting, as_json, dated, open_session, print_result
from anonymart.lock import writing


@click.command("withdraw")
@click.argument("release_id")
@click.option(
    "--why",
    required=True,
    help="What was wrong, in one sentence. Every reader of the releases sees it, so it may name nobody.",
)
@click.option(
    "--mart", "marts", multiple=True, help="Only cells of this mart were wrong; may be given several times."
)
@click.option(
    "--period",
    "periods",
    multiple=True,
    help="Only cells of this period, as in 2026-04-01, 2024 or 2024|6; may be given several times.",
)
@click.option("--token", help="The token of the plan; without it the plan is only shown.")
@click.option(
    "--reword",
    "is_reworded",
    is_flag=True,
    help="Only give the withdrawal of RELEASE_ID, not replaced yet, another reason.",
)
@acting
@dated
@as_json
def withdraw(
    release_id: str,
    why: str,
    marts: tuple[str, ...],
    periods: tuple[str, ...],
    token: str | None,
    is_reworded: bool,
    as_of: datetime | None,
    is_json: bool,
    actor: str | None,
) -> None:
    """Recall RELEASE_ID and each later release that carries its wrong cells. Shows a plan and its token; acts
    only with it.

    Wrong are the cells that RELEASE_ID was the first to publish, or those of the marts and periods named. The
    last release before it becomes current, the recalled folders get a WITHDRAWN.json, and the next `anonymart
    run` computes the wrong cells anew; all others stay as they are.
    """
    from anonymart import release

    if is_reworded and (marts or periods or token):
        raise click.UsageError("--reword changes the reason alone: leave --mart, --period and --token out.")
    session = open_session(as_of)
    wrong = release.Wrong(release_id, why, marts, periods)
    with writing(session.home):
        if is_reworded:
            told = {"release_id": release_id, "why": release.reword(session, release_id, why, actor)}
            print_result(is_json, told, lambda _: [f"The withdrawal of {release_id} has the new reason."])
            return
        if token:
            found = release.withdraw(session, wrong, token, actor)
        else:
            found = release.plan_withdrawal(session, wrong)
    print_result(
        is_json,
        {
            "release_id": found.release_id,
            "as_of": found.as_of,
            "why": found.why,
            "recalled": found.recalled,
            "cells": found.cells,
            "periods": found.periods,
            "current": found.current,
            "is_done": found.is_done,
            "token": found.token,
        },
        _lines,
    )


def _lines(result: dict) -> list[str]:
    done = result["is_done"]
    lines = [
        f"{'Recalled' if done else 'Would recall'}: {', '.join(result['recalled'])}",
        *(
            f"{mart}: {n_cells} cells of {len(result['periods'][mart])} periods to compute anew"
            for mart, n_cells in result["cells"].items()
        ),
        f"Current: {result['current'] or 'none, every release is withdrawn'}",
    ]
    if done:
        return [*lines, "The next run closes these periods again and publishes the correction."]
    return [*lines, f"To act, repeat the command with: --as-of {result['as_of']} --token {result['token']}"]

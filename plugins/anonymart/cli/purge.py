"""`anonymart purge`: what is over its term, as a plan first."""

from __future__ import annotations

from datetime import datetime

import click

from anonymart.cli.base import acting, as_json, dated, day_of, open_home, print_result
from anonymart.lock import writing
from anonymart.progress import Progress


@click.command()
@click.option("--token", help="The token of the plan; without it the plan is only shown.")
@click.option(
    "--hold",
    "is_hold",
    is_flag=True,
    help="Let a plan that waits for a person wait on, for as many days again; needs --reason.",
)
@click.option(
    "--reason",
    help="Why a plan that looks wrong may go on (with --token), or why it shall wait on (with --hold), in "
    "one sentence that names nobody.",
)
@dated
@acting
@as_json
def purge(
    token: str | None,
    is_hold: bool,
    reason: str | None,
    as_of: datetime | None,
    actor: str | None,
    is_json: bool,
) -> None:
    """Remove from vault and warehouse what is over its term. Shows a plan and its token; acts only with it.

    A plan that would remove a large share of the learners, or whose day is far ahead of the data, waits for
    some days (exit 4): --token and --reason let it go on now, --hold and --reason let it wait longer.
    """
    from anonymart.erasure import removal
    from anonymart.release import approval
    from anonymart.run import renew

    home, keys, policy = open_home()
    day = day_of(as_of, policy)
    if is_hold and (reason is None or token):
        raise click.UsageError("--hold needs --reason, and goes without --token.")
    with writing(home):
        if is_hold:
            until = removal.keep_waiting(home, keys, policy, day, reason or "", actor)
            print_result(
                is_json,
                {"as_of": str(day), "waits_until": str(until)},
                lambda told: [f"The plan waits until {told['waits_until']}."],
            )
            return
        plan = removal.plan_terms(home, keys, policy, day)
        done = removal.enforce_terms(home, keys, policy, day, token, reason, actor) if token else plan
        if token:
            approval.supersede_by_rights(home, keys, day)
            renew(home, keys, policy, day, Progress(quiet=is_json))
    result = {
        "as_of": done.as_of,
        "rows": done.rows,
        "files": done.files,
        "never_known": done.never_known,
        "is_done": done.is_done,
        "token": plan.token,
        "receipt_no": done.receipt_no,
        "learners": plan.people.known,
        "learners_leaving": plan.people.leaving,
        "why_held": plan.why_held.sentence if plan.why_held else None,
    }
    print_result(is_json, result, _purge_lines)


def _purge_lines(result: dict) -> list[str]:
    rows = [f"{table}: {n_rows} rows" for table, n_rows in result["rows"].items()]
    verb = "Removed" if result["is_done"] else "Would remove"
    files = [f"{kind}: {n_files}" for kind, n_files in result["files"].items()]
    waited = [
        f"of which never known to the register, {source}: {n_rows} rows"
        for source, n_rows in result["never_known"].items()
    ]
    lines = [f"{verb}, as of {result['as_of']}:", *(rows or ["no row"]), *waited, *files]
    if result["receipt_no"]:
        lines.append(f"Receipt {result['receipt_no']} is in receipts.ndjson.")
    if result["is_done"]:
        return lines
    if result["learners_leaving"]:
        lines.append(f"learners who leave the window: {result['learners_leaving']} of {result['learners']}")
    act = f"anonymart purge --as-of {result['as_of']}"
    if result["why_held"]:
        return [
            *lines,
            f"This plan waits for a person. {result['why_held']}",
            f"To act: {act} --token {result['token']} --reason TEXT",
            f"To wait longer: {act} --hold --reason TEXT",
        ]
    return [*lines, f"To act: {act} --token {result['token']}"]

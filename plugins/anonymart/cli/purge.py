"""`anonymart purge`: what is over its term, or what should never have come, as a plan first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from anonymart.cli.base import acting, as_json, dated, open_session, print_result
from anonymart.lock import writing
from anonymart.progress import Progress

if TYPE_CHECKING:
    from anonymart.erasure.purge import Asked

MOMENT = click.DateTime(
    formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z"]
)


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
@click.option("--source", help="Purge what should never have come from this source.")
@click.option("--column", help="With --source: blank this column, everywhere and for good.")
@click.option(
    "--from",
    "from_at",
    type=MOMENT,
    help="With --source: what tells of this moment (UTC) or later; of visits a day.",
)
@click.option("--to", "until_at", type=MOMENT, help="With --from: up to this moment, without it.")
@click.option("--file", help="With --source: the rows of the deliveries of this name.")
@dated
@acting
@as_json
def purge(
    token: str | None,
    is_hold: bool,
    reason: str | None,
    source: str | None,
    column: str | None,
    from_at: datetime | None,
    until_at: datetime | None,
    file: str | None,
    as_of: datetime | None,
    actor: str | None,
    is_json: bool,
) -> None:
    """Remove from vault and warehouse what is over its term. Shows a plan and its token; acts only with it.

    A plan that would remove a large share of the learners, or whose day is far ahead of the data, waits for
    some days (exit 4): --token and --reason let it go on now, --hold and --reason let it wait longer.

    With --source it removes what should never have come: a column (--column, in a time with --from and --to),
    what tells of a time (--from, --to), or the deliveries of a name (--file). The plan counts by place and
    names the releases that may rest on it; a tombstone keeps a redelivery out.
    """
    if source or column or from_at or until_at or file:
        from anonymart.erasure.purge import Asked

        if not source or is_hold or reason:
            raise click.UsageError(
                "--column, --from, --to and --file need --source, without --hold, --reason."
            )
        _purge_source(
            Asked(source, column, _utc(from_at), _utc(until_at), file), token, as_of, actor, is_json
        )
        return
    from anonymart.erasure import removal
    from anonymart.release import approval
    from anonymart.run import renew

    session = open_session(as_of)
    if is_hold and (reason is None or token):
        raise click.UsageError("--hold needs --reason, and goes without --token.")
    with writing(session.home):
        if is_hold:
            until = removal.keep_waiting(session, reason or "", actor)
            print_result(
                is_json,
                {"as_of": str(session.as_of), "waits_until": str(until)},
                lambda told: [f"The plan waits until {told['waits_until']}."],
            )
            return
        plan = removal.plan_terms(session)
        done = removal.enforce_terms(session, token, reason, actor) if token else plan
        if token:
            approval.supersede_by_rights(session)
            renew(session, Progress(quiet=is_json))
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


def _utc(at: datetime | None) -> datetime | None:
    """A typed moment without an offset is UTC."""
    return at.astimezone(UTC).replace(tzinfo=None) if at and at.tzinfo else at


def _purge_source(
    asked: Asked, token: str | None, as_of: datetime | None, actor: str | None, is_json: bool
) -> None:
    from anonymart.erasure import purge as purging

    session = open_session(as_of)
    with writing(session.home):
        found = purging.carry_out(session, asked, token, actor) if token else purging.plan(session, asked)
    result = {
        "as_of": found.as_of,
        "what": found.what,
        "rows": found.rows,
        "files": found.files,
        "releases": found.releases,
        "restricted": found.restricted,
        "not_counted": found.not_counted,
        "is_done": found.is_done,
        "token": found.token,
        "receipt_no": found.receipt_no,
    }
    print_result(is_json, result, _source_lines)


def _source_lines(result: dict) -> list[str]:
    verb = "Removed" if result["is_done"] else "Would remove"
    lines = [f"{verb} {result['what']}:"]
    lines += [f"{place}: {n_rows}" for place, n_rows in result["rows"].items()] or ["no row"]
    lines += [f"{kind}: {n_files}" for kind, n_files in result["files"].items()]
    if result["not_counted"]:
        lines.append(result["not_counted"])
    if result["restricted"]:
        lines.append(
            f"Of these, {result['restricted']} are of people who asked that theirs be kept (R-RESTRICT): "
            "ask the data protection officer first."
        )
    for release, marts in result["releases"].items():
        lines.append(f"Release {release} may rest on it: {', '.join(marts)}.")
        lines.append(
            f"  To recall it: anonymart withdraw {release} --why TEXT --mart {' --mart '.join(marts)}"
        )
    if result["is_done"]:
        lines.append(
            f"Receipt {result['receipt_no']} is in receipts.ndjson; the next build makes figures anew."
        )
    else:
        lines.append(f"To act: the same command with --as-of {result['as_of']} --token {result['token']}")
    return lines

"""The commands `anonymart audit` and `anonymart share`: who did what, and which release went to whom."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from anonymart.audit import ACTS
from anonymart.cli.base import acting, as_json, dated, open_session, print_result
from anonymart.lock import writing

_CHAIN = ("entry_no", "previous", "hash")
_HEAD = ("at", "as_of", "act", "actor", "os_user")


@click.command("audit")
@click.option(
    "--act",
    type=click.Choice(ACTS),
    help="Only entries of this act; `shared` is the register of recipients (S-SHARE).",
)
@as_json
def audit(act: str | None, is_json: bool) -> None:
    """List the audit log and check its chain; exit 1 when an entry was changed or is missing.

    Each entry says when (UTC, and the as_of), what was done, by whom, by which user of the system, and to
    which release.
    """
    from anonymart import audit as library

    session = open_session()
    with writing(session.home):
        verdict = library.verify(session)
        found = [entry for entry in library.entries(session.home) if act in (None, entry.get("act"))]
    sentence = (
        f"{verdict.n_entries} entries hold."
        if verdict.passed
        else f"The audit log does not hold: {verdict.problem}."
    )
    print_result(is_json, {**asdict(verdict), "entries": found}, lambda _: [*map(_line, found), sentence])
    if not verdict.passed:
        raise click.exceptions.Exit(1)


@click.command("share")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--to", required=True, help="Who receives it: an organisation or a role, no person.")
@click.option(
    "--country", required=True, help="Where they keep it: two capital letters of ISO 3166-1, as in FR."
)
@click.option("--why", required=True, help="For what, in one sentence that names nobody.")
@acting
@dated
@as_json
def share(
    folder: Path, to: str, country: str, why: str, actor: str | None, as_of: datetime | None, is_json: bool
) -> None:
    """Note in the audit log that the release FOLDER goes to somebody (S-SHARE, S-EU); hand it over yourself,
    only when this says yes.

    Exit 3 when the folder is not a release as it was published, or one that was recalled; 2 for a country
    that the policy does not name.
    """
    from anonymart import release

    session = open_session(as_of)
    with writing(session.home):
        made = release.share(session, folder, release.Recipient(to, country, why), actor)
    print_result(
        is_json,
        asdict(made),
        lambda told: [
            f"Noted: {told['release_id']} goes to {told['to']} in {told['country']} (safeguard: "
            f"{told['safeguard']}). Hand over the folder and your public key."
        ],
    )


def _line(entry: dict) -> str:
    told = ", ".join(
        f"{name} {_text(value)}" for name, value in entry.items() if name not in (*_CHAIN, *_HEAD)
    )
    head = (
        f"{entry.get('entry_no')}. {entry.get('at')}  as of {entry.get('as_of')}  {entry.get('actor')} "
        f"({entry.get('os_user')}) {entry.get('act')}"
    )
    return f"{head}: {told}" if told else head


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

"""`anonymart site`: all releases as a static site."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from anonymart.cli.base import acting, as_json, dated, open_session, print_result
from anonymart.lock import writing
from anonymart.progress import Progress


@click.command("site")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--to", required=True, help="Who can read it: an organisation or a role, no person.")
@click.option(
    "--country", required=True, help="Where it is kept: two capital letters of ISO 3166-1, as in FR."
)
@click.option("--why", required=True, help="For what, in one sentence that names nobody.")
@acting
@dated
@as_json
def site(
    folder: Path, to: str, country: str, why: str, actor: str | None, as_of: datetime | None, is_json: bool
) -> None:
    """Write a static site of all releases into DIR, newest first, or bring it up to date.

    Open DIR/index.html from the disk, or put DIR on a web server: it has no script and asks nothing from
    elsewhere. Each release that goes in is noted in the audit log as `anonymart share` does (S-SHARE, S-EU).
    A recalled release is named with its reason, and its files go: run this after each `publish` and
    `withdraw`.

    Exit 3 when a release of the home is not as it was published; 2 when DIR holds something else.
    """
    from anonymart import release

    session = open_session(as_of)
    with writing(session.home):
        made = release.make_site(
            session, folder, release.Recipient(to, country, why), Progress(quiet=is_json), actor
        )
    print_result(is_json, asdict(made), _lines)


def _lines(made: dict) -> list[str]:
    told = [
        f"{text}: {', '.join(made[name])}."
        for name, text in (
            ("copied", "Copied"),
            ("kept", "There already"),
            ("removed", "Recalled, so removed"),
        )
        if made[name]
    ]
    return [*(told or ["Nothing is published yet."]), f"Open {Path(made['folder'], 'index.html')}."]

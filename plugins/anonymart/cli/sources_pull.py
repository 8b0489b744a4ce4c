"""The commands `anonymart sources pull …`: what is new in a source goes to landing, from where `anonymart
ingest` loads it.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import click

from anonymart.cli.base import as_json, open_session, print_result
from anonymart.progress import Progress


@click.group("pull")
def pull() -> None:
    """Fetch what is new in a source into landing; `anonymart ingest` loads it."""


@pull.command("lrs")
@click.option(
    "--url",
    required=True,
    help="The xAPI endpoint, the part before /statements, as in https://lrs.example.org/xAPI.",
)
@click.option(
    "--overlap-hours",
    type=click.FloatRange(0),
    default=24,
    show_default=True,
    help="How far before the newest statement known to begin, for late ones.",
)
@click.option(
    "--page-size",
    type=click.IntRange(0),
    default=1000,
    show_default=True,
    help="Statements a page; 0 for as many as the store allows.",
)
@click.option(
    "--xapi-version",
    type=click.Choice(("1.0.3", "2.0.0")),
    help="The version to speak (default: the newest that the store names).",
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="From the beginning of the store; what is known counts as duplicate.",
)
@click.option(
    "--allow-http",
    is_flag=True,
    help="Accept an http address of another machine: everybody on the way reads along.",
)
@as_json
def lrs(
    url: str,
    overlap_hours: float,
    page_size: int,
    xapi_version: str | None,
    everything: bool,
    allow_http: bool,
    is_json: bool,
) -> None:
    """Drain a learning record store (xAPI 1.0.3, 2.0) into landing/learning; killed or cut off, it goes on
    where it stopped.

    Credentials come from ANONYMART_LRS_SECRET_FILE (JSON with `token`, or `username` and `password`; chmod
    600), or from ANONYMART_LRS_TOKEN, or from ANONYMART_LRS_USERNAME and ANONYMART_LRS_PASSWORD; never from
    arguments, which others can see.
    """
    from anonymart.sources import lrs as library
    from anonymart.sources import lrs_store

    session = open_session()
    store = lrs_store.make_store(
        url,
        lrs_store.secrets_from_environment(),
        allow_http,
        version=xapi_version or "",
        overlap=timedelta(hours=overlap_hours),
        page_size=page_size,
    )
    print_result(
        is_json,
        asdict(library.pull(session, store, Progress(), everything)),
        lambda told: [sentence(told)],
    )


def sentence(told: dict) -> str:
    """What a pull brought, in words."""
    newest = f", stored up to {told['newest_at']:%Y-%m-%d %H:%M} UTC" if told["newest_at"] else ""
    return (
        f"{told['statements']:,} statements in {told['pages']:,} pages, {told['files']} files in "
        f"landing/learning{newest}."
    )

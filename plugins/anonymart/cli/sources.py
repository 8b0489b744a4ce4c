"""The group `anonymart sources`: data that lives in other people's software."""

from __future__ import annotations

import click

from anonymart.cli.sources_pull import pull


@click.group("sources")
def sources() -> None:
    """Sources in other people's software: fetch what is new in them."""


sources.add_command(pull)

"""The group `anonymart sources`: other people's software, and what it brings."""

from __future__ import annotations

import click

from anonymart.cli import (
    sources_catalogue,
    sources_changes,
    sources_register,
    sources_response_rates,
    sources_surveys,
)
from anonymart.cli.sources_pull import pull


@click.group("sources")
def sources() -> None:
    """Bring in what is new from other people's software, and see what changed in it."""


sources.add_command(pull)
sources_register.add_commands(pull)
sources_changes.add_commands(sources)
sources_catalogue.add_commands(sources)
sources_surveys.add_commands(sources)
sources_response_rates.add_commands(sources)

"""The group `anonymart sources`: other people's software, and what it brings."""

from __future__ import annotations

import click

from anonymart.cli import sources_changes, sources_register


@click.group("sources")
def sources() -> None:
    """Bring in what is new from other people's software, and see what changed in it."""


@sources.group("pull")
def pull() -> None:
    """Read what is new into landing/<source>/."""


sources_register.register(pull)
sources_changes.register(sources)

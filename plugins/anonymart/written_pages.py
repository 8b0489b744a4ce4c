"""Pages of docs/ with sections that a program writes: what stands between two comment lines is replaced, and
nothing else.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from anonymart.errors import UsageError

_WRAPPER = textwrap.TextWrapper(width=110, break_long_words=False, break_on_hyphens=False)


def markers(name: str, writer: str) -> tuple[str, str]:
    """The comment lines before and after a section; `writer` is the command that writes it."""
    return f"<!-- {name}: begin; written by `{writer}`, do not edit -->", f"<!-- {name}: end -->"


def rewritten(page: str, name: str, section: str, writer: str) -> str:
    """The page with a section between its markers. Raises UsageError when they are not there, once
    each.
    """
    begin, end = markers(name, writer)
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        raise UsageError(
            f"The page has lost the markers of its section {name}: put back the two comment lines."
        )
    return f"{page[: page.index(begin)]}{begin}\n\n{wrapped(section)}\n\n{page[page.index(end) :]}"


def wrapped(section: str) -> str:
    """A section of one-line paragraphs and tables, its paragraphs wrapped at 110 columns."""
    return "\n".join(
        line if line.startswith(("|", "#")) else "\n".join(_WRAPPER.wrap(line))
        for line in section.split("\n")
    )


def command(default: Path, writer: str, sections: Callable[[], Mapping[str, str]]) -> click.Command:
    """The command `writer`: it rewrites all sections of a page; with `--check` it changes nothing and ends
    with 1 when one is stale.
    """

    @click.command(
        help=f"Rewrite the sections of docs/{default.name} that are made from the register and the contracts."
    )
    @click.option("--check", is_flag=True, help="Change nothing; end with 1 when the page is stale.")
    @click.option("--page", type=click.Path(path_type=Path), default=default, help="The page to write.")
    def main(check: bool, page: Path) -> None:
        old = new = page.read_text(encoding="utf-8")
        for name, section in sections().items():
            new = rewritten(new, name, section, writer)
        if new == old:
            click.echo(f"{page.name} is up to date.")
            return
        if check:
            click.echo(f"{page.name} is stale; run `{writer}`.")
            raise SystemExit(1)
        page.write_text(new, encoding="utf-8")
        click.echo(f"{page.name} is rewritten.")

    return main

"""No line of a page is over 110 characters: tables, code, pictures and comments are let off."""

import subprocess

import pytest

from anonymart.home import PROJECT

PAGES = subprocess.run(
    ["git", "ls-files", "*.md"], cwd=PROJECT, capture_output=True, text=True, check=True
).stdout.split()


def long_lines(text: str) -> list[str]:
    """The lines of prose over 110 characters."""
    prose = text.split("```")[::2]
    lines = [line for part in prose for line in part.splitlines()]
    return [line for line in lines if len(line) > 110 and not line.startswith(("|", "#", "![", "<!--"))]


def test_prose_is_measured_and_tables_are_not() -> None:
    assert long_lines("a " * 60 + "\n| " + "b " * 60 + "|\n```\n" + "c " * 60 + "\n```\n") == ["a " * 60]


@pytest.mark.parametrize("page", PAGES)
def test_no_line_of_a_page_is_over_110_characters(page: str) -> None:
    assert long_lines((PROJECT / page).read_text(encoding="utf-8")) == []

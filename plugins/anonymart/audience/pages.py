"""`expectations/audience.yml`: which pages are of which type, what is no page, and which programs are no
people (D-AUDIENCE).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import yaml

from anonymart import config
from anonymart.contracts import LOADER
from anonymart.engine import literal
from anonymart.errors import UsageError
from anonymart.home import PROJECT
from anonymart.shapes import shaped

FILE = PROJECT / "expectations" / "audience.yml"
OTHER = "other"
_COURSE = "{course}"
_TYPE = re.compile(r"[a-z][a-z_]{0,30}")
_PARTS = {"*": "[^/]+", _COURSE: "([^/]+)"}


class _Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pattern of paths and the type of page that it means."""

    path: str
    type: str

    def __post_init__(self) -> None:
        if not _TYPE.fullmatch(self.type) or self.type == "all":
            raise ValueError("a type of page is a word in small letters, such as article, and not 'all'.")
        parts = self.path.split("/")
        if parts[0] or self.path.count(_COURSE) > 1 or "**" in parts[:-1]:
            raise ValueError(
                "a path begins with /, names one {course} at most, and has ** as its last part only."
            )

    @property
    def pattern(self) -> str:
        """The regular expression of a whole path; its one group, where it has one, is the course."""
        parts = self.path.strip("/").split("/")
        is_open = parts[-1] == "**"
        found = "".join(f"/{_PARTS.get(part, re.escape(part))}" for part in parts[: -1 if is_open else None])
        return found.rstrip("/") + ("(?:/.*)?" if is_open else "/?")


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """The shape of audience.yml; a school's own may leave entries out."""

    pages: tuple[_Page, ...] = ()
    no_pages: tuple[str, ...] = ()
    crawlers: tuple[str, ...] = ()


class Pages(NamedTuple):
    """What audience.yml says, as it holds for this school."""

    pages: tuple[_Page, ...]
    no_pages: tuple[str, ...]
    crawlers: tuple[str, ...]

    @property
    def types(self) -> list[str]:
        """Every type that a page may have, by name."""
        return sorted({page.type for page in self.pages} | {OTHER})

    def type_of(self, path: str) -> str:
        """SQL for the type of the page at a path."""
        return self._by_pattern(path, lambda page: literal(page.type), literal(OTHER))

    def course_of(self, path: str) -> str:
        """SQL for the part of a path that may name a course, NULL where none does."""
        return self._by_pattern(
            path,
            lambda page: (
                f"regexp_extract({path}, {literal(f'^{page.pattern}$')}, 1)"
                if _COURSE in page.path
                else "NULL"
            ),
            "NULL",
        )

    def is_no_page(self, path: str) -> str:
        """SQL: whether a path is that of a file beside a page."""
        endings = "|".join(re.escape(ending.lower()) for ending in self.no_pages)
        return f"regexp_matches(lower({path}), {literal(f'[.](?:{endings})$')})" if endings else "false"

    def is_crawler(self, agent: str) -> str:
        """SQL: whether a user agent is that of a program that says so, or is missing."""
        words = "|".join(re.escape(word.lower()) for word in self.crawlers)
        says_so = f" OR regexp_matches(lower({agent}), {literal(words)})" if words else ""
        return f"({agent} IN ('', '-'){says_so})"

    def _by_pattern(self, path: str, then: Callable[[_Page], str], otherwise: str) -> str:
        cases = " ".join(
            f"WHEN regexp_full_match({path}, {literal(page.pattern)}) THEN {then(page)}"
            for page in self.pages
        )
        return f"CASE {cases} ELSE {otherwise} END" if cases else otherwise


@config.kept
def pages(path: Path = FILE) -> Pages:
    """The shipped entries with the school's before them. Raises UsageError for a file that does not hold
    them rightly.
    """
    try:
        shipped = shaped(yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER), _File, path.name)
    except (OSError, yaml.YAMLError):
        raise UsageError(f"{path} cannot be read as YAML: mend the file.") from None
    own_file = config.file(config.AUDIENCE) if path == FILE else None
    own = shaped(config.read(own_file)[0], _File, str(own_file)) if own_file else _File()
    return Pages(
        (*own.pages, *shipped.pages),
        (*own.no_pages, *shipped.no_pages),
        (*own.crawlers, *shipped.crawlers),
    )

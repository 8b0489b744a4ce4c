"""The blocks of the documentation: what is in them, whether a test runs them, and the output that is shown
under them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NOT_RUN = re.compile(r"<!-- not run: (.+?) -->\n$")


@dataclass(frozen=True)
class Block:
    """One fenced block. `not_run` is the reason in the comment before it; `output` the text block right after
    it.
    """

    page: str
    line: int
    language: str
    text: str
    not_run: str | None
    output: str | None
    output_span: tuple[int, int] | None

    @property
    def name(self) -> str:
        return f"{self.page}:{self.line}"


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pages() -> list[str]:
    """Every page of the documentation, relative to the project."""
    found = [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "CHANGELOG.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    ]
    return [str(path.relative_to(ROOT)) for path in found]


def blocks(name: str, language: str | None = None) -> list[Block]:
    """The blocks of a page that are in a language (all when none is given), outputs among them."""
    text = page(name)
    fences = list(_FENCE.finditer(text))
    found = []
    for number, fence in enumerate(fences):
        reason = _NOT_RUN.search(text[: fence.start()])
        follower = fences[number + 1] if number + 1 < len(fences) else None
        is_output = (
            follower and follower.group(1) == "text" and not text[fence.end() : follower.start()].strip()
        )
        found.append(
            Block(
                page=name,
                line=text.count("\n", 0, fence.start()) + 1,
                language=fence.group(1),
                text=fence.group(2),
                not_run=reason.group(1) if reason else None,
                output=follower.group(2) if is_output else None,
                output_span=follower.span(2) if is_output else None,
            )
        )
    return [block for block in found if language in (None, block.language)]


def runnable(language: str) -> list[Block]:
    """The blocks of all pages in a language that nothing excuses from being run."""
    return [block for name in pages() for block in blocks(name, language) if not block.not_run]


def table(columns: list[str], rows: list[tuple]) -> str:
    """Rows as the pages show them: columns side by side, numbers to the right."""
    texts = [["NULL" if value is None else f"{value}" for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *texts, strict=True)]
    is_number = [any(isinstance(row[i], int | float) for row in rows) for i in range(len(columns))]
    lines = []
    for row in [columns, ["-" * width for width in widths], *texts]:
        cells = [
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(row, widths, is_number, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines) + "\n"

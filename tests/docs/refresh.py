"""`python -m tests.docs.refresh RELEASE`: writes the outputs of docs/analyst.md anew from a release of the demo.

With `--check` it changes nothing and ends with 1 when a figure on the page is not the release's. The tests look at columns
only, since their school is smaller.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from tests.docs.pages import ROOT, blocks, table

PAGE = ROOT / "docs" / "analyst.md"


def refreshed(release: Path) -> str:
    """The page with the outputs that the release gives."""
    text = PAGE.read_text(encoding="utf-8")
    with duckdb.connect(str(release / "marts.duckdb"), read_only=True) as marts:
        marts.execute("USE marts.marts")
        for block in reversed(blocks("docs/analyst.md", "sql")):
            if block.output_span:
                found = marts.execute(block.text)
                first, last = block.output_span
                text = (
                    text[:first]
                    + table([column[0] for column in found.description], found.fetchall())
                    + text[last:]
                )
    return text


if __name__ == "__main__":
    page = refreshed(Path(sys.argv[1]))
    if "--check" in sys.argv:
        sys.exit(page != PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(page, encoding="utf-8")

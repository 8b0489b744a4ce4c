"""`python -m tests.docs.refresh RELEASE`: writes the outputs of docs/analyst.md anew from a release of the demo."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from tests.docs.pages import ROOT, blocks, table

PAGE = "docs/analyst.md"


def main(release: Path) -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    with duckdb.connect(str(release / "marts.duckdb"), read_only=True) as marts:
        marts.execute("USE marts.marts")
        for block in reversed(blocks(PAGE, "sql")):
            if block.output_span:
                found = marts.execute(block.text)
                first, last = block.output_span
                text = text[:first] + table([column[0] for column in found.description], found.fetchall()) + text[last:]
    (ROOT / PAGE).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

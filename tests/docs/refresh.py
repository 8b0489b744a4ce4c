"""`python -m tests.docs.refresh RELEASE`: writes the outputs of docs/analyst.md, and what protection costs
and what the attacks came to in docs/disclosure.md, anew from a release in the home of the demo, whose people
are made up.

With `--check` it changes nothing and ends with 1 when a figure on a page is not the release's. The tests look
at columns only, since their school is smaller.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from anonymart import engine
from anonymart.disclosure import utility
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.release import exact, for_reviewer
from anonymart.statistician import PAGE as STATISTICIAN
from anonymart.statistician import markdown
from anonymart.written_pages import rewritten
from tests.docs.pages import ROOT, blocks, table

PAGE = ROOT / "docs" / "analyst.md"
WRITER = "python -m tests.docs.refresh RELEASE"
SHOWN = {
    utility.COUNT_ERROR: "count, persons",
    utility.NPS_ERROR: "NPS, points",
    utility.MEDIAN_SALARY_ERROR: "median salary, %",
    utility.QUARTILE_SALARY_ERROR: "quartile salary, %",
    utility.IN_COUNTS: "in published counts, %",
    utility.AS_ZERO: "in counts of 0, %",
    utility.IN_OTHERS: "in other figures, %",
}


def refreshed(release: Path) -> str:
    """The page with the outputs that the release gives."""
    text = PAGE.read_text(encoding="utf-8")
    with duckdb.connect(str(release / "marts.duckdb"), read_only=True) as marts:
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


def costs(found: dict) -> str:
    """What protection costs, as noted for the reviewer, as a table: one row a mart, and all together."""
    rows = []
    for name, part in [*found["marts"].items(), ("all together", found)]:
        figures = [
            str(part.get(figure, "-")).replace(utility.TOO_FEW_CELLS, "too few cells") for figure in SHOWN
        ]
        suppressed = part["suppressed"]
        rows.append(
            (name, str(part["new_cells"]), *figures, str(suppressed["too_few"]), str(suppressed["protected"]))
        )
    return markdown(("mart", "cells", *SHOWN.values(), "too few", "protected"), rows)


def risks(attacks: list[dict]) -> str:
    """The attacks, as noted for the reviewer, as a table: one row each, with the limits of the share of
    successes and the control.
    """
    rows = [
        (
            f"`{found['attack']}`",
            f"{found['tried']:,}",
            str(found["succeeded"]),
            f"{100 * found['interval'][1]:.3f} %",
            f"{found['control']['succeeded']:,} of {found['control']['tried']:,}",
        )
        for found in attacks
    ]
    return markdown(
        ("attack", "tried", "succeeded", "at most, of all tries (95 %)", "succeeded on its control"), rows
    )


def refreshed_costs(release: Path) -> str:
    """The statistician's page with what protection cost in the release, and what the attacks on it came
    to.
    """
    home = Home(release.resolve().parent.parent)
    with engine.connect(home, Keys.load(home), vault="ro") as connection:
        notes = for_reviewer.notes(connection, release.resolve().name)
    text = rewritten(STATISTICIAN.read_text(encoding="utf-8"), "utility", costs(notes[exact.UTILITY]), WRITER)
    return rewritten(text, "attacks", risks(notes[exact.ATTACKS]), WRITER)


if __name__ == "__main__":
    pages = {path: of(Path(sys.argv[1])) for path, of in ((PAGE, refreshed), (STATISTICIAN, refreshed_costs))}
    if "--check" in sys.argv:
        sys.exit(any(page != path.read_text(encoding="utf-8") for path, page in pages.items()))
    for path, page in pages.items():
        path.write_text(page, encoding="utf-8")

"""The tables at the end of the demo: what was kept of the rows, what of the figures, and what became of
requests.
"""

from __future__ import annotations

from collections.abc import Iterable

ROWS = ("delivered", "loaded", "refused", "quarantined", "duplicate")
FIGURES = ("rows", "figures", "published", "too_few", "protected")


def sources_table(counts: dict[str, dict[str, int]]) -> list[str]:
    """Rows by source: delivered = loaded + refused + quarantined + duplicate; files refused whole apart."""
    head = ("source", "files", "refused whole", *ROWS)
    columns = ("files", "files_refused", *ROWS)
    return _table(head, [(source, *(found[name] for name in columns)) for source, found in counts.items()])


def figures_table(marts: dict[str, dict[str, int]]) -> list[str]:
    """Figures by mart: published, or suppressed as too_few or protected."""
    lines = [(name, *(found[column] for column in FIGURES)) for name, found in marts.items()]
    return _table(("mart", *(name.replace("_", " ") for name in FIGURES)), lines)


def requests_table(counts: dict[str, dict[str, int]]) -> list[str]:
    """Requests of people by kind and state."""
    states = sorted({state for found in counts.values() for state in found})
    return _table(
        ("request", *states),
        [(kind, *(found.get(state, 0) for state in states)) for kind, found in sorted(counts.items())],
    )


def _table(head: tuple[str, ...], lines: Iterable[tuple[object, ...]]) -> list[str]:
    rows = [
        head,
        *(tuple(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in line) for line in lines),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return ["  " + "  ".join(_padded(row, widths)) for row in rows]


def _padded(row: tuple[str, ...], widths: list[int]) -> list[str]:
    return [
        row[0].ljust(widths[0]),
        *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
    ]

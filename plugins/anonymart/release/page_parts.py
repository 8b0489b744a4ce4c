"""Pieces of a page that stands alone: tables that a screen reader can follow, numbers in small groups, bars
with a text beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

# Groups of three: easier to read, and a number of persons is never taken for a learner's numeric id.
_THIN = "\u202f"
NOTHING = "–"
_MOST_COLUMNS = 3


def in_words(value: Any) -> str:
    """A value as a person reads it, not yet escaped."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace(",", _THIN)
    if isinstance(value, float):
        return f"{value:,.4f}".replace(",", _THIN).rstrip("0").rstrip(".")
    if isinstance(value, list | tuple):
        return ", ".join(in_words(item) for item in value) or NOTHING
    return str(value).replace("_", " ") if str(value).startswith("too_few") else str(value)


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table with its caption; the first cell of each row is the row's head, and numbers stand to the
    right.
    """
    body = [list(row) for row in rows]
    right = {
        n
        for n in range(1, len(head))
        if body
        and all(
            isinstance(row[n], int | float) or row[n] is None or str(row[n]).endswith(" %") for row in body
        )
    }
    heads = "".join(f'<th scope="col"{_side(n, right)}>{escape(name)}</th>' for n, name in enumerate(head))
    # On a phone each row of a table of many columns is a list, and each cell tells its column.
    many = len(head) > _MOST_COLUMNS
    named = [f' data-head="{escape(name)}"' if many else "" for name in head]
    lines = "".join(
        f'<tr><th scope="row">{escape(in_words(row[0]))}</th>'
        + "".join(
            f"<td{_side(n, right)}{named[n]}>{escape(in_words(value))}</td>"
            for n, value in enumerate(row[1:], 1)
        )
        + "</tr>"
        for row in body
    )
    empty = f'<tr><td colspan="{len(head)}">None.</td></tr>' if not body else ""
    return (
        f'<div class="wide{" many" if many else ""}" tabindex="0" role="group" '
        f'aria-label="{escape(caption)}"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{lines}{empty}</tbody></table></div>"
    )


def bar(parts: Sequence[tuple[str, float]], text: str) -> str:
    """A bar of 300 units, one rectangle for each (class, share), on a bar for the whole; `text` says the same
    in words.
    """
    place, rects = 0, []
    for name, share in parts:
        width = round(300 * share)
        rects.append(f'<rect class="{name}" x="{place}" y="0" width="{width}" height="14"></rect>')
        place += width
    return (
        f'<svg viewBox="0 0 300 14" role="img" aria-label="{escape(text)}"><title>{escape(text)}</title>'
        f'<rect class="whole" x="0" y="0" width="300" height="14"></rect>{"".join(rects)}</svg>'
    )


def facts(pairs: Iterable[tuple[str, Any]]) -> str:
    """A list of names and values."""
    return (
        "<dl>"
        + "".join(f"<dt>{escape(name)}</dt><dd>{escape(in_words(value))}</dd>" for name, value in pairs)
        + "</dl>"
    )


def _side(n: int, right: set[int]) -> str:
    return ' class="n"' if n in right else ""

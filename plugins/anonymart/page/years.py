"""One year of a section shown alone, without a script: rows and charts say their years as classes, and a
chart that goes over several fades but for the one that is chosen. Its axes say where each year stands.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

# So many of the newest years can be chosen one by one.
MOST = 15
_LABEL = re.compile(r'transform="translate\((-?[\d.]+),(-?[\d.]+)\)"[^>]*>(\d{4})(?:-\d\d){0,2}</text>')
_VIEW = re.compile(r'viewBox="(-?[\d.]+) (-?[\d.]+) ([\d.]+) ([\d.]+)"')
_ORIGIN = re.compile(r'<g fill="none" transform="translate\((-?[\d.]+),(-?[\d.]+)\)"')
_FRAME = re.compile(r'd="M0,0h([\d.]+)v([\d.]+)h-')
# A label of the y axis stands on a line so far under the middle of its row.
_BASELINE = 4
# Room for the mark of a first or last day, in units of the drawing.
_MARK = 4
_SHOWN, _FADED = "#000", "#0003"
Spans = dict[int, tuple[float, float]]


def style() -> str:
    """The rules by which a chosen year is shown alone."""
    return "\n".join(
        f"section:has(.g{n}:checked) :is(figure, tbody tr):not(.y{n}) {{ display: none; }}\n"
        f"section:has(.g{n}:checked) figure svg {{ mask-image: "
        f"linear-gradient(var(--g{n})), linear-gradient(#0000 0 var(--a, 100%), {_SHOWN} 0); }}"
        for n in range(MOST)
    )


def years_of(rows: Iterable[Mapping[str, Any]], period: str) -> list[int]:
    """The years of rows by their period, in order: the newest ones; none where rows have no such column."""
    return sorted({_year(row[period]) for row in rows if row.get(period) is not None})[-MOST:]


def classes(rows: Iterable[Mapping[str, Any]], period: str, years: Sequence[int]) -> str:
    """The classes of what shows these rows."""
    return " ".join(f"y{years.index(year)}" for year in years_of(rows, period) if year in years)


def fading(svg: str, years: Sequence[int], is_yearly: bool) -> str:
    """CSS variables, one for each year that has a place on an axis of the chart: what is shown, what fades.

    By years an axis has a label in the middle of each, else one on the first day of each. `--a` is where the
    labels under the chart begin, which stay.
    """
    view, frame = _VIEW.search(svg), _FRAME.search(svg)
    labels = [(float(x), float(y), int(year)) for x, y, year in _LABEL.findall(svg)]
    if view is None or frame is None or not labels:
        return ""
    left, top, width, height = (float(part) for part in view.groups())
    origin = _ORIGIN.search(svg)
    start_x, start_y = (float(part) for part in origin.groups()) if origin else (0.0, 0.0)
    across = [(x, year) for x, _, year in labels if x >= 0]
    if {year for _, year in across} & set(years):
        spans = _bands(across) if is_yearly else _days(across, years, float(frame[1]))
        axis = 100 * (start_x - left) / width
        gradient, first, whole = f"90deg,{_SHOWN} 0 {axis:.1f}%,", start_x - left, width
        last, found = "", [f"--a:{100 * (start_y - top + float(frame[2])) / height:.1f}%"]
    else:
        spans = _bands([(y - _BASELINE, year) for x, y, year in labels if x < 0])
        gradient, first, whole = "180deg,", start_y - top, height
        last, found = f" {100 * (first + float(frame[2])) / whole:.1f}%,{_SHOWN} 0", []
    for n, year in enumerate(years):
        if year in spans:
            low, high = (100 * (first + end) / whole for end in spans[year])
            stops = f"{_FADED} 0 {low:.1f}%,{_SHOWN} 0 {high:.1f}%,{_FADED} 0"
            found.append(f"--g{n}:{gradient}{stops}{last}")
    return ";".join(found)


def common(faded: Iterable[str]) -> str:
    """The variables that most charts of a question have: small charts share an axis, so they are said once,
    for all.
    """
    counted = Counter(each for each in faded if each)
    return counted.most_common(1)[0][0] if counted else ""


def _bands(labels: Sequence[tuple[float, int]]) -> Spans:
    """Where the labels of each year stand, with half a step before the first and after the last."""
    places = sorted({place for place, _ in labels})
    gaps = [after - before for before, after in pairwise(places)]
    half = min(gaps) / 2 if gaps else 2 * _MARK
    by_year: dict[int, list[float]] = {}
    for place, year in labels:
        by_year.setdefault(year, []).append(place)
    return {year: (min(found) - half, max(found) + half) for year, found in by_year.items()}


def _days(labels: Sequence[tuple[float, int]], years: Sequence[int], width: float) -> Spans:
    """From the first day of each year to that of the next, or to the end of the axis."""
    first = {year: place for place, year in labels}
    spans = {}
    for year in years:
        low = first.get(year, 0.0 if year + 1 == min(first) else None)
        high = first.get(year + 1, width + 2 * _MARK if year >= max(first) else None)
        if low is not None and high is not None:
            spans[year] = (low - _MARK, high - _MARK)
    return spans


def _year(value: Any) -> int:
    return value.year if isinstance(value, date) else int(value)

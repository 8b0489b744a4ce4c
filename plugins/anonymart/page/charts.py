"""Charts as SVG without script, by Altair: what they hold is what they show (S-ANON).

Altair embeds every column of the rows that it is given, so each chart is given its own fields only, and
`checked` refuses a specification that holds another one. Colours are those of the page, by name, so that one
drawing serves light, dark and paper.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from json import dumps, loads
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree

from anonymart.errors import AnonymartError
from anonymart.page import axis_names
from anonymart.page.axis_names import SVG
from anonymart.page.words import Said

if TYPE_CHECKING:
    import altair as alt

Row = Mapping[str, Any]
_VEGA_LITE = "6.1"
# Colours that stand for one of the page.
INK, MUTED, GRID, FIRST, SECOND, THIRD, HATCH = (
    "#101011",
    "#707071",
    "#d0d0d1",
    "#1010a1",
    "#a11012",
    "#10a113",
    "#f0f0f4",
)
_ON_PAGE = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    GRID: "var(--grid)",
    FIRST: "var(--first)",
    SECOND: "var(--second)",
    THIRD: "var(--third)",
    HATCH: "url(#hatch)",
}
_SERIES = (FIRST, SECOND, THIRD)
# What the page says by its own style and in its own words, or what a browser draws without being told.
_UNNEEDED = {"class", "role", "pointer-events", "font-family", "font-size", "stroke-miterlimit", "display"}
_LONG = re.compile(r"(\d\.\d{2})\d+")
# The outline of a small chart: its height.
_FRAME = re.compile(r"M[\d.]+,[\d.]+h[1-9][\d.]*v([\d.]+)h-")
# Room for the axes of a small chart: left, top, right, bottom.
_ROOM = (46, 8, 14, 24)
SIZE = (240, 96)
# The column by whose values a chart is divided into small ones.
DIVIDED = "by"


def trend(rows: Sequence[Row], x: str, y: str, band: tuple[str, str] | None, color: str | None) -> Any:
    """A line over periods in its interval, broken where nothing is told; `color` tells lines apart."""
    import altair as alt

    x_axis = alt.X(f"{x}:{'T' if '-' in str(rows[0][x]) else 'O'}", title=None, axis=_of_periods(rows, x))
    base = alt.Chart(_data(rows, x, y, *(band or ()), *filter(None, [color]))).encode(x=x_axis)
    shade = _color(color)
    y_axis = alt.Y(f"{y}:Q", title=None, axis=alt.Axis(format=_format(y), tickCount=4))
    # The round end shows a period between two gaps.
    line = base.mark_line(strokeWidth=1.6, strokeCap="round", **shade.mark).encode(y=y_axis, **shade.code)
    if not band:
        return line
    point = base.mark_point(filled=True, size=12, opacity=1, **shade.mark).encode(y=y_axis, **shade.code)
    low, high = band
    if color:
        # Areas of several lines would hide each other.
        drawn = base.mark_rule(opacity=0.45, **shade.mark).encode(y=alt.Y(f"{low}:Q"), y2=high, **shade.code)
    else:
        drawn = base.mark_area(opacity=0.18, **shade.mark).encode(y=alt.Y(f"{low}:Q", title=None), y2=high)
    return drawn + line + point


def dots(rows: Sequence[Row], y: str, x: str, band: tuple[str, str] | None) -> Any:
    """A point in its interval for each thing, in the order of the rows."""
    import altair as alt

    order = list(dict.fromkeys(row[y] for row in rows))
    axis = alt.Y(f"{y}:N", title=None, sort=order, axis=alt.Axis(labelLimit=240, ticks=False))
    base = alt.Chart(_data(rows, y, x, *(band or ()))).encode(y=axis)
    across = alt.X(f"{x}:Q", title=None, axis=alt.Axis(format=_format(x), tickCount=3))
    point = base.mark_point(filled=True, size=40, opacity=1, color=FIRST).encode(x=across)
    if not band:
        return point
    rule = base.mark_rule(strokeWidth=1.5, color=FIRST).encode(
        x=alt.X(f"{band[0]}:Q", title=None), x2=band[1]
    )
    return rule + point


def steps(rows: Sequence[Row], y: str, x: str, band: tuple[str, str]) -> Any:
    """A bar for each step, with its interval."""
    import altair as alt

    order = list(dict.fromkeys(row[y] for row in rows))
    axis = alt.Y(f"{y}:N", title=None, sort=order, axis=alt.Axis(ticks=False))
    base = alt.Chart(_data(rows, y, x, *band)).encode(y=axis)
    across = alt.X(f"{x}:Q", title=None, axis=alt.Axis(format=_format(x), tickCount=3))
    bar = base.mark_bar(color=FIRST, opacity=0.55).encode(x=across)
    rule = base.mark_rule(strokeWidth=1.5, color=INK).encode(x=alt.X(f"{band[0]}:Q", title=None), x2=band[1])
    return bar + rule


def heat(rows: Sequence[Row], x: str, y: str, value: str, whole: str) -> Any:
    """A cell for each pair, the darker the more; hatched where `whole` is false, and left out where nothing
    is told.
    """
    import altair as alt

    label = alt.Axis(ticks=False, domain=False)
    base = alt.Chart(_data(rows, x, y, value, whole)).encode(
        x=alt.X(f"{x}:O", title=None, axis=alt.Axis(ticks=False, domain=False, labelAngle=0)),
        y=alt.Y(f"{y}:O", title=None, axis=label),
    )
    shown = base.mark_rect(color=FIRST).encode(
        opacity=alt.Opacity(f"{value}:Q", scale=alt.Scale(range=[0.06, 1]), legend=None)
    )
    told = f"isValid(datum['{value}'])"
    hatched = base.mark_rect(color=HATCH).transform_filter(f"{told} && !datum['{whole}']")
    return shown.transform_filter(told) + hatched


def quartiles(rows: Sequence[Row], y: str, points: tuple[str, str, str], color: str) -> Any:
    """Lower quartile, median and upper quartile as dots on one line for each year and `color`."""
    import altair as alt

    low, middle, high = points
    shade = _color(color)
    base = alt.Chart(_data(rows, y, *points, color)).encode(
        y=alt.Y(f"{y}:O", title=None, axis=alt.Axis(ticks=False)), yOffset=alt.YOffset(f"{color}:N")
    )
    across = alt.X(
        f"{low}:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(format="~s", tickCount=4)
    )
    line = base.mark_rule(opacity=0.5).encode(x=across, x2=high, **shade.code)
    ends = [
        base.mark_point(filled=name == middle, size=26, opacity=1).encode(
            x=alt.X(f"{name}:Q", title=None), **shade.code
        )
        for name in points
    ]
    return alt.layer(line, *ends)


def stack(rows: Sequence[Row], y: str, x: str, color: str) -> Any:
    """A bar for each thing, divided by `color` in three."""
    import altair as alt

    order = list(dict.fromkeys(row[y] for row in rows))
    shade = alt.Color(
        f"{color}:N",
        legend=None,
        scale=alt.Scale(domain=["published", "too_few", "protected"], range=_SERIES),
    )
    return (
        alt.Chart(_data(rows, y, x, color))
        .mark_bar()
        .encode(
            y=alt.Y(f"{y}:N", title=None, sort=order, axis=alt.Axis(labelLimit=200, ticks=False)),
            x=alt.X(f"{x}:Q", title=None, stack="normalize", axis=alt.Axis(format=".0%", tickCount=3)),
            color=shade,
        )
    )


def draw(
    chart: alt.Chart, rows: Sequence[Row], size: tuple[int, Any], called: Mapping[str, Said] | None = None
) -> list[str]:
    """The chart as SVG, one for each value of the column `by` of the rows, in their order; where they have
    none, one. Things on the y axis are `called` by these names, where they have one that is short enough.

    Raises AnonymartError for a chart that holds a column which it does not show.
    """
    import altair as alt

    width, height = size
    spec = checked(chart.properties(width=width, height=height).to_dict(validate=False))
    is_divided = DIVIDED in rows[0]
    if is_divided:
        spec = _divided(spec, list(dict.fromkeys(row[DIVIDED] for row in rows)))
    spec["config"] = _CONFIG
    svg = _render(dumps(spec, sort_keys=True, default=str), alt.__version__)
    drawing = ElementTree.fromstring(svg)
    longer = axis_names.write(drawing, called or {}, is_divided)
    if not is_divided:
        left, top, right, bottom = (float(part) for part in drawing.attrib["viewBox"].split())
        drawing.set("viewBox", f"{left - longer:g} {top:g} {right + longer:g} {bottom:g}")
    return [_alone(cell, width, height) for cell in _cells(drawing)] if is_divided else [_clean(drawing)]


def _divided(spec: dict[str, Any], order: list[Any]) -> dict[str, Any]:
    """One column of small charts with axes of their own, to be cut apart; things that stand on the y axis
    stand in their own small chart only.
    """
    own = {name: spec.pop(name) for name in ("$schema", "config", "datasets", "data") if name in spec}
    resolve: dict[str, Any] = {"axis": {"x": "independent", "y": "independent"}}
    if _is_nominal(spec):
        resolve["scale"] = {"y": "independent"}
    facet = {"field": DIVIDED, "type": "nominal", "sort": order, "header": None}
    return own | {"facet": facet, "columns": 1, "spec": spec, "resolve": resolve}


def checked(spec: dict[str, Any]) -> dict[str, Any]:
    """The specification of a chart. Raises AnonymartError where its rows hold a column that it does not
    show.
    """
    held = {name for row in _rows_of(spec) for name in row}
    shown = {*_fields(spec), DIVIDED}
    if not held <= shown:
        raise AnonymartError(
            f"A chart of the page holds {len(held - shown)} column that it does not show: give it the "
            "columns of its encodings only."
        )
    return spec


def _rows_of(spec: Any) -> Iterator[Row]:
    if isinstance(spec, dict):
        for name, part in spec.items():
            if name == "values" and isinstance(part, list):
                yield from (row for row in part if isinstance(row, dict))
            elif name == "datasets":
                yield from (row for rows in part.values() for row in rows)
            else:
                yield from _rows_of(part)
    elif isinstance(spec, list):
        for part in spec:
            yield from _rows_of(part)


def _fields(spec: Any) -> Iterator[str]:
    """The fields of encodings, and those by which a mark is chosen."""
    if isinstance(spec, dict):
        for name, part in spec.items():
            if name == "field":
                yield str(part)
            elif name == "filter":
                yield from re.findall(r"datum\['(\w+)'\]", str(part))
            elif name not in ("values", "datasets"):
                yield from _fields(part)
    elif isinstance(spec, list):
        for part in spec:
            yield from _fields(part)


class _Shade(NamedTuple):
    """A colour as a property of the mark, or as an encoding."""

    mark: dict[str, Any]
    code: dict[str, Any]


def _color(name: str | None) -> _Shade:
    import altair as alt

    if name is None:
        return _Shade({"color": FIRST}, {})
    scale = alt.Scale(range=[FIRST, SECOND, THIRD])
    return _Shade({}, {"color": alt.Color(f"{name}:N", legend=None, scale=scale)})


def _data(rows: Sequence[Row], *fields: str) -> Any:
    import altair as alt

    kept = [*fields, *([DIVIDED] if DIVIDED in rows[0] else [])]
    return alt.Data(values=[{name: row.get(name) for name in kept} for row in rows])


def _of_periods(rows: Sequence[Row], x: str) -> Any:
    import altair as alt

    if "-" in str(rows[0][x]):
        return alt.Axis(format="%Y", tickCount="year")
    return alt.Axis(labelAngle=0, ticks=False)


def _format(name: str) -> str:
    return ".0%" if "share" in name or "rate" in name else "d"


def _is_nominal(spec: Any) -> bool:
    """Whether things stand on the y axis: each small chart has its own."""
    if isinstance(spec, dict):
        y = spec.get("y")
        if isinstance(y, dict) and y.get("type") in ("nominal", "ordinal"):
            return True
        return any(_is_nominal(part) for name, part in spec.items() if name not in ("data", "datasets"))
    return isinstance(spec, list) and any(_is_nominal(part) for part in spec)


@lru_cache(maxsize=128)
def _render(spec: str, version: str) -> str:
    import vl_convert

    return vl_convert.vegalite_to_svg(loads(spec), vl_version=_VEGA_LITE)


def _cells(drawing: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """The small charts of a drawing, each as a group of its own, without the name that stands over it: the
    page says it.
    """
    for group in drawing.iter(f"{SVG}g"):
        if (group.get("class") or "").endswith(" cell"):
            for cell in group:
                for parent in list(cell.iter()):
                    for named in [each for each in parent if "role-title" in (each.get("class") or "")]:
                        parent.remove(named)
                yield cell


def _alone(cell: ElementTree.Element, width: int, height: Any) -> str:
    """A small chart as a drawing of its own, with room for its axes."""
    cell.attrib.pop("transform", None)
    left, top, right, bottom = _ROOM
    if isinstance(height, dict):
        # Labels of the y axis end at it; those of the x axis stand under it.
        labels = [text.text or "" for text in cell.iter(f"{SVG}text") if text.get("text-anchor") == "end"]
        left = 14 + max((axis_names.width(text) for text in labels), default=0)
        frame = next(found for path in cell.iter(f"{SVG}path") if (found := _FRAME.match(path.get("d", ""))))
        height = round(float(frame[1]))
    box = f"{-left} {-top} {width + left + right} {height + top + bottom}"
    drawing = ElementTree.Element(f"{SVG}svg", {"fill": "none", "viewBox": box})
    drawing.append(cell)
    return _clean(drawing)


def _clean(drawing: ElementTree.Element) -> str:
    """The drawing without what the page does not need, in the colours of the page."""
    for element in drawing.iter():
        for name in [each for each in element.attrib if each in _UNNEEDED or each.startswith("aria-")]:
            del element.attrib[name]
        for name in element.attrib.keys() & {"opacity", "stroke-opacity", "fill-opacity"}:
            element.set(name, _LONG.sub(r"\1", element.attrib[name]))
            if element.attrib[name] == "1":
                del element.attrib[name]
        # No group has another one that it would take over.
        if element.get("stroke-width") == "1":
            del element.attrib["stroke-width"]
        for name in element.attrib.keys() & {"fill", "stroke"}:
            element.set(name, _ON_PAGE.get(element.attrib[name], element.attrib[name]))
        element.tag = element.tag.removeprefix(SVG)
    for name in {"width", "height", "version"} & drawing.attrib.keys():
        del drawing.attrib[name]
    while _without_empty(drawing):
        pass
    # In texts and attributes ">" is escaped; there are tens of thousands of these.
    return ElementTree.tostring(drawing, encoding="unicode").replace(" />", "/>")


def _without_empty(element: ElementTree.Element) -> bool:
    """Take out groups without content and paths without a line; whether there were any."""
    found = False
    for child in list(element):
        is_empty = child.tag == "g" and not len(child)
        if is_empty or (child.tag == "path" and child.get("d") in (None, "", "M0,0h0v0h0Z")):
            element.remove(child)
            found = True
        else:
            found = _without_empty(child) or found
    return found


_CONFIG = {
    "aria": False,
    "background": None,
    "view": {"stroke": None},
    # It comes with the library: the same layout whatever fonts a machine has.
    "font": "Liberation Sans",
    "axis": {
        "labelColor": INK,
        "labelFontSize": 11,
        "gridColor": GRID,
        "domainColor": MUTED,
        "tickColor": MUTED,
        "labelFont": "Liberation Sans",
    },
    "mark": {"invalid": "break-paths-show-domains"},
}

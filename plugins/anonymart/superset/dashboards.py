"""Six dashboards of Superset: every mart stands on one, with all its charts, and filters that reach across.

A mart that is not listed stands where its dimensions belong, so that a new one needs no code (S-ANON).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anonymart.contracts import MartContract
from anonymart.superset.charts import is_of_all
from anonymart.superset.datasets import VERSION, YEAR, filter_id, title_column, uuid_of
from anonymart.superset.labels import called

_READ = (
    "**How to read it.** A gap says that nothing was published. Counts of persons carry noise and share "
    "persons: never add them up; where a figure is told of *all*, it was counted by itself. Compare two "
    "figures by their intervals. A chart that would put several cells together shows nothing: add what tells "
    "them apart. Filters choose cells; they make no new ones.\n\n"
)
_WIDE = 12
_HALF = 6
# So many letters stand in a line over the whole width.
_LINE = 140


@dataclass(frozen=True)
class Board:
    """A dashboard: its address and title, the marts that are listed for it, and the dimensions and kinds of
    figures by which others come to it.
    """

    slug: str
    title: str
    marts: tuple[str, ...]
    by: frozenset[str] = frozenset()


# An unlisted mart comes to the first whose words it has, else to the last.
BOARDS = (
    Board(
        "anonymart-nps",
        "NPS and themes",
        ("nps_quarterly", "nps_theme_quarterly", "nps_yearly", "nps_cohort"),
        frozenset({"nps", "theme"}),
    ),
    Board(
        "anonymart-outcomes",
        "Outcomes and promotion",
        ("path_outcome", "rncp_promotion", "rncp_two_years"),
        frozenset({"promotion_year"}),
    ),
    Board(
        "anonymart-employment",
        "Salaries and employment",
        ("salary_outcome", "employment_outcome", "employment_quality"),
        frozenset({"diploma", "diploma_or_all", "job_family"}),
    ),
    Board(
        "anonymart-exercises",
        "Exercises, chapters and projects",
        ("exercise_difficulty", "chapter_completion", "project_validation"),
        frozenset({"exercise", "chapter", "project"}),
    ),
    Board(
        "anonymart-funnel",
        "Funnel and retention",
        ("course_completion_funnel", "learner_retention_cohort"),
        frozenset({"step"}),
    ),
    Board(
        "anonymart-engagement",
        "Engagement and activity",
        ("course_engagement_monthly", "school_activity", "audience_monthly"),
    ),
)
# Reaching from the name of a filter to the kind of thing whose titles it offers.
_FILTERS = {"Course": "course", "Path": "path", "Diploma": "diploma"}


def board_of(contract: MartContract) -> Board:
    """The dashboard of a mart."""
    listed = next((board for board in BOARDS if contract.name in board.marts), None)
    words = {
        *contract.dimensions,
        *(spec for spec in contract.dimensions.values() if isinstance(spec, str)),
        *(measure["kind"] for measure in contract.measures),
    }
    return listed or next((board for board in BOARDS if board.by & words), BOARDS[-1])


def dashboard(
    board: Board, charts: Mapping[str, Sequence[Mapping[str, Any]]], columns: set[str]
) -> dict[str, Any]:
    """The dashboard over the charts of its marts, by mart; a filter for each of `columns` that can be one."""
    return {
        "dashboard_title": board.title,
        "description": "Figures of a release of Anonymart, as published.",
        "css": "",
        "slug": board.slug,
        "certified_by": None,
        "certification_details": None,
        "published": True,
        "uuid": uuid_of("dashboard", board.slug),
        "position": _position(board, charts),
        "metadata": {
            "native_filter_configuration": _filters(columns, _of_all(charts)),
            "chart_configuration": {},
            "cross_filters_enabled": False,
            "color_scheme": "",
            "label_colors": {},
            "refresh_frequency": 0,
            "expanded_slices": {},
            "timed_refresh_immune_slices": [],
            "default_filters": "{}",
        },
        "version": VERSION,
    }


def _of_all(charts: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[int]:
    """The places of the charts that show all things together."""
    every = [chart for drawn in charts.values() for chart in drawn]
    return [number for number, chart in enumerate(every, 1) if is_of_all(chart)]


def _filters(columns: set[str], of_all: list[int]) -> list[dict[str, Any]]:
    found = [
        _filter(name, kind, title_column(kind), of_all)
        for name, kind in _FILTERS.items()
        if title_column(kind) in columns
    ]
    return [*found, _filter("Year", YEAR, YEAR, [])]


def _filter(name: str, dataset: str, column: str, excluded: list[int]) -> dict[str, Any]:
    return {
        "id": filter_id(name),
        "type": "NATIVE_FILTER",
        "filterType": "filter_select",
        "name": name,
        "description": "",
        "targets": [{"datasetUuid": uuid_of("dataset", dataset), "column": {"name": column}}],
        "controlValues": {
            "enableEmptyFilter": False,
            "defaultToFirstItem": False,
            "multiSelect": True,
            "searchAllOptions": False,
            "inverseSelection": False,
            "sortAscending": True,
        },
        "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
        "cascadeParentIds": [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": excluded},
    }


def _position(board: Board, charts: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """The grid: how to read it, then for each mart its charts two in a row, and its cells over the width."""
    grid: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": [], "parents": ["ROOT_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": board.title}},
    }
    _add_row(grid, [_text("read", _READ)])
    number = 0
    for mart, drawn in charts.items():
        _add_row(grid, [_text(mart, f"## {called(mart)}\n\n{drawn[0]['description']}")])
        *halves, cells = drawn
        rows = [halves[n : n + 2] for n in range(0, len(halves), 2)]
        for row in [*rows, [cells]]:
            width = _HALF if row != [cells] else _WIDE
            _add_row(grid, [_place(each, number + n, width) for n, each in enumerate(row, 1)])
            number += len(row)
    return grid


def _place(chart: Mapping[str, Any], number: int, width: int) -> dict[str, Any]:
    meta = {
        "chartId": number,
        "width": width,
        "height": 50 if width < _WIDE else 80,
        "sliceName": chart["slice_name"],
        "uuid": chart["uuid"],
    }
    return {"type": "CHART", "id": f"CHART-{chart['uuid'][:8]}", "children": [], "meta": meta}


def _text(name: str, text: str) -> dict[str, Any]:
    meta = {"width": _WIDE, "height": 12 + 3 * (len(text) // _LINE), "code": text}
    return {"type": "MARKDOWN", "id": f"MARKDOWN-{name}", "children": [], "meta": meta}


def _add_row(grid: dict[str, Any], placed: list[dict[str, Any]]) -> None:
    row = f"ROW-{len(grid['GRID_ID']['children']) + 1}"
    grid["GRID_ID"]["children"].append(row)
    grid[row] = {
        "type": "ROW",
        "id": row,
        "children": [each["id"] for each in placed],
        "parents": ["ROOT_ID", "GRID_ID"],
        "meta": {"background": "BACKGROUND_TRANSPARENT"},
    }
    for each in placed:
        grid[each["id"]] = each | {"parents": ["ROOT_ID", "GRID_ID", row]}

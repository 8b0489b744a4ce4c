"""Charts of Superset that follow from the contract of a mart: each figure over its periods, with its interval
where there is one, and the published cells as a table.

What is hidden, and a period without a row, is a gap: nothing is filled, joined or added up (S-ANON).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from anonymart.contracts import COMPLETE, MartContract
from anonymart.release.tables import ReleaseTable
from anonymart.superset.datasets import ALL, COVERAGE, VERSION, metric, time_column, titles_of, uuid_of
from anonymart.superset.labels import called, number_format, phrase

# As pandas names them: a period without a row becomes an empty one.
_EVERY = {"month": "MS", "quarter": "QS", "half_year": "2QS", "year": "YS"}
_MOST_ROWS = 10000
_NAMED_ENDS = ("_low", "_high")
_IS_ALL = f" = '{ALL}'"


def charts_of(contract: MartContract, table: ReleaseTable) -> list[dict[str, Any]]:
    """Every chart of a mart: each shown figure in the form that its dimensions ask for, rates and scores
    before counts, then all cells.
    """
    drawn = _Drawn(contract, table)
    figures = [name for name in contract.figures if not name.endswith(_NAMED_ENDS)]
    figures.sort(key=lambda name: name in drawn.counts)
    return [*(chart for name in figures for chart in drawn.of(name)), drawn.cells()]


def is_of_all(chart: Mapping[str, Any]) -> bool:
    """Whether a chart shows what was counted of all things together: a filter of things would empty it."""
    return any(each["sqlExpression"].endswith(_IS_ALL) for each in chart["params"]["adhoc_filters"])


class _Drawn:
    """The charts of one mart."""

    def __init__(self, contract: MartContract, table: ReleaseTable) -> None:
        self.contract = contract
        self.types = {column.name: column.type for column in contract.columns}
        self.time = time_column(contract)
        pooled = (contract.disclosure.get("pooling") or {}).get("year_from")
        self.others = [name for name in contract.dimensions if name not in (contract.period.column, pooled)]
        titles = titles_of(contract, table.links)
        self.shown = {name: titles.get(name, name) for name in self.others}
        self.links: Mapping[str, str] = table.links
        self.counts = {measure["name"] for measure in contract.measures if measure["kind"] == "count"}
        self.whole = (contract.disclosure.get("nesting") or {}).get("dimension")
        # Years are few, and what a school asked of former years is rarely complete: both are shown, apart.
        self.is_yearly = contract.period.grain == "year"

    def of(self, figure: str) -> Iterator[dict[str, Any]]:
        """The charts of a figure."""
        ranges = [name for name in self.others if isinstance(self.contract.dimensions[name], dict)]
        if ranges:
            yield self._heat(figure, ranges[-1])
        elif len(self.others) > 1 and not self._are_lines():
            yield self._table(figure) if self._last_is_named() else self._pivot(figure)
        elif not self.others:
            yield self._lines(called(figure), self._with_ends(figure), None)
        elif self.whole:
            yield self._lines(called(figure), [figure], f"{self.whole} <> '{ALL}'")
            of_all = f"{self.whole}{_IS_ALL}"
            yield self._lines(f"{called(figure)}, all together", self._with_ends(figure), of_all)
        else:
            yield self._lines(called(figure), [figure], None)

    def cells(self) -> dict[str, Any]:
        """All cells of the mart as they were published, with the reason of each gap."""
        columns = [self.contract.period.column, *self.shown.values(), *self.contract.figures]
        reasons = [f"{name}_reason" for name in self.contract.figures if not name.endswith(_NAMED_ENDS)]
        named = f"All published cells of {phrase(self.contract.name)}"
        return self._raw("cells", named, [*columns, *reasons, COMPLETE], [[self.time, False]])

    def _are_lines(self) -> bool:
        """Whether each thing is a line: one kind of things, and perhaps a short list of numbers."""
        kinds = [name for name in self.others if not isinstance(self.contract.dimensions[name], list)]
        return len(kinds) <= 1

    def _last_is_named(self) -> bool:
        """Whether the last dimension has a table of names of the catalogue: many things, so rows."""
        return self.links.get(self.others[-1]) in ("chapter", "exercise", "project")

    def _dimensions(self) -> list[str]:
        coverage = [COVERAGE] if self.is_yearly else []
        return [self.contract.period.column, *coverage, *(self.shown[name] for name in self.others)]

    def _with_ends(self, figure: str) -> list[str]:
        return [name for name in (figure, f"{figure}_low", f"{figure}_high") if name in self.types]

    def _where(self, only: str | None) -> list[dict[str, Any]]:
        """Cells that stand beside each other: complete ones or, by years, all but pooled ones; `only` is SQL
        that chooses among them.
        """
        pooling = self.contract.disclosure.get("pooling")
        conditions = [] if self.is_yearly else [COMPLETE]
        conditions += [f"{pooling['year_from']} = {pooling['year']}"] if pooling else []
        conditions += [only] if only else []
        return [
            {
                "expressionType": "SQL",
                "clause": "WHERE",
                "sqlExpression": each,
                "filterOptionName": f"where{n}",
            }
            for n, each in enumerate(conditions)
        ]

    def _format(self, figure: str) -> str:
        return number_format(figure, self.types[figure])

    def _lines(self, name: str, figures: list[str], only: str | None) -> dict[str, Any]:
        is_all = bool(only) and str(only).endswith(_IS_ALL)
        by = [self.shown[other] for other in self.others if not (is_all and other == self.whole)]
        by += [COVERAGE] if self.is_yearly else []
        return self._chart(
            name,
            "echarts_timeseries_line",
            {
                "x_axis": self.time,
                "metrics": [metric(each) for each in figures],
                "groupby": by,
                "adhoc_filters": self._where(only),
                "row_limit": _MOST_ROWS,
                "resample_rule": _EVERY[self.contract.period.grain],
                "resample_method": "asfreq",
                "markerEnabled": True,
                "markerSize": 4,
                "connectNulls": False,
                "show_legend": True,
                "legendType": "scroll",
                "legendOrientation": "top",
                "x_axis_time_format": "%Y" if self.contract.period.grain == "year" else "%Y-%m",
                "y_axis_format": self._format(figures[0]),
                "truncateYAxis": False,
                "rich_tooltip": True,
            },
        )

    def _heat(self, figure: str, along: str) -> dict[str, Any]:
        return self._chart(
            called(figure),
            "heatmap_v2",
            {
                "x_axis": along,
                "groupby": self.time,
                "metric": metric(figure),
                "adhoc_filters": self._where(None),
                "row_limit": _MOST_ROWS,
                "normalize_across": "heatmap",
                "sort_x_axis": "alpha_asc",
                "sort_y_axis": "alpha_asc",
                "linear_color_scheme": "superset_seq_1",
                "xscale_interval": 1,
                "yscale_interval": 1,
                "left_margin": 75,
                "bottom_margin": 50,
                "show_legend": True,
                "legend_type": "continuous",
                "show_values": False,
                "y_axis_format": self._format(figure),
                "x_axis_time_format": "%Y-%m",
            },
        )

    def _pivot(self, figure: str) -> dict[str, Any]:
        *rows, across = self._dimensions()
        return self._chart(
            called(figure),
            "pivot_table_v2",
            {
                "groupbyRows": rows,
                "groupbyColumns": [across],
                "metrics": [metric(figure)],
                "metricsLayout": "COLUMNS",
                "adhoc_filters": self._where(None),
                "row_limit": _MOST_ROWS,
                # Of one cell each: nothing is put together, and no total is made.
                "aggregateFunction": "Maximum",
                "rowTotals": False,
                "colTotals": False,
                "rowSubTotals": False,
                "colSubTotals": False,
                "rowOrder": "key_z_to_a",
                "colOrder": "key_a_to_z",
                "valueFormat": self._format(figure),
                "date_format": "%Y-%m-%d",
                "temporal_columns_lookup": {self.time: True} if self.time in rows else {},
            },
        )

    def _table(self, figure: str) -> dict[str, Any]:
        columns = [*self._dimensions(), *self._with_ends(figure)]
        return self._raw(figure, called(figure), columns, [[self.time, False], [figure, True]])

    def _raw(self, part: str, name: str, columns: list[str], order: list[list[Any]]) -> dict[str, Any]:
        figures = [each for each in columns if each in self.contract.figures]
        return self._chart(
            name,
            "table",
            {
                "query_mode": "raw",
                "all_columns": columns,
                "order_by_cols": [json.dumps(each) for each in order],
                "adhoc_filters": self._where(None) if part != "cells" else [],
                "row_limit": _MOST_ROWS,
                "server_pagination": False,
                "page_length": 20,
                "include_search": True,
                "table_timestamp_format": "%Y-%m-%d",
                "show_cell_bars": False,
                "color_pn": False,
                "column_config": {each: {"d3NumberFormat": self._format(each)} for each in figures},
            },
        )

    def _chart(self, name: str, kind: str, params: dict[str, Any]) -> dict[str, Any]:
        mart = self.contract.name
        title = name if phrase(mart) in name else f"{name} ({phrase(mart)})"
        return {
            "slice_name": title,
            "description": self.contract.description,
            "certified_by": None,
            "certification_details": None,
            "viz_type": kind,
            "params": {"viz_type": kind, **params},
            "query_context": None,
            "cache_timeout": None,
            "uuid": uuid_of("chart", mart, name),
            "version": VERSION,
            "dataset_uuid": uuid_of("dataset", mart),
        }

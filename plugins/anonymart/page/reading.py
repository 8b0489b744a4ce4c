"""The rows that a question of the page shows, read from the attached marts and from nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import duckdb

from anonymart.contracts import MartContract
from anonymart.page.questions import COST, HIDDEN, Question, cost_sql, hidden_sql

Row = dict[str, Any]
ALL = "all"


def read(
    connection: duckdb.DuckDBPyConnection,
    contracts: Mapping[str, MartContract],
    question: Question,
    schema: str,
) -> list[Row]:
    """The rows of a question in the order in which they are shown; the reason of what is hidden stands under
    `<figure>_reason`.
    """
    if question is HIDDEN:
        return _rows(connection, f"{hidden_sql(contracts, schema)} ORDER BY mart, figure, reason DESC")
    if question is COST:
        return _rows(connection, cost_sql(contracts, schema))
    contract = contracts[question.mart]
    columns = [*question.columns]
    columns += [f"{name}_reason" for name in question.columns if name in contract.figures]
    order = [name for name in question.columns if name in contract.dimensions]
    if question.by:
        order = [f"{question.by} <> '{ALL}'", question.by, *[name for name in order if name != question.by]]
    if question.order:
        order = [*([question.by] if question.by else []), question.order, *order]
    source = f"SELECT {', '.join(columns)} FROM {schema}.{question.mart} WHERE {question.where}"
    if question.newest:
        shown = question.answer[1]
        divided = f"PARTITION BY {question.by}" if question.by else ""
        newest = f"max({question.newest}) FILTER ({shown} IS NOT NULL) OVER ({divided})"
        source += f" QUALIFY {question.newest} = {newest}"
    return _rows(connection, f"{source} ORDER BY {', '.join(order)}")


def for_chart(question: Question, rows: Sequence[Row]) -> list[Row]:
    """The rows as the chart takes them: what it is divided by under `by`, periods as text, and an empty row
    where a period is not told, so that a line breaks there.
    """
    made = [{name: _plain(value) for name, value in row.items()} for row in rows[: question.first]]
    if question.by:
        for row in made:
            row["by"] = row[question.by]
    fill = question.fill
    if fill:
        periods = sorted({row[fill] for row in made})
        kept = {(row.get("by"), row[fill]) for row in made}
        own = {row["by"]: {"by": row["by"]} for row in made} if question.by else {None: {}}
        blank = dict.fromkeys(question.columns)
        made += [
            blank | mine | {fill: period}
            for by, mine in own.items()
            for period in periods
            if (by, period) not in kept
        ]
        order = list(own)
        made.sort(key=lambda row: (order.index(row.get("by")), row[fill]))
    return made


def answer(question: Question, period: str, rows: Sequence[Row]) -> dict[str, Any] | None:
    """The row from which the answer is read, with what it is held against under `before`; None where nothing
    is told.
    """
    kind, figure = question.answer
    told = [row for row in rows if row.get(figure) is not None and _is(row, question.only)]
    if not told:
        return None
    if kind == "hidden":
        total = sum(row["n_cells"] for row in told)
        return {
            "n_cells": sum(row["n_cells"] for row in told if row["reason"] != "published"),
            "total": total,
        }
    if kind == "cost":
        sizes = [row for row in told if row["rate"] == told[0]["rate"]]
        return {**sizes[0], "before": sizes[-1]}
    if kind == "least":
        return min(told, key=lambda row: row[figure])
    if kind == "most":
        return max(told, key=lambda row: row[figure])
    last = max(row[period] for row in told)
    now = max((row for row in told if row[period] == last), key=lambda row: row[figure])
    return {**now, "before": before(rows, now, period, figure)}


def before(rows: Sequence[Row], now: Row, period: str, figure: str) -> Row | None:
    """The row of the same thing a year before, where its figure is told."""
    day = now[period]
    year_ago = day.replace(year=day.year - 1) if isinstance(day, date) else day - 1
    keys = [
        name for name, value in now.items() if isinstance(value, str) and not name.endswith("_reason")
    ] + (["months_since_start"] if "months_since_start" in now else [])
    same = [row for row in rows if row[period] == year_ago and all(row[name] == now[name] for name in keys)]
    return next((row for row in same if row.get(figure) is not None), None)


def has_changed(now: Row, then: Row, figure: str) -> bool:
    """Whether two published figures can be told apart: their difference is more than half the widths of both
    intervals, added as errors of independent figures are (root of the sum of squares).
    """
    halves = [(row[f"{figure}_high"] - row[f"{figure}_low"]) / 2 for row in (now, then)]
    return abs(now[figure] - then[figure]) > math.hypot(*halves)


def _is(row: Row, only: Mapping[str, Any] | None) -> bool:
    return all(row[name] == value for name, value in (only or {}).items())


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]

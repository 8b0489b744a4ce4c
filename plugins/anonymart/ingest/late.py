"""Rows that are loaded and tell of a period that is closed and published: its cells stay as they are, so no
figure of that kind will count the row (S-ANON). They are reported by kind of period.

A row's period is that of its own time, in the school's time zone. What a register delivers again and again
(learners, enrolments, catalogue) is about no period.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import duckdb

from anonymart.ingest.activity_periods import local_date
from anonymart.policy import Policy
from anonymart.rows import one_row

_WORDS = {"half_year": "half-year"}


class Kind(NamedTuple):
    """One kind of period: the mart that closes it, and SQL for a row's key of it and for its day."""

    name: str
    mart: str
    key: str
    day: str


def count(
    connection: duckdb.DuckDBPyConnection, source: str, rows: str, policy: Policy
) -> tuple[int, dict[str, int]]:
    """How many of the rows (SQL after FROM, of a table with the columns of the source) tell of a closed
    period of any kind, and how many of each; kinds without any are left out.
    """
    kinds = [kind for kind in _kinds(source, policy) if _last(connection, kind.mart)]
    if not kinds:
        return 0, {}
    # Most deliveries are newer than all that is closed: their rows are only compared with one day.
    last = max(_last(connection, kind.mart) for kind in kinds)
    marks = ", ".join(
        f"coalesce({kind.key} IN (SELECT period_key FROM vault.ledger.closed_periods WHERE mart = "
        f"'{kind.mart}'), false) AS {kind.name}"
        for kind in kinds
    )
    names = [kind.name for kind in kinds]
    loaded = f"(SELECT * FROM {rows}) AS loaded WHERE {kinds[0].day} < '{last}'::DATE"
    told = one_row(
        connection.execute(
            f"SELECT count(*) FILTER ({' OR '.join(names)}), "
            f"{', '.join(f'count(*) FILTER ({name})' for name in names)} FROM (SELECT {marks} FROM {loaded})"
        )
    )
    return told[0], {name: n for name, n in zip(names, told[1:], strict=True) if n}


def sentence(late: Mapping[str, Mapping[str, int]]) -> str:
    """Counts by source and kind of period, for a line of a log: `learning: 3 by month; nps: 2 by quarter`."""
    return "; ".join(
        f"{source}: {', '.join(f'{n} by {_WORDS.get(kind, kind)}' for kind, n in kinds.items())}"
        for source, kinds in late.items()
    )


def _last(connection: duckdb.DuckDBPyConnection, mart: str) -> str:
    """A day after the last closed period of a mart (YYYY-MM-DD), whatever its length; empty where none is."""
    key = "split_part(period_key, '|', 1)"
    first = f"CASE WHEN length({key}) = 4 THEN {key} || '-01-01' ELSE {key} END::DATE"
    found = one_row(
        connection.execute(
            f"SELECT max({first} + INTERVAL 14 MONTH)::DATE::VARCHAR FROM vault.ledger.closed_periods "
            f"WHERE mart = ?",
            [mart],
        )
    )[0]
    return found or ""


def _kinds(source: str, policy: Policy) -> tuple[Kind, ...]:
    if source == "learning":
        day = local_date("occurred_at", policy)
        half_year = f"make_date(year({day}), CASE WHEN month({day}) > 6 THEN 7 ELSE 1 END, 1)"
        return (
            Kind("month", "course_engagement_monthly", f"date_trunc('month', {day})::DATE::VARCHAR", day),
            Kind("half_year", "exercise_difficulty", f"{half_year}::VARCHAR", day),
        )
    if source == "nps":
        day = local_date("coalesce(asked_at, answered_at)", policy)
        return (Kind("quarter", "nps_quarterly", f"date_trunc('quarter', {day})::DATE::VARCHAR", day),)
    if source == "salary":
        return (Kind("year", "salary_outcome", _graduation_year(policy), "graduated_on"),)
    return ()


def _graduation_year(policy: Policy) -> str:
    """SQL: the year of the diploma and the months after it that an answer counts for; none outside of both
    spans.
    """
    answered = local_date("answered_at", policy)

    def after(months: str) -> str:
        return f"graduated_on + INTERVAL {policy.figure('observation', f'salary_{months}_months')} MONTH"

    spans = " ".join(
        f"WHEN {answered} BETWEEN {after(f'{name}_from')} AND {after(f'{name}_to')} THEN {months}"
        for name, months in (("first", 6), ("second", 24))
    )
    return f"year(graduated_on) || '|' || CASE {spans} END"

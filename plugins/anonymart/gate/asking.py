"""From the lines of the suites to SQL, and from what it finds to failures: names and counts, never a value
(S-ANON).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import duckdb

from anonymart.contracts import MartContract
from anonymart.errors import AnonymartError, UsageError
from anonymart.gate.report import Failure
from anonymart.gate.rules import RULES, Scope
from anonymart.gate.suites import Line, Suite
from anonymart.policy import Policy


def make_queries(
    suites: list[Suite], contracts: Mapping[str, MartContract], policy: Policy, as_of: date
) -> tuple[dict[Line, str], list[Failure]]:
    """The SQL of every line, and a failure for each line that has none."""
    queries: dict[Line, str] = {}
    failures = []
    for suite in suites:
        for line in suite.lines:
            options = {"kind": line.kind, "in": line.place}
            try:
                scope = Scope(policy, as_of, contracts.get(suite.name), line.column, options, contracts)
                queries[line] = " ".join(RULES[line.forbids].sql(scope).split())
            except (AnonymartError, UsageError, KeyError, TypeError, ValueError):
                failures.append(not_checked(line))
    return queries, failures


def failures_of(connection: duckdb.DuckDBPyConnection, answer: Any) -> list[Failure]:
    """What a failed line found, by asking its SQL once more; a line that could not be asked is a failure of
    its own.
    """
    if answer.passed:
        return []
    found = _found(connection, answer.line, answer.sql) if answer.was_asked else []
    return found or [not_checked(answer.line)]


def ask_straight(
    connection: duckdb.DuckDBPyConnection, queries: Mapping[Line, str]
) -> dict[Line, list[Failure]]:
    """What every line finds, asked without Great Expectations; a line that cannot be asked finds nothing."""
    return {line: _found(connection, line, sql) for line, sql in queries.items()}


def _found(connection: duckdb.DuckDBPyConnection, line: Line, sql: str) -> list[Failure]:
    try:
        rows = connection.execute(sql).fetchall()
    except duckdb.Error:
        return []
    return [Failure(mart, column, kind, line.policy, int(n)) for mart, column, kind, n in rows]


def not_checked(line: Line) -> Failure:
    """A line that could not be asked."""
    return Failure(line.suite, line.column, f"could_not_be_checked: {line.forbids}", line.policy, 1)

"""The rules as Great Expectations knows them: one class for each thing that is forbidden, named for it.

A metric of our own asks all lines of a suite in one query: a metric for each line costs Great Expectations
more than its query costs DuckDB.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import sqlalchemy
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations import UnexpectedRowsExpectation
from great_expectations.expectations.metrics.metric_provider import MetricProvider, metric_value
from great_expectations.render import LegacyDiagnosticRendererType
from great_expectations.render.renderer.renderer import renderer
from sqlalchemy.exc import SQLAlchemyError

from anonymart.gate.rules import RULES, Rule
from anonymart.gate.suites import Line

_FOUND = "anonymart.rows_found"
# The queries of each suite, in the order of its expectations, while they are asked.
_asked: dict[str, tuple[str, ...]] = {}


class RowsFound(MetricProvider):
    """How many rows each query of a suite finds, by its number. A query that cannot be asked has none."""

    metric_name = _FOUND
    domain_keys = ("batch_id",)
    value_keys = ("suite",)

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(
        cls,
        execution_engine: SqlAlchemyExecutionEngine,
        metric_domain_kwargs: Mapping[str, Any],
        metric_value_kwargs: Mapping[str, Any],
        metrics: Mapping[Any, Any],
        runtime_configuration: Mapping[str, Any],
    ) -> dict[int, int]:
        queries = dict(enumerate(_asked[metric_value_kwargs["suite"]]))
        try:
            return _counted(execution_engine, queries.items())
        except SQLAlchemyError:
            found: dict[int, int] = {}
            for query in queries.items():
                try:
                    found |= _counted(execution_engine, [query])
                except SQLAlchemyError:
                    continue
            return found


def _counted(engine: SqlAlchemyExecutionEngine, queries: Iterable[tuple[int, str]]) -> dict[int, int]:
    # Only how many rows there are is asked: the rows themselves never enter a result.
    counts = " UNION ALL ".join(
        f"SELECT {number} AS number, count(*) AS n FROM ({sql})" for number, sql in queries
    )
    rows = engine.execute_query(sqlalchemy.text(counts)).fetchall() if counts else []
    return {int(number): int(n) for number, n in rows}


class Forbidden(UnexpectedRowsExpectation):
    """Something that a release may not hold. Its SQL gives one row of names and a count for each place that
    holds it.
    """

    suite: str
    number: int
    metric_dependencies: ClassVar[tuple[str, ...]] = (_FOUND,)
    success_keys: ClassVar[tuple[str, ...]] = ("unexpected_rows_query", "suite", "number")

    def _validate(
        self, metrics: dict, runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        found = metrics[_FOUND]
        if self.number not in found:
            raise RuntimeError("this could not be asked")
        n_places = found[self.number]
        return {"success": n_places == 0, "result": {"observed_value": n_places}}

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.OBSERVED_VALUE)
    def _diagnostic_observed_value_renderer(
        cls, configuration: Any = None, result: Any = None, runtime_configuration: Any = None, **_: Any
    ) -> str:
        """What the Data Docs show as observed: how many places hold what is forbidden, never a value."""
        found = ((result.result if result else None) or {}).get("observed_value")
        return "not evaluated" if found is None else f"{found} found"


def _class_of(rule: Rule) -> type[Forbidden]:
    name = "Forbid" + "".join(word.title() for word in rule.name.split("_"))
    return type(name, (Forbidden,), {"__doc__": rule.doc, "__module__": __name__})


CLASSES: dict[str, type[Forbidden]] = {name: _class_of(rule) for name, rule in RULES.items()}


def expectations(
    suite: str, lines: Iterable[Line], queries: Mapping[Line, str], batch: str
) -> list[Forbidden]:
    """The lines of a suite as expectations of Great Expectations on the batch, a table or view of the schema
    `gate`.
    """
    asked = [(line, queries[line]) for line in lines]
    _asked[suite] = tuple(sql for _, sql in asked)
    return [_expectation(number, line, sql, batch) for number, (line, sql) in enumerate(asked)]


def _expectation(number: int, line: Line, sql: str, batch: str) -> Forbidden:
    escaped = sql.replace("{", "{{").replace("}", "}}")
    # A rule that reads only other tables than the batch still has to name it; nobody reads it there.
    named = re.sub(rf"\b{re.escape(batch)}\b", "{batch}", escaped)
    return CLASSES[line.forbids](
        suite=line.suite,
        number=number,
        unexpected_rows_query=named if "{batch}" in named else f"SELECT * FROM ({named}) /* {{batch}} */",
        description=sentence(line),
        meta={
            "forbids": line.forbids,
            "column": line.column,
            "kind": line.kind,
            "in": line.place,
            "policy": line.policy,
        },
    )


def sentence(line: Line) -> str:
    """The line as a reviewer reads it in the Data Docs: the sentence of the suite, then its name, column and
    policy id.
    """
    where = f", column {line.column}" if line.column != "*" else ""
    what = " ".join(
        part for part in (line.forbids, line.kind, f"in {line.place}" if line.place else None) if part
    )
    return f"{line.says} ({what.replace('_', ' ')}{where}, {line.policy})"

"""The rules as Great Expectations knows them: one class for each thing that is forbidden, named for it."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from great_expectations.expectations import UnexpectedRowsExpectation

from anonymart.gate.rules import RULES, Rule
from anonymart.gate.suites import Line


class Forbidden(UnexpectedRowsExpectation):
    """Something that a release may not hold. Its SQL gives one row of names and a count for each place that
    holds it.
    """

    # Only whether there is such a row is asked: the rows themselves never enter a result.
    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count",)

    def _validate(
        self, metrics: dict, runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        return {"success": metrics["unexpected_rows_query.row_count"] == 0}


def _class_of(rule: Rule) -> type[Forbidden]:
    name = "Forbid" + "".join(word.title() for word in rule.name.split("_"))
    return type(name, (Forbidden,), {"__doc__": rule.doc, "__module__": __name__})


CLASSES: dict[str, type[Forbidden]] = {name: _class_of(rule) for name, rule in RULES.items()}


def expectation(line: Line, sql: str, batch: str) -> Forbidden:
    """The line as an expectation of Great Expectations on the batch, a table or view of the schema `gate`."""
    escaped = sql.replace("{", "{{").replace("}", "}}")
    # A rule that reads only other tables than the batch still has to name it; nobody reads it there.
    named = re.sub(rf"\b{re.escape(batch)}\b", "{batch}", escaped)
    return CLASSES[line.forbids](
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

"""The register of what can be forbidden. A rule is SQL that gives (mart, column_name, kind, n), and no row
when all is well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from anonymart.contracts import MartContract
from anonymart.errors import AnonymartError
from anonymart.policy import Policy


@dataclass(frozen=True)
class Scope:
    """What a rule looks at: one mart's contract (or none), one column, the policy and the date of the
    release.
    """

    policy: Policy
    as_of: date
    contract: MartContract | None = None
    column: str = "*"
    options: Mapping[str, Any] = field(default_factory=dict)
    contracts: Mapping[str, MartContract] = field(default_factory=dict, repr=False)

    @property
    def mart(self) -> MartContract:
        """The mart's contract. Raises AnonymartError for a rule that stands in a suite without a mart."""
        if self.contract is None:
            raise AnonymartError("This expectation looks at a mart: move it to the suite of one.")
        return self.contract

    @property
    def table(self) -> str:
        """The view on the mart as the release file holds it, with its cell_key."""
        return f"gate.{self.mart.name}"

    @property
    def new_cells(self) -> str:
        """The cells of this release only: what an earlier policy let out is never judged by a later one."""
        return f"(FROM {self.table} ANTI JOIN gate.carried_{self.mart.name} AS carried USING (cell_key))"

    @property
    def recalled(self) -> str:
        """The cells that were ever recalled, as they were the last time."""
        return (
            f"(FROM gate.withdrawn_{self.mart.name} QUALIFY row_number() OVER (PARTITION BY cell_key ORDER "
            f"BY version DESC) = 1)"
        )

    @property
    def people(self) -> str:
        """The persons behind the cells, each with a row for each cell."""
        return f"gate.people_{self.mart.name}"

    @property
    def measure(self) -> Mapping[str, Any]:
        """The measure of meta.disclosure that fills the column. Raises AnonymartError when there is none."""
        return self.measure_named(self.column)

    def measure_named(self, name: str) -> Mapping[str, Any]:
        for measure in self.mart.measures:
            if measure["name"] == name:
                return measure
        raise AnonymartError(
            f"The mart {self.mart.name} has no measure {name}: correct its suite or its contract."
        )

    def figure(self, *path: str) -> Any:
        """An entry of the policy register, as it holds for the mart's class of noise."""
        return (
            self.policy.of_class(self.mart.noise).figure(*path)
            if self.contract
            else self.policy.figure(*path)
        )

    def smallest_move(self, count: str) -> int:
        """By how many persons a corrected count of the mart moves."""
        return self.policy.smallest_move(self.mart.noise_of(count))


@dataclass(frozen=True)
class Rule:
    """One thing that a suite may forbid."""

    name: str
    doc: str
    sql: Callable[[Scope], str]


RULES: dict[str, Rule] = {}


def rule(function: Callable[[Scope], str]) -> Callable[[Scope], str]:
    """Register a function as the rule of its name."""
    RULES[function.__name__] = Rule(function.__name__, " ".join((function.__doc__ or "").split()), function)
    return function


def counted(scope: Scope, kind: str, rows: str, column: str | None = None) -> str:
    """SQL: how many rows there are, under the mart, the column and a kind; nothing when there are none."""
    mart = scope.contract.name if scope.contract else "*"
    return (
        f"SELECT '{mart}' AS mart, '{column or scope.column}' AS column_name, '{kind}' AS kind, "
        f"count(*) AS n "
        f"FROM ({rows}) HAVING count(*) > 0"
    )


def day(value: date) -> str:
    """A date as an SQL literal."""
    return f"DATE '{value.isoformat()}'"

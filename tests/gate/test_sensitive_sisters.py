"""Which counts go with a sensitive one: the macro that protects and the rule that checks say the same,
whatever a mart declares (S-ANON).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import jinja2
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymart.contracts import MartContract, Period
from anonymart.gate.rules import Scope
from anonymart.gate.rules_figures import sensitive_sisters
from anonymart.policy import load_policy

MACROS = Path(__file__).parents[2] / "dbt_project" / "macros" / "disclosure" / "protect_count.sql"


class Returned(Exception):
    """What dbt's `return` does: it ends the macro with a value."""

    def __init__(self, value: Any) -> None:
        self.value = value


def give(value: Any) -> None:
    raise Returned(value)


MODULE = (
    jinja2.Environment(extensions=["jinja2.ext.do"])
    .from_string(MACROS.read_text(encoding="utf-8"))
    .make_module(
        {
            "return": give,
            "measures_of": lambda rules, kinds: [m for m in rules["measures"] if m["kind"] in kinds],
        }
    )
)


def of_the_macro(measures: list[dict[str, Any]], measure: dict[str, Any]) -> list[str]:
    try:
        MODULE.sensitive_sisters({"measures": measures}, measure)
    except Returned as done:
        return done.value
    raise AssertionError("the macro returns nothing")


def of_the_gate(measures: list[dict[str, Any]], measure: dict[str, Any]) -> list[str]:
    period = Period("month", "month", "0")
    contract = MartContract("mart", "", (), {"month": "period"}, tuple(measures), period, {"noise": "coarse"})
    return sensitive_sisters(Scope(load_policy(), date(2026, 6, 30), contract), measure)


@st.composite
def marts(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Two bases, and parts of them that may be sensitive and of one of two partitions."""
    found: list[dict[str, Any]] = [{"name": "base_0", "kind": "count"}, {"name": "base_1", "kind": "count"}]
    for number in range(draw(st.integers(1, 6))):
        part: dict[str, Any] = {
            "name": f"part_{number}",
            "kind": "count",
            "of": draw(st.sampled_from(["base_0", "base_1"])),
        }
        if draw(st.booleans()):
            part["sensitive"] = True
        if partition := draw(st.sampled_from([None, "answers", "outcomes"])):
            part["partition"] = partition
        found.append(part)
    return found


@settings(deadline=None, database=None)
@given(marts())
def test_macro_and_gate_name_the_same_counts(measures: list[dict[str, Any]]) -> None:
    for measure in measures:
        assert of_the_gate(measures, measure) == of_the_macro(measures, measure)

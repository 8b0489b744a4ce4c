"""What a corrected cell may not tell beside the recalled one: that somebody left meanwhile, and which figures moved with them (S-ANON)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anonymart.contracts import MartContract
from anonymart.gate.rules import Scope, counted, rule


@rule
def correction_tells_a_difference(scope: Scope) -> str:
    """A quantile, a mean or a rate of hidden counts that is shown and is not the recalled one: few people could have moved it (S-ANON)."""
    figure, table = f'"{scope.column}"', f"gate.withdrawn_{scope.mart.name}"
    stayed, measure = "", rate_of(scope.mart, scope.measure)
    if measure["kind"] == "rate":
        # What moved with a shown count has moved by enough people.
        table = f"(FROM {table} QUALIFY row_number() OVER (PARTITION BY cell_key ORDER BY version DESC) = 1)"
        stayed = "".join(
            f' AND cell."{part}" IS NOT DISTINCT FROM withdrawn."{part}"'
            for part in (measure["numerator"], measure["denominator"])
            if part in scope.mart.figures
        )
    return counted(scope, "correction_tells_a_difference", f"""
        SELECT DISTINCT cell.cell_key FROM {scope.new_cells} AS cell JOIN {table} AS withdrawn ON withdrawn.cell_key = cell.cell_key
        WHERE abs(cell.{figure} - withdrawn.{figure}) > 1e-6{stayed}""")


def must_stay(contract: MartContract, measure: Mapping[str, Any]) -> bool:
    """Whether a figure may move in a correction only with counts that are shown, or not at all."""
    measure = rate_of(contract, measure)
    if measure["kind"] != "rate":
        return measure["kind"] in ("quantile", "mean")
    return not {measure["numerator"], measure["denominator"]} <= set(contract.figures)


def rate_of(contract: MartContract, measure: Mapping[str, Any]) -> Mapping[str, Any]:
    """The rate that an end of an interval belongs to; any other measure itself."""
    name = measure.get("rate", measure["name"])
    return next(each for each in contract.measures if each["name"] == name)

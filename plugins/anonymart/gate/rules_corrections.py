"""What a corrected period may not tell beside the recalled one: that somebody left meanwhile, and which figures moved with them (S-ANON)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anonymart.contracts import MartContract
from anonymart.gate.rules import Scope, counted, rule


@rule
def correction_tells_a_difference(scope: Scope) -> str:
    """A figure that tells more than plain counts, in a cell whose plain counts are as they were recalled: few people could have moved it (S-ANON)."""
    stayed = "".join(f' AND cell."{name}" IS NOT DISTINCT FROM withdrawn."{name}"' for name in plain_counts(scope.mart))
    return counted(scope, "correction_tells_a_difference", f"""
        SELECT cell.cell_key FROM {scope.new_cells} AS cell JOIN {_newest(scope)} AS withdrawn ON withdrawn.cell_key = cell.cell_key{stayed}
        WHERE cell."{scope.column}_reason" IS DISTINCT FROM 'protected'""")


@rule
def recalled_cell_missing(scope: Scope) -> str:
    """A recalled cell of few people that did not come again: its last people left meanwhile (S-ANON).

    One of a code that holds no longer may stay away, and a release that was published before is not asked.
    """
    counts = [f'"{name}"' for name in plain_counts(scope.mart)]
    largest = f"greatest({', '.join(counts)})"
    few = f"{largest} > 0 AND {largest} < {scope.figure('nesting', 'smallest_difference')}"
    codes = "".join(
        f' AND "{name}" IN (SELECT code FROM gate.codes WHERE list IN (\'{spec}\', \'{scope.mart.name}.{name}\'))'
        for name, spec in scope.mart.dimensions.items()
        if isinstance(spec, str) and spec not in ("period", "pooled_period")
    )
    return counted(scope, "recalled_cell_missing", f"""
        SELECT cell_key FROM {_newest(scope)} AS withdrawn ANTI JOIN {scope.table} AS cell USING (cell_key)
        WHERE is_asked AND {few}{codes}""")


def plain_counts(contract: MartContract) -> list[str]:
    """The shown counts of persons that are no sensitive value and no part of a partition."""
    return [
        measure["name"]
        for measure in contract.measures
        if measure["kind"] == "count" and not {"hidden", "sensitive", "partition"} & set(measure)
    ]


def must_stay(contract: MartContract, measure: Mapping[str, Any]) -> bool:
    """Whether a shown figure tells more than plain counts do, and is not copied from another mart that tells it."""
    plain = plain_counts(contract)
    follows = measure["name"] in plain or (measure["kind"] == "rate" and ("told_by" in measure or {measure["numerator"], measure["denominator"]} <= set(plain)))
    return not measure.get("hidden") and not follows


def _newest(scope: Scope) -> str:
    return f"(FROM gate.withdrawn_{scope.mart.name} QUALIFY row_number() OVER (PARTITION BY cell_key ORDER BY version DESC) = 1)"

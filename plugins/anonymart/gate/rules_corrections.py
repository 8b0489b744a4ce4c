"""What a corrected period may not tell beside the recalled one: that somebody left meanwhile, and which
figures moved with them (S-ANON).
"""

from __future__ import annotations

from anonymart.gate.rules import Scope, counted, rule
from anonymart.release.cells import key_sql


@rule
def correction_tells_a_difference(scope: Scope) -> str:
    """A figure that tells more than plain counts, in a cell whose plain counts are as they were recalled: few
    people could have moved it (S-ANON).
    """
    stayed = "".join(
        f' AND cell."{name}" IS NOT DISTINCT FROM withdrawn."{name}"' for name in scope.mart.plain_counts
    )
    return counted(
        scope,
        "correction_tells_a_difference",
        f"""
        SELECT cell.cell_key FROM {scope.new_cells} AS cell JOIN {scope.recalled} AS withdrawn
            ON withdrawn.cell_key = cell.cell_key{stayed}
        WHERE cell."{scope.column}_reason" IS DISTINCT FROM 'protected'""",
    )


@rule
def recalled_cell_missing(scope: Scope) -> str:
    """A recalled cell of few people that did not come again: its last people left meanwhile (S-ANON).

    One of a code that holds no longer may stay away, and a release that was published before is not asked.
    """
    counts = ", ".join(f'"{name}"' for name in scope.mart.plain_counts)
    largest = f"greatest({counts})"
    few = f"{largest} > 0 AND {_are_few(scope)}"
    codes = "".join(
        f" AND \"{name}\" IN (SELECT code FROM gate.codes WHERE list IN ('{spec}', "
        f"'{scope.mart.name}.{name}'))"
        for name, spec in scope.mart.dimensions.items()
        if isinstance(spec, str) and spec not in ("period", "pooled_period")
    )
    return counted(
        scope,
        "recalled_cell_missing",
        f"""
        SELECT cell_key FROM {scope.recalled} AS withdrawn ANTI JOIN {scope.table} AS cell USING (cell_key)
        WHERE is_asked AND {few}{codes}""",
    )


@rule
def few_added_by_correction(scope: Scope) -> str:
    """A cell that a correction adds to a recalled period, and that few people are in: it had no row, and one
    more person gave it one (S-ANON).
    """
    name = scope.mart.name
    return counted(
        scope,
        "few_added_by_correction",
        f"""
        SELECT cell.cell_key FROM {scope.new_cells} AS cell
        ANTI JOIN gate.withdrawn_{name} AS withdrawn ON withdrawn.cell_key = cell.cell_key
        WHERE {key_sql(scope.mart.period_key, "cell")} IN (SELECT period_key FROM gate.withdrawn_periods
        WHERE mart = '{name}')
            AND {_are_few(scope)}""",
    )


def _are_few(scope: Scope) -> str:
    """Whether each plain count of a cell is one that a correction would not move away from 0."""
    return " AND ".join(
        f'coalesce("{name}", 0) < {scope.smallest_move(name)}' for name in scope.mart.plain_counts
    )

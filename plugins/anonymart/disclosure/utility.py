"""What protection costs: the errors of published figures against the true ones, and who is in none (S-ANON).

These figures are made from true ones, so they may not tell any of them: an error is stated only over as many
cells as the register asks for (utility.smallest_cells), coarsely, and a total only where what it adds to the
stated parts is as large.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from anonymart.contracts import REASONS, MartContract
from anonymart.policy import Policy

TOO_FEW_CELLS = "too_few_cells"
DECIMALS = 1
MEDIAN = 0.5
COUNT_ERROR = "count_error_persons"
MEDIAN_SALARY_ERROR = "median_salary_error_percent"
QUARTILE_SALARY_ERROR = "quartile_salary_error_percent"
NPS_ERROR = "nps_error_points"
IN_COUNTS = "persons_in_published_counts_percent"
AS_ZERO = "persons_in_counts_published_as_0_percent"
IN_OTHERS = "persons_in_other_published_figures_percent"
ERRORS = (COUNT_ERROR, MEDIAN_SALARY_ERROR, QUARTILE_SALARY_ERROR, NPS_ERROR)
SHARES = (IN_COUNTS, AS_ZERO, IN_OTHERS)
ABOUT = (
    "What protection costs, over the cells that are new in this release: earlier ones have no true "
    "figures any more. Errors are "
    "means of absolute differences from the true figures, true zeros left out; shares weigh each figure "
    "by the true persons under "
    f"it. What rests on fewer than smallest_cells cells is {TOO_FEW_CELLS}, for it could tell a true figure."
)
# Names of the section; the gate knows them as words of ours.
WORDS = (
    ABOUT,
    TOO_FEW_CELLS,
    *ERRORS,
    *SHARES,
    *REASONS,
    "utility about smallest_cells new_cells suppressed marts release_id",
)


@dataclass(frozen=True)
class Part:
    """One utility figure of one mart: the sum of errors, or of persons in something, and what it is a part
    of.

    Of an error the base counts figures, of a share persons; the cells are those with a person in it and out
    of it.
    """

    mart: str
    name: str
    total: float
    base: float
    n_cells_in: int
    n_cells_out: int

    def may_be_stated(self, smallest: int) -> bool:
        """Whether it tells no true figure: on either side no cell at all or enough of them."""
        sides = self.n_cells_in, self.n_cells_out
        return self.base > 0 and all(n == 0 or n >= smallest for n in sides)

    def value(self) -> float:
        """The mean error, or the share in percent, rounded."""
        return round((100 if self.name in SHARES else 1) * self.total / self.base, DECIMALS)


def measure(
    connection: duckdb.DuckDBPyConnection,
    contracts: Mapping[str, MartContract],
    policy: Policy,
    evidence: str,
) -> dict[str, Any]:
    """The section `utility` of the privacy report, per mart and in all, as plain data.

    `evidence` is SQL that may follow FROM: mart, cell_key, measure, true_count, true_value, published_value
    and published_reason of each new cell.
    """
    smallest = policy.figure("utility", "smallest_cells")
    parts = _parts(connection, contracts, evidence)
    cells = _cells(connection, contracts, evidence)
    marts = {
        name: {**found, **{part.name: _stated(part, smallest) for part in parts if part.mart == name}}
        for name, found in cells.items()
    }
    return {
        "about": ABOUT,
        "smallest_cells": smallest,
        "new_cells": sum(found["new_cells"] for found in cells.values()),
        "suppressed": {
            reason: sum(found["suppressed"][reason] for found in cells.values()) for reason in REASONS
        },
        **_in_all(parts, smallest),
        "marts": marts,
    }


def sentence(utility: Mapping[str, Any]) -> str:
    """The figures in all in one line for a person."""
    if not utility.get("new_cells"):
        return "Utility: no new cell, nothing to measure."
    errors = (
        (COUNT_ERROR, "counts", "persons"),
        (MEDIAN_SALARY_ERROR, "median salaries", "%"),
        (NPS_ERROR, "NPS", "points"),
    )
    shares = (
        (IN_COUNTS, "published counts"),
        (AS_ZERO, "counts published as 0"),
        (IN_OTHERS, "other published figures"),
    )
    told = [
        f"{what} off by {_in_words(utility[name], unit)}" for name, what, unit in errors if name in utility
    ]
    told += [
        f"{_in_words(utility[name], '%')} of persons in {what}" for name, what in shares if name in utility
    ]
    return f"Utility of {utility['new_cells']} new cells: {'; '.join(told)}."


def _in_words(figure: float | str, unit: str) -> str:
    return f"? {unit} (too few cells)" if figure == TOO_FEW_CELLS else f"{figure:g} {unit}"


def _stated(part: Part, smallest: int) -> float | str:
    return part.value() if part.may_be_stated(smallest) else TOO_FEW_CELLS


def _in_all(parts: Iterable[Part], smallest: int) -> dict[str, float | str]:
    """Each figure over all marts; over those that state theirs where the others alone are too few to be
    added.
    """
    found: dict[str, float | str] = {}
    for name in (*ERRORS, *SHARES):
        of_name = [part for part in parts if part.name == name and part.base]
        if not of_name:
            continue
        rest = _sum([part for part in of_name if not part.may_be_stated(smallest)], name)
        told = (
            of_name
            if rest.may_be_stated(smallest)
            else [part for part in of_name if part.may_be_stated(smallest)]
        )
        found[name] = _stated(_sum(told, name), smallest)
    return found


def _sum(parts: list[Part], name: str) -> Part:
    columns = zip(
        *((part.total, part.base, part.n_cells_in, part.n_cells_out) for part in parts), strict=True
    )
    return Part("all", name, *(map(sum, columns) if parts else (0.0, 0.0, 0, 0)))


def _parts(
    connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract], evidence: str
) -> list[Part]:
    rows = connection.execute(f"""
        WITH figures AS (
            SELECT evidence.*, shown.error_name, shown.is_count, published_reason IS NULL AS is_published,
                CASE WHEN is_count THEN true_count ELSE true_value END AS true_figure
            FROM {evidence} AS evidence JOIN ({_shown(contracts)}) AS shown USING (mart, measure)
            WHERE true_count > 0
        ),
        errors AS (
            SELECT mart, error_name AS name,
                sum(abs(published_value - true_figure) / CASE WHEN error_name LIKE '%_percent'
                    THEN true_figure / 100 ELSE 1 END) AS total,
                count(*)::DOUBLE AS base, count(DISTINCT cell_key) AS n_cells_in, 0 AS n_cells_out
            FROM figures WHERE is_published AND error_name IS NOT NULL AND true_figure IS NOT NULL
            GROUP BY ALL
        ),
        persons AS (
            SELECT mart, cell_key, true_count, unnest(CASE WHEN is_count
                THEN [{{'name': '{IN_COUNTS}', 'is_in': is_published}},
                    {{'name': '{AS_ZERO}', 'is_in': is_published AND published_value = 0}}]
                ELSE [{{'name': '{IN_OTHERS}', 'is_in': is_published}}] END, recursive := true)
            FROM figures
        ),
        shares AS (
            SELECT mart, name, coalesce(sum(true_count) FILTER (is_in), 0)::DOUBLE AS total,
                sum(true_count)::DOUBLE AS base,
                count(DISTINCT cell_key) FILTER (is_in) AS n_cells_in,
                    count(DISTINCT cell_key) FILTER (NOT is_in) AS n_cells_out
            FROM persons GROUP BY ALL
        )
        FROM errors UNION ALL FROM shares ORDER BY ALL""").fetchall()
    return [Part(*row) for row in rows]


def _cells(
    connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract], evidence: str
) -> dict[str, dict[str, Any]]:
    rows = connection.execute(f"""
        SELECT mart, count(DISTINCT cell_key),
            {", ".join(f"count(*) FILTER (published_reason = '{reason}')" for reason in REASONS)}
        FROM {evidence} AS evidence JOIN ({_shown(contracts)}) AS shown USING (mart, measure)
        GROUP BY mart""").fetchall()
    counted = {mart: (n_cells, reasons) for mart, n_cells, *reasons in rows}
    nothing = (0, [0] * len(REASONS))
    return {
        name: {"new_cells": n_cells, "suppressed": dict(zip(REASONS, reasons, strict=True))}
        for name, (n_cells, reasons) in ((name, counted.get(name, nothing)) for name in contracts)
    }


def _shown(contracts: Mapping[str, MartContract]) -> str:
    """SQL for the figures that marts show, each with the name of its error, if any: hidden ones are published
    nowhere.
    """
    rows = [
        f"('{contract.name}', '{measure['name']}', {_error_name(measure)}, {measure['kind'] == 'count'})"
        for contract in contracts.values()
        for measure in contract.measures
        if measure["name"] in contract.figures
    ]
    return f"SELECT * FROM (VALUES {', '.join(rows)}) AS listed (mart, measure, error_name, is_count)"


def _error_name(measure: Mapping[str, Any]) -> str:
    if measure["kind"] == "quantile" and measure.get("money"):
        return f"'{MEDIAN_SALARY_ERROR if measure['quantile'] == MEDIAN else QUARTILE_SALARY_ERROR}'"
    return {"count": f"'{COUNT_ERROR}'", "nps": f"'{NPS_ERROR}'"}.get(measure["kind"], "NULL")

"""Figures without noise of cells within cells, held against the persons behind them once more (S-ANON).

The persons are read from the same view as the build reads them, and compared here without the macros that
protected them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anonymart.contracts import MartContract
from anonymart.gate.rules import Scope, counted, rule
from anonymart.gate.rules_figures import clipped_cells, sensitive_sisters


@rule
def nested_figure_too_near(scope: Scope) -> str:
    """A quantile or a clipped share beside that of a cell around it, with a few persons between the two
    (S-ANON).
    """
    if scope.measure["kind"] == "quantile":
        pairs = _near_quantiles(scope, scope.measure)
        return counted(
            scope,
            "nested_figure_too_near",
            f"{pairs} UNION ALL {_left_over(scope, scope.measure)}" if _nesting(scope) else pairs,
        )
    sensitive = (
        [scope.measure["numerator"]]
        if scope.measure["kind"] == "rate"
        else sensitive_sisters(scope, scope.measure)
    )
    return counted(
        scope, "nested_figure_too_near", " UNION ALL ".join(_near_shares(scope, name) for name in sensitive)
    )


def has_nests(contract: MartContract) -> bool:
    """Whether a mart has cells within cells: a whole and its parts, or pooled years."""
    return bool(contract.disclosure.get("nesting") or contract.disclosure.get("pooling"))


def _nesting(scope: Scope) -> Mapping[str, Any]:
    return scope.mart.disclosure.get("nesting") or {}


def _pooling(scope: Scope) -> Mapping[str, Any]:
    return scope.mart.disclosure.get("pooling") or {}


def _near_quantiles(scope: Scope, measure: Mapping[str, Any]) -> str:
    shown = f'"{measure["name"]}" IS NOT NULL'
    persons = persons_of(scope, f'people."{measure["value"]}" IS NOT NULL')
    # What an earlier release showed of a part stays shown: its pool must not come at all.
    carried = f"""
        SELECT coarse.cell_key FROM {scope.new_cells} AS coarse JOIN gate.carried_{scope.mart.name} AS fine
            ON {_within(scope)}
        WHERE coarse.{shown} AND fine.{shown}"""
    return f"""
        SELECT fine.cell_key FROM ({_pairs(scope, persons)}) AS pair
        JOIN {scope.new_cells} AS fine ON fine.cell_key = pair.fine_key
        JOIN {scope.new_cells} AS coarse ON coarse.cell_key = pair.coarse_key
        WHERE fine.{shown} AND coarse.{shown} AND {_is_few(scope, "pair.n_apart")}
        UNION ALL {carried}"""


def _near_shares(scope: Scope, sensitive: str) -> str:
    where = scope.measure_named(scope.measure_named(sensitive)["of"]).get("where")
    persons = persons_of(scope, f'people."{where}"' if where else "true")
    return f"""
        SELECT fine.cell_key FROM ({_pairs(scope, persons)}) AS pair
        JOIN {scope.new_cells} AS fine ON fine.cell_key = pair.fine_key
        JOIN {clipped_cells(scope, sensitive)} AS fine_side ON fine_side.cell_key = pair.fine_key
        JOIN {clipped_cells(scope, sensitive)} AS coarse_side ON coarse_side.cell_key = pair.coarse_key
        WHERE fine."{scope.column}" IS NOT NULL AND fine_side.has_band AND coarse_side.has_band
            AND (fine_side.is_clipped OR coarse_side.is_clipped) AND {_is_few(scope, "pair.n_apart")}"""


def _left_over(scope: Scope, measure: Mapping[str, Any]) -> str:
    """Wholes whose persons are, but for a few, behind the parts that are shown beside them."""
    nesting, shown = _nesting(scope), f'"{measure["name"]}" IS NOT NULL'
    others = " AND ".join(
        f'part."{name}" = whole."{name}"' for name in scope.mart.dimensions if name != nesting["dimension"]
    )
    return f"""
        SELECT cell_key FROM (
            SELECT whole.cell_key, whole.person, bool_or(part.person IS NOT NULL) AS is_told
            FROM (
                SELECT persons.*, {_dimensions(scope, "cell")}
                FROM {persons_of(scope, f'people."{measure["value"]}" IS NOT NULL')} AS persons
                JOIN {scope.new_cells} AS cell USING (cell_key)
                WHERE cell.{shown} AND cell."{nesting["dimension"]}" = '{nesting["whole"]}'
            ) AS whole LEFT JOIN (
                SELECT persons.*, {_dimensions(scope, "cell")}
                FROM {persons_of(scope, f'people."{measure["value"]}" IS NOT NULL')} AS persons
                JOIN {scope.new_cells} AS cell USING (cell_key)
                WHERE cell.{shown} AND cell."{nesting["dimension"]}" <> '{nesting["whole"]}'
            ) AS part ON part.person = whole.person AND {others}
            GROUP BY whole.cell_key, whole.person
        ) GROUP BY cell_key HAVING bool_or(is_told) AND {_is_few(scope, "count(*) FILTER (NOT is_told)")}"""


def _dimensions(scope: Scope, table: str) -> str:
    return ", ".join(f'{table}."{name}"' for name in scope.mart.dimensions)


def persons_of(scope: Scope, counts: str) -> str:
    """SQL for (cell_key, person) of the new cells; in a pool a person counts as in the last of the years."""
    pooling = _pooling(scope)
    same = " AND ".join(
        f'cell."{name}" = people."{name}"' for name in scope.mart.dimensions if name not in pooling.values()
    )
    last = "true"
    if pooling:
        same += (
            f' AND people."{pooling["year"]}" BETWEEN cell."{pooling["year_from"]}" AND '
            f'cell."{pooling["year"]}"'
        )
        last = f'people."{pooling["year"]}"'
    return f"""(
        SELECT cell.cell_key, people."{scope.mart.disclosure["person"]}" AS person
        FROM {scope.new_cells} AS cell JOIN {scope.people} AS people ON {same}
        GROUP BY ALL HAVING coalesce(arg_max({counts}, {last}), false))"""


def _pairs(scope: Scope, persons: str) -> str:
    """SQL for (fine_key, coarse_key, n_apart): persons behind one of two nested new cells and not behind the
    other.
    """
    return f"""
        WITH persons AS MATERIALIZED {persons}, sizes AS (SELECT cell_key, count(*) AS n FROM persons
        GROUP BY cell_key)
        SELECT fine.cell_key AS fine_key, coarse.cell_key AS coarse_key,
            fine_size.n + coarse_size.n - 2 * count(coarse_person.person) AS n_apart
        FROM {scope.new_cells} AS fine JOIN {scope.new_cells} AS coarse ON {_within(scope)}
        JOIN sizes AS fine_size ON fine_size.cell_key = fine.cell_key
        JOIN sizes AS coarse_size ON coarse_size.cell_key = coarse.cell_key
        JOIN persons AS fine_person ON fine_person.cell_key = fine.cell_key
        LEFT JOIN persons AS coarse_person ON coarse_person.cell_key = coarse.cell_key
            AND coarse_person.person = fine_person.person
        GROUP BY fine.cell_key, coarse.cell_key, fine_size.n, coarse_size.n"""


def _within(scope: Scope) -> str:
    """SQL: the cell `fine` lies within the cell `coarse`, and is another one."""
    nesting, pooling = _nesting(scope), _pooling(scope)
    conditions = ["fine.cell_key <> coarse.cell_key"]
    for name in scope.mart.dimensions:
        equal = f'fine."{name}" = coarse."{name}"'
        if name == nesting.get("dimension"):
            conditions.append(f"""({equal} OR coarse."{name}" = '{nesting["whole"]}')""")
        elif name in pooling.values():
            conditions.append(
                f'fine."{name}" {">=" if name == pooling["year_from"] else "<="} coarse."{name}"'
            )
        else:
            conditions.append(equal)
    return " AND ".join(conditions)


def _is_few(scope: Scope, number: str) -> str:
    return f"{number} BETWEEN 1 AND {scope.figure('nesting', 'smallest_difference')} - 1"

"""What no mart may hold, cell by cell: strange columns, twins, cells without evidence, open periods, changed
history.
"""

from __future__ import annotations

import re

from anonymart.gate.rules import Scope, counted, day, rule
from anonymart.release.cells import key_sql


@rule
def column_outside_contract(scope: Scope) -> str:
    """A column that the contract does not list, one that is missing, or one of another type (S-ANON)."""
    name = scope.mart.name
    return f"""
        SELECT '{name}' AS mart, label AS column_name,
            CASE WHEN promised_type IS NULL THEN 'extra_column' WHEN real_type IS NULL THEN 'missing_column'
                ELSE 'wrong_type' END AS kind,
            count(*) AS n
        FROM gate.columns
        WHERE mart = '{name}' AND promised_type IS DISTINCT FROM real_type
        GROUP BY ALL"""


@rule
def cell_twice(scope: Scope) -> str:
    """Two rows of the same cell: one of them would contradict the other (S-ANON)."""
    return counted(
        scope, "cell_twice", f"SELECT cell_key FROM {scope.table} GROUP BY cell_key HAVING count(*) > 1"
    )


@rule
def parquet_unlike_table(scope: Scope) -> str:
    """A Parquet file that does not hold exactly the rows of the table (S-ANON)."""
    name = scope.mart.name
    table, file = f"gate.table_{name}", f"gate.parquet_{name}"
    differing = f"(FROM {table} EXCEPT ALL FROM {file}) UNION ALL (FROM {file} EXCEPT ALL FROM {table})"
    state = f"SELECT 1 FROM gate.parquet_states WHERE mart = '{name}' AND state <> 'same'"
    return counted(scope, "parquet_unlike_table", f"SELECT 1 FROM ({differing}) UNION ALL ({state})")


@rule
def cell_without_evidence(scope: Scope) -> str:
    """A cell that is neither carried from the ledger nor backed by evidence for each of its measures
    (S-ANON).
    """
    name, measures = scope.mart.name, len(scope.mart.measures)
    return counted(
        scope,
        "cell_without_evidence",
        f"""
        SELECT cell.cell_key FROM {scope.table} AS cell
        ANTI JOIN gate.carried_{name} AS carried ON carried.cell_key = cell.cell_key
        ANTI JOIN (
            SELECT cell_key FROM gate.evidence WHERE mart = '{name}'
            GROUP BY cell_key HAVING count(DISTINCT measure) = {measures} AND count(*) = {measures}
        ) AS backed ON backed.cell_key = cell.cell_key""",
    )


@rule
def evidence_without_cell(scope: Scope) -> str:
    """Evidence of a cell that the release does not hold: something was taken out on the way (S-SAFE)."""
    return counted(
        scope,
        "evidence_without_cell",
        f"""
        SELECT DISTINCT cell_key FROM gate.evidence AS evidence
        ANTI JOIN {scope.table} AS cell ON cell.cell_key = evidence.cell_key
        WHERE evidence.mart = '{scope.mart.name}'""",
    )


@rule
def evidence_of_another_day(scope: Scope) -> str:
    """Evidence that was made for another as_of: the figures would be of other persons (P-STAT)."""
    return counted(
        scope,
        "evidence_of_another_day",
        f"""
        SELECT 1 FROM gate.evidence WHERE mart = '{scope.mart.name}'
            AND as_of IS DISTINCT FROM {day(scope.as_of)}""",
    )


@rule
def person_out_of_window(scope: Scope) -> str:
    """A new cell with a person whose years in statistics had ended by the day of the release (P-STAT,
    R-OBJECT).
    """
    return counted(
        scope,
        "person_out_of_window",
        f"""
        SELECT DISTINCT cell_key FROM gate.evidence
        WHERE mart = '{scope.mart.name}' AND (true_count > 0 OR earliest_closing_on IS NOT NULL)
            AND (earliest_closing_on IS NULL OR earliest_closing_on < {day(scope.as_of)})""",
    )


@rule
def open_period(scope: Scope) -> str:
    """A new cell whose period, observation and delay had not ended by the day of the release (S-ANON)."""
    return counted(
        scope,
        "open_period",
        (
            f"SELECT 1 FROM {scope.new_cells} WHERE NOT coalesce({closes_on(scope)} <= "
            f"{day(scope.as_of)}, false)"
        ),
    )


def closes_on(scope: Scope) -> str:
    """SQL for the last day that a cell must wait for: of its period, of its observation in months and of the
    delay.
    """
    period = scope.mart.period
    length = {"month": "1 month", "quarter": "3 months", "half_year": "6 months", "year": "1 year"}[
        period.grain
    ]
    first = f'make_date("{period.column}"::INTEGER, 1, 1)' if period.grain == "year" else f'"{period.column}"'
    months = _with_figures(scope, period.observation)
    delay = scope.figure("publication", "delay_days")
    return f"({first} + INTERVAL {length} + to_months(({months})::INTEGER) + to_days({int(delay) - 1}))::DATE"


def _with_figures(scope: Scope, text: str) -> str:
    return re.sub(r"\bpolicy\.([\w.]+)", lambda found: str(scope.figure(*found.group(1).split("."))), text)


@rule
def completeness_unlike_dates(scope: Scope) -> str:
    """A cell that says of itself otherwise than its dates whether people had left the statistics before it
    was first built (P-STAT, P-AUDIENCE).
    """
    period = scope.mart.period
    first = f'cell."{period.column}"'
    if period.grain == "year":
        first_year = (scope.mart.disclosure.get("pooling") or {}).get("year_from", period.column)
        first = f'make_date(cell."{first_year}"::INTEGER, 1, 1)'
    kept = (
        f"+ to_months({int(scope.figure('purposes', 'P-AUDIENCE', 'keep_months'))})"
        if scope.mart.is_of_visitors
        else f"+ to_years({int(scope.figure('purposes', 'P-STAT', 'keep_years_after_last_use'))}) "
        f"- to_months({int(_with_figures(scope, period.last_use_before))})"
    )
    open_until = f"({first} {kept})::DATE"
    return counted(
        scope,
        "completeness_unlike_dates",
        f"""
        SELECT 1 FROM {scope.table} AS cell LEFT JOIN gate.carried_{scope.mart.name} AS carried
            ON carried.cell_key = cell.cell_key
        WHERE cell.is_complete IS DISTINCT FROM (
            {open_until} >= coalesce(carried.built_as_of, {day(scope.as_of)}))""",
    )


@rule
def carried_cell_changed(scope: Scope) -> str:
    """A cell of an earlier release that does not read as it did: history would be bent (S-ANON)."""
    name = scope.mart.name
    keys = set(scope.mart.dimensions)
    columns = [column for column in scope.mart.column_names if column not in keys]
    counts = ", ".join(
        f"{{'column_name': '{column}', "
        f'\'n\': count(*) FILTER (cell."{column}" IS DISTINCT FROM carried."{column}")}}'
        for column in columns
    )
    return f"""
        SELECT '{name}' AS mart, found.column_name, 'carried_cell_changed' AS kind, found.n
        FROM (
            SELECT unnest([{counts}]) AS found FROM {scope.table} AS cell
            JOIN gate.carried_{name} AS carried ON carried.cell_key = cell.cell_key
        ) WHERE found.n > 0"""


@rule
def carried_cell_missing(scope: Scope) -> str:
    """A cell of an earlier release that is no longer there (S-ANON)."""
    return counted(
        scope,
        "carried_cell_missing",
        f"""
        SELECT carried.cell_key FROM gate.carried_{scope.mart.name} AS carried
        ANTI JOIN {scope.table} AS cell ON cell.cell_key = carried.cell_key""",
    )


@rule
def closed_period_reopened(scope: Scope) -> str:
    """A new cell in a period that an earlier release closed and nobody declared wrong: a correction that
    reaches too far (S-ANON).
    """
    name, key = scope.mart.name, key_sql(scope.mart.period_key, "cell")
    return counted(
        scope,
        "closed_period_reopened",
        f"""
        SELECT 1 FROM {scope.new_cells} AS cell
        WHERE {key} IN (SELECT period_key FROM gate.closed_periods WHERE mart = '{name}')""",
    )


@rule
def code_outside_list(scope: Scope) -> str:
    """A dimension value that is in neither the catalogue nor a code list: somebody may have typed it
    (D-IDENT).
    """
    listed = scope.mart.dimensions[scope.column]
    return counted(
        scope,
        "code_outside_list",
        f"""
        SELECT 1 FROM {scope.table} AS cell
        ANTI JOIN gate.codes AS codes ON codes.code = cell."{scope.column}"
            AND codes.list IN ('{listed}', '{scope.mart.name}.{scope.column}')""",
    )


@rule
def number_outside_range(scope: Scope) -> str:
    """A dimension number that is not one of those declared (D-IDENT)."""
    spec = scope.mart.dimensions[scope.column]
    if isinstance(spec, dict):
        low, high = (_bound(scope, spec[end]) for end in ("from", "to"))
        inside = f'"{scope.column}" BETWEEN {low} AND {high}'
    else:
        inside = f'"{scope.column}" IN ({", ".join(str(int(number)) for number in spec)})'
    return counted(
        scope, "number_outside_range", f"SELECT 1 FROM {scope.table} WHERE NOT coalesce({inside}, false)"
    )


def _bound(scope: Scope, bound: int | str) -> int:
    text = str(bound)
    return int(scope.figure(*text.split(".")[1:])) if text.startswith("policy.") else int(text)


@rule
def day_inside_period(scope: Scope) -> str:
    """A period that is not named by its first day, or a year that is none: a time finer than a month
    (S-ANON).
    """
    column, grain = f'"{scope.column}"', scope.mart.period.grain
    if grain == "year":
        first = f"{column} BETWEEN 1900 AND {scope.as_of.year}"
        if scope.column != scope.mart.period.column:
            first += f' AND {column} <= "{scope.mart.period.column}"'
    elif grain == "half_year":
        first = f"{column} = date_trunc('month', {column}) AND month({column}) IN (1, 7)"
    else:
        first = f"{column} = date_trunc('{grain}', {column})"
    return counted(
        scope, "day_inside_period", f"SELECT 1 FROM {scope.table} WHERE NOT coalesce({first}, false)"
    )

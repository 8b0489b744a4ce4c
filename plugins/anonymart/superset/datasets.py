"""Datasets of Superset: one for each mart, with titles beside the codes, and one for each table of names.

A figure of a mart is a published cell. So its metric gives the figure where a chart shows one cell, and
nothing where a chart would put several together: counts of persons carry noise and share persons, and no
sum, mean or maximum of them was published (S-ANON).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from anonymart.contracts import Column, MartContract
from anonymart.release.name_tables import PARENTS
from anonymart.release.tables import ReleaseTable
from anonymart.superset.labels import called, number_format

VERSION = "1.0.0"
# The year of each cell, in every mart: what the filter by year asks.
YEAR = "period_year"
# Whether a cell can be compared, in words: what tells lines apart where both kinds are shown.
COVERAGE = "coverage"
_COVERAGE = "if(mart.is_complete, 'complete', 'incomplete')"
ALL = "all"
_NAMESPACE = uuid5(NAMESPACE_URL, "anonymart/superset")
_TEMPORAL = ("DATE", "TIMESTAMP")
_RULES = (
    "A row is a cell: everybody of one combination of its dimensions. Metrics give one cell; where a chart "
    "would put several together they are empty. Never add counts of persons up, and leave gaps as gaps."
)
_COUNT = "Persons, with noise: never add rows up."
# A thing with its code behind it, so that two of one title stay apart.
_TITLE = "coalesce({0}.title || ' (' || {0}.code || ')', {1})"


def uuid_of(kind: str, *name: str) -> str:
    """The id of a database, dataset, chart or dashboard: the same for a name, so that a second import
    replaces the first.
    """
    return str(uuid5(_NAMESPACE, "/".join((kind, *name))))


def filter_id(name: str) -> str:
    """The id of a filter on dashboards, in the form that Superset gives them."""
    return f"NATIVE_FILTER-{UUID(uuid_of('filter', name)).hex[:20]}"


def metric(figure: str) -> str:
    """The name of the metric that gives one cell of a figure."""
    return f"cell_{figure}"


def title_column(kind: str) -> str:
    """The column with the titles of a kind of thing: the same in every dataset, so that one filter serves."""
    return f"{kind}_title"


def titles_of(contract: MartContract, links: Mapping[str, str]) -> dict[str, str]:
    """The dimensions that have titles, and the column of these; codes of a list that falls in an order are
    numbered by it.
    """
    found = {column: title_column(kind) for column, kind in links.items()}
    return found | {column: title_column(column) for column in _orders(contract)}


def time_column(contract: MartContract) -> str:
    """The time of a dataset: the period, or the first day of it where that is a number."""
    types = {column.name: column.type for column in contract.columns}
    name = contract.period.column
    return name if types[name] in _TEMPORAL else f"{name}_from_day"


def mart_dataset(contract: MartContract, table: ReleaseTable) -> dict[str, Any]:
    """The dataset of a mart: its columns as published, titles, the year, and a metric for each figure."""
    types = {column.name: column.type for column in contract.columns}
    extra = [Column(name, "VARCHAR", f"{called(kind)}, by title and code.") for kind, name in _titles(table)]
    extra += [
        Column(title_column(name), "VARCHAR", f"{called(name)}, in order.") for name in _orders(contract)
    ]
    time = time_column(contract)
    if time not in types:
        extra.append(Column(time, "DATE", f"First day of {contract.period.column}."))
    extra.append(Column(YEAR, "INTEGER", f"Year of {contract.period.column}."))
    extra.append(
        Column(
            COVERAGE,
            "VARCHAR",
            "Whether the cell is complete (is_complete); an incomplete one is not for comparisons.",
        )
    )
    figures = [column for column in contract.columns if column.name in contract.figures]
    counts = {measure["name"] for measure in contract.measures if measure["kind"] == "count"}
    return _dataset(
        ReleaseTable(contract.name, contract.description, (*contract.columns, *extra), table.keys),
        _sql(contract, table),
        {column.name for column in (*contract.columns, *extra)} - set(contract.figures),
        [_metric(column, column.name in counts) for column in figures],
    ) | {"main_dttm_col": time}


def other_dataset(table: ReleaseTable) -> dict[str, Any]:
    """The dataset of a table of names, or of a table that no contract describes; the first ones have the
    titles by which dashboards filter.
    """
    title = title_column(table.name)
    columns, sql = table.columns, f"SELECT * FROM {table.schema}.{table.name}"
    if table.column_names[:2] == ("code", "title"):
        columns = (*columns, Column(title, "VARCHAR", "Its title, and its code."))
        sql = f"SELECT *, {_TITLE.format(table.name, 'code')} AS {title} FROM {table.schema}.{table.name}"
    figures = {name.removesuffix("_reason") for name in table.column_names if name.endswith("_reason")}
    shown = [column for column in table.columns if column.name in figures]
    whole = ReleaseTable(table.name, table.description, columns, table.keys)
    return _dataset(
        whole,
        sql,
        {column.name for column in columns} - figures,
        [_metric(column, column.type == "INTEGER") for column in shown],
    )


def years_dataset(contracts: Iterable[MartContract]) -> dict[str, Any]:
    """The years in which any mart has a cell: what the filter by year offers."""
    sql = "\nUNION\n".join(
        f"SELECT {_year(contract)} AS {YEAR} FROM main.{contract.name} AS mart" for contract in contracts
    )
    column = Column(YEAR, "INTEGER", "A year in which a mart has a cell.")
    return _dataset(ReleaseTable(YEAR, "The years of all marts.", (column,), (YEAR,)), sql, {YEAR}, [])


def _titles(table: ReleaseTable) -> list[tuple[str, str]]:
    return [(kind, title_column(kind)) for kind in (*table.links.values(), *_parents(table))]


def _parents(table: ReleaseTable) -> dict[str, str]:
    """What the things of a mart belong to and no dimension says: the kind, and the SQL of its code."""
    found: dict[str, str] = {}
    for kind in table.links.values():
        for column, parent in PARENTS.get(kind, {}).items():
            if parent not in table.links.values():
                found.setdefault(parent, f"{kind}_names.{column}")
    return found


def _orders(contract: MartContract) -> dict[str, list[str]]:
    return {each["along"]: each["order"] for each in contract.consistent if "along" in each}


def _year(contract: MartContract) -> str:
    name = f"mart.{contract.period.column}"
    return name if time_column(contract) != contract.period.column else f"CAST(year({name}) AS INTEGER)"


def _sql(contract: MartContract, table: ReleaseTable) -> str:
    """The mart with what its codes are called: each row of it once."""
    shown, joins = ["mart.*"], []
    codes = {kind: f"mart.{column}" for column, kind in table.links.items()} | _parents(table)
    for kind, code in codes.items():
        shown.append(f"{_TITLE.format(f'{kind}_names', code)} AS {title_column(kind)}")
        joins.append(f"LEFT JOIN names.{kind} AS {kind}_names ON {kind}_names.code = {code}")
    for name, order in _orders(contract).items():
        listed = ", ".join(f"'{value}'" for value in order)
        shown.append(f"list_position([{listed}], mart.{name}) || ' ' || mart.{name} AS {title_column(name)}")
    time = time_column(contract)
    if time != contract.period.column:
        shown.append(f"make_date(mart.{contract.period.column}, 1, 1) AS {time}")
    shown += [f"{_year(contract)} AS {YEAR}", f"{_COVERAGE} AS {COVERAGE}"]
    return "\n".join(["SELECT", "  " + ",\n  ".join(shown), f"FROM main.{contract.name} AS mart", *joins])


def _dataset(
    table: ReleaseTable, sql: str, dimensions: set[str], metrics: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "table_name": table.name,
        "main_dttm_col": None,
        "description": f"{table.description} {_RULES}" if metrics else table.description,
        "default_endpoint": None,
        "offset": 0,
        "cache_timeout": None,
        "catalog": None,
        "schema": "main",
        "sql": sql,
        "params": None,
        "template_params": None,
        "filter_select_enabled": True,
        "fetch_values_predicate": None,
        "extra": None,
        "normalize_columns": False,
        "always_filter_main_dttm": False,
        "uuid": uuid_of("dataset", table.name),
        "metrics": metrics,
        "columns": [_column(column, column.name in dimensions) for column in table.columns],
        "version": VERSION,
        "database_uuid": uuid_of("database"),
    }


def _metric(column: Column, is_count: bool) -> dict[str, Any]:
    return {
        "metric_name": metric(column.name),
        "verbose_name": called(column.name),
        "metric_type": None,
        "expression": f'CASE WHEN COUNT(*) = 1 THEN MAX("{column.name}") END',
        "description": column.description,
        "d3format": number_format(column.name, column.type),
        "currency": None,
        "extra": {},
        "warning_text": _COUNT if is_count else None,
    }


def _column(column: Column, is_dimension: bool) -> dict[str, Any]:
    return {
        "column_name": column.name,
        "verbose_name": called(column.name.removesuffix("_title")),
        "is_dttm": column.type in _TEMPORAL,
        "is_active": True,
        "type": column.type,
        "advanced_data_type": None,
        "groupby": is_dimension,
        "filterable": True,
        "expression": None,
        "description": column.description,
        "python_date_format": None,
        "extra": {},
    }

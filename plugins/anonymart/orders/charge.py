"""What an order would cost: the accountant with its counts and without, and what of it would be suppressed.

Exact figures about persons, for the reviewer: an order is charged before it is answered, and the analyst who
sent it never sees them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import duckdb

from anonymart.contracts import load_contracts
from anonymart.disclosure import membership
from anonymart.disclosure.spent import ToCome
from anonymart.errors import UsageError
from anonymart.orders import order as orders
from anonymart.orders.order import Order
from anonymart.orders.plan import closed_periods
from anonymart.policy import Policy
from anonymart.rows import one_row

_VIEW = "warehouse.intermediate"
_PERIOD = {
    "half_year": "make_date(year({day}), if(month({day}) < 7, 1, 7), 1)",
    **{grain: f"date_trunc('{grain}', {{day}})::DATE" for grain in ("month", "quarter", "year")},
}


def charge(
    connection: duckdb.DuckDBPyConnection,
    order: Order,
    before: tuple[Iterable[Order], Iterable[Order]],
    policy: Policy,
    as_of: date,
) -> dict[str, Any]:
    """The accountant's figures without the order and with it, and how many of its cells hold how many
    persons.

    `before` are the orders that are approved and those that wait. Approved ones count in both figures, those
    that wait with the order alone: of two that each break a limit neither must hide the other. Raises
    UsageError where no build has made the people that tables are ordered from.
    """
    contracts = load_contracts()
    approved, waiting = (
        [ToCome(orders.contract(each), _people(connection, each, policy, as_of)) for each in some]
        for some in before
    )
    own = ToCome(orders.contract(order), _people(connection, order, policy, as_of))
    without = membership.measure(connection, contracts, policy, approved)
    told = membership.measure(connection, contracts, policy, [*approved, *waiting, own])
    return {
        "cells": _sizes(connection, own, policy),
        "without": _told(without),
        "with": _told(told),
        "breaks": [
            name for name, is_kept in told["within"].items() if without["within"][name] and not is_kept
        ],
    }


def _told(measured: Mapping[str, Any]) -> dict[str, Any]:
    shares = {row["share"]: row["told"] for row in measured["shares"]}
    return {"median": shares[0.5], "of_99_percent": shares[0.99], "of_anybody": shares[1.0]}


def _people(connection: duckdb.DuckDBPyConnection, order: Order, policy: Policy, as_of: date) -> str:
    """The people of an order as a table in the connection's memory: one row for each cell and person."""
    table = f"memory.main.people_of_{order.name}"
    view = order.observation.people
    if not _is_made(connection, view):
        raise UsageError(
            "The warehouse does not hold what tables are ordered from yet: run `anonymart build`, then order "
            "again."
        )
    contract = orders.contract(order)
    closed = closed_periods(contract, policy, as_of)
    period = _PERIOD[order.grain].format(day="observed.observed_on")
    flags = [each["where"] for each in contract.measures if each.get("where")]
    columns = [
        *(f'observed."{column}"' for column in order.columns.values()),
        f'{period} AS "{order.grain}"',
        "persons.pseudonym",
        *(f'bool_or(observed."{flag}") AS "{flag}"' for flag in flags),
    ]
    named = "".join(f' AND observed."{column}" IS NOT NULL' for column in order.columns.values())
    connection.execute(
        f"CREATE OR REPLACE TABLE {table} AS SELECT {', '.join(columns)} FROM {_VIEW}.{view} AS observed "
        f"JOIN {_VIEW}.int_persons AS persons ON observed.person_key = persons.person_key "
        f"WHERE persons.is_in_statistics AND list_contains($1::DATE[], {period}){named} GROUP BY ALL",
        [closed],
    )
    return table


def _is_made(connection: duckdb.DuckDBPyConnection, view: str) -> bool:
    found = connection.execute(
        "SELECT count(*) FROM duckdb_views() WHERE database_name = 'warehouse' AND view_name = ?", [view]
    )
    return bool(one_row(found)[0])


def _sizes(connection: duckdb.DuckDBPyConnection, own: ToCome, policy: Policy) -> dict[str, int]:
    """How many cells hold anybody, one person, fewer than are ever published, and fewer than a rate needs."""
    law = policy.of_class(own.contract.noise)
    names = ", ".join(f'"{name}"' for name in own.contract.dimensions)
    row = one_row(
        connection.execute(
            "SELECT count(*), count(*) FILTER (n = 1), count(*) FILTER (n < $1), count(*) FILTER (n < $2) "
            f"FROM (SELECT count(*) AS n FROM {own.people} GROUP BY {names})",
            [law.figure("counts", "smallest"), law.figure("rates", "smallest_base")],
        )
    )
    return dict(zip(("with_anybody", "of_one_person", "below_smallest", "below_base"), row, strict=True))

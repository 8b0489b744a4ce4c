"""A vault of three small tables, in memory, and the years of a school that loads, builds and publishes by a
calendar.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import duckdb

TABLES = """
ATTACH ':memory:' AS vault;
CREATE SCHEMA vault.ledger; CREATE SCHEMA vault.register;
CREATE TABLE vault.ledger.releases (release_id VARCHAR, as_of DATE);
CREATE TABLE vault.ledger.runs (as_of DATE);
CREATE TABLE vault.ledger.confirmed_days (as_of DATE, decided_by VARCHAR, reason VARCHAR);
CREATE TABLE vault.ledger.row_hashes (source VARCHAR, about_on DATE);
CREATE TABLE vault.register.last_use (identifier VARCHAR, first_use_at TIMESTAMP, last_use_at TIMESTAMP);
"""


@contextmanager
def small_vault() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        yield connection


def event(connection: duckdb.DuckDBPyConnection, day: date, source: str = "learning") -> None:
    connection.execute("INSERT INTO vault.ledger.row_hashes VALUES (?, ?)", [source, day])


def ran(connection: duckdb.DuckDBPyConnection, day: date, is_released: bool = False) -> None:
    connection.execute("INSERT INTO vault.ledger.runs VALUES (?)", [day])
    if is_released:
        connection.execute("INSERT INTO vault.ledger.releases VALUES (?, ?)", [f"{day}.1", day])


def month_ends(first: date, n_months: int) -> list[date]:
    found = []
    for n in range(n_months):
        year, month = first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1
        found.append(date(year, month, calendar.monthrange(year, month)[1]))
    return found


def day_after(day: date, n_days: int) -> date:
    return day + timedelta(days=n_days)

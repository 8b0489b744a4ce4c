"""A course that fills with opened accounts: as much of a home as the look for bursts reads."""

from __future__ import annotations

import hmac
from datetime import date, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from anonymart.contracts import load_contracts
from anonymart.disclosure import bursts
from anonymart.keys import KEY_NAMES, Keys
from anonymart.policy import Policy

MART = "course_engagement_monthly"
KEYS = Keys(**{name: f"{number:02x}" * 32 for number, name in enumerate(KEY_NAMES, 1)})
MONTHS = [date(2025, month, 1) for month in range(1, 13)]
FILLED = MONTHS[8]


def shown(
    law: Policy,
    accounts: int = 30,
    usual: int = 4,
    days_before: int = 3,
    old: int = 15,
    is_new: bool = True,
    is_only: bool = False,
) -> list[dict[str, Any]]:
    """What is shown of twelve months of a course, each with so many old people and so many new ones.

    In one month `accounts` more are active, known to the school since so many days before it. It is a new
    cell, as all are, or a carried one; `is_only` leaves the course no other month, beside a course of usual
    ones.
    """
    people = []
    for month in MONTHS:
        usually = [(f"old {n}", date(2020, 1, 1)) for n in range(old)] + [
            (f"{month} {n}", month + timedelta(n)) for n in range(usual)
        ]
        people += [("julia" if not is_only else "other", month, person, since) for person, since in usually]
    people += [("julia", FILLED, f"opened {n}", FILLED - timedelta(days_before)) for n in range(accounts)]
    with duckdb.connect() as connection:
        _lay_out(connection, people)
        carried = "" if is_new else f"WHERE month <> DATE '{FILLED}'"
        connection.execute(f"""
            CREATE TABLE evidence AS SELECT DISTINCT '{MART}' AS mart, course_id || '|' || month AS cell_key
            FROM warehouse.intermediate.int_people__{MART} {carried}""")
        return bursts.measure(connection, load_contracts(), law, "evidence", KEYS)


def _lay_out(connection: duckdb.DuckDBPyConnection, people: list[tuple[str, date, str, date]]) -> None:
    connection.execute(f"""
        ATTACH ':memory:' AS vault; ATTACH ':memory:' AS warehouse;
        CREATE SCHEMA vault.register; CREATE SCHEMA warehouse.intermediate;
        CREATE TABLE vault.register.identities (identifier VARCHAR, person_id VARCHAR);
        CREATE TABLE vault.register.last_use (identifier VARCHAR, first_use_at TIMESTAMP);
        CREATE TABLE vault.register.learners (identifier VARCHAR, registered_at TIMESTAMP);
        CREATE TABLE warehouse.intermediate.int_people__{MART}
            (course_id VARCHAR, month DATE, pseudonym VARCHAR)""")
    known = {person: since for _, _, person, since in people}
    _fill(connection, "vault.register.identities", [(f"learner:{person}", person) for person in known])
    # Of half of them the register tells when they registered, of the others the first use is known.
    for number, table in enumerate(("learners", "last_use")):
        rows = [
            (f"learner:{person}", since) for n, (person, since) in enumerate(known.items()) if n % 2 == number
        ]
        _fill(connection, f"vault.register.{table}", rows)
    rows = [(course, month, _pseudonym(person)) for course, month, person, _ in people]
    _fill(connection, f"warehouse.intermediate.int_people__{MART}", rows)


def _fill(connection: duckdb.DuckDBPyConnection, table: str, rows: list[tuple]) -> None:
    columns = [pa.array(column) for column in zip(*rows, strict=True)]
    connection.register("given", pa.table(columns, names=[f"c{number}" for number in range(len(columns))]))
    connection.execute(f"INSERT INTO {table} SELECT * FROM given")


def _pseudonym(person: str) -> str:
    return hmac.digest(bytes.fromhex(KEYS.pseudonym), person.encode(), "sha256").hex()

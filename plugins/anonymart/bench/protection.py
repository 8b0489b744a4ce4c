"""What protection costs in time: the SQL of a mart's cells against a plain GROUP BY of the same figures over
the same rows.

The SQL is what dbt compiled for a home that was just built; the rows are made up here: each person once in a
cell, cells of the same size on average. Both read and write the same DuckDB file, in turn, and the best of
three counts.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb

from anonymart.disclosure import perturbation
from anonymart.gate.tables import insert
from anonymart.home import Home
from anonymart.policy import load_policy
from anonymart.rows import one_row

ROWS, CELLS, PERIODS, TURNS = 10_000_000, 20_000, 10, 3
# Mart: its period column, the months of a period, and the plain figures that its cells replace.
PLAIN = {
    "exercise_difficulty": (
        "half_year",
        6,
        """
            SELECT course_id, exercise_id, half_year, count(*) AS n_learners,
                count(*) FILTER (has_succeeded) / count(*) AS success_rate,
            avg(n_attempts) AS attempts_per_learner, quantile_cont(score, 0.25) AS score_p25,
                quantile_cont(score, 0.5) AS score_p50,
            quantile_cont(score, 0.75) AS score_p75 FROM {people} GROUP BY ALL""",
    ),
    "course_engagement_monthly": (
        "month",
        1,
        """
            SELECT course_id, month, count(*) FILTER (is_active) AS n_active_learners,
                count(*) FILTER (is_registered) AS n_registrations,
            count(*) FILTER (is_completed) AS n_completions, quantile_cont(progress, 0.5) AS median_progress
                FROM {people} GROUP BY ALL""",
    ),
}


def measure(home: Path, database: Path, rows: int = ROWS) -> dict[str, dict[str, float]]:
    """Seconds of both and their ratio, by mart; `once` is the test for persons who stand twice in a cell.

    Raises OSError when the home has not been built. Take one that was built once: a later build looks at new
    periods only.
    """
    models = Home(home).dbt_target / "compiled" / "anonymart" / "models" / "intermediate" / "cells"
    found = {}
    for mart in PLAIN:
        database.unlink(missing_ok=True)
        with duckdb.connect() as connection:
            connection.execute("SET enable_progress_bar = false")
            connection.execute(f"ATTACH '{database}' AS warehouse")
            _make_people(connection, mart, rows)
            plain = PLAIN[mart][2].format(people=f"warehouse.intermediate.int_people__{mart}")
            test = f"int_cells__{mart}.yml/counts_each_person_once_int_cells__{mart}_.sql"
            protecting, once = (
                (models / name).read_text(encoding="utf-8") for name in (f"int_cells__{mart}.sql", test)
            )
            found[mart] = _compared(connection, protecting, plain, once)
        database.unlink()
    return found


def _compared(
    connection: duckdb.DuckDBPyConnection, protecting: str, plain: str, once: str
) -> dict[str, float]:
    seconds: dict[str, list[float]] = {"protected": [], "plain": [], "once": []}
    cpu: dict[str, list[float]] = {"protected": [], "plain": [], "once": []}
    for _ in range(TURNS):
        for name, query in (("plain", plain), ("protected", protecting), ("once", once)):
            begun, used = time.perf_counter(), time.process_time()
            connection.execute(f"CREATE OR REPLACE TABLE warehouse.intermediate.{name} AS {query}")
            seconds[name].append(time.perf_counter() - begun)
            cpu[name].append(time.process_time() - used)
    cells = [
        one_row(connection.execute(f"SELECT count(*) FROM warehouse.intermediate.{name}"))[0]
        for name in ("protected", "plain")
    ]
    best = {f"{name}_seconds": round(min(taken), 3) for name, taken in seconds.items()}
    # A cell whose counts are all published as 0 is left out.
    if not cells[1] / 2 < cells[0] <= cells[1]:
        raise SystemExit(f"The bench stopped: {cells[0]} protected cells beside {cells[1]} plain ones.")
    return {
        **best,
        "cells": cells[1],
        "ratio": round(best["protected_seconds"] / best["plain_seconds"], 2),
        "once_ratio": round(best["once_seconds"] / best["plain_seconds"], 2),
        "cpu_ratio": round(min(cpu["protected"]) / min(cpu["plain"]), 2),
    }


def _make_people(connection: duckdb.DuckDBPyConnection, mart: str, rows: int) -> None:
    period, months, _ = PLAIN[mart]
    persons, cells = rows // PERIODS, CELLS // PERIODS
    connection.execute("CREATE SCHEMA warehouse.intermediate; CREATE SCHEMA warehouse.seeds")
    # Nobody real: any key does.
    connection.execute("CREATE OR REPLACE TEMP TABLE anonymart_keys AS SELECT repeat('5e', 32) AS record_key")
    connection.execute(f"""
        CREATE TABLE warehouse.intermediate.int_people__{mart} AS
        WITH persons AS (SELECT i, sha256(i::VARCHAR) AS pseudonym,
            (hash(i) % 4294967296)::BIGINT AS record_key FROM range({persons}) AS r (i)),
        periods AS (SELECT j, (DATE '2020-07-01' + to_months({months} * j::INTEGER))::DATE AS {period}
        FROM range({PERIODS}) AS r (j)),
        placed AS (SELECT *, hash(i, j) AS lot, lot % {cells} AS place FROM persons, periods)
        SELECT {_columns(mart)}, {period}, pseudonym, record_key, DATE '2031-01-01' AS closing_on
            FROM placed""")
    connection.execute(f"""
        CREATE TABLE warehouse.intermediate.int_closed_periods AS
        SELECT DISTINCT '{mart}' AS mart, {period}::VARCHAR AS period_key, DATE '2026-01-31' AS closes_on
        FROM warehouse.intermediate.int_people__{mart}""")
    table = "warehouse.seeds.perturbation_table"
    connection.execute(f"""
        CREATE TABLE {table} (
            noise_class VARCHAR, true_count INTEGER, deviation INTEGER, probability DOUBLE, key_from BIGINT,
                key_upto BIGINT
        )""")
    noises = [
        (noise, e.true_count, e.deviation, e.probability, e.key_from, e.key_upto)
        for noise, entries in perturbation.of_policy(load_policy()).items()
        for e in entries
    ]
    insert(connection, table, noises)


def _columns(mart: str) -> str:
    if mart == "exercise_difficulty":
        return """'course-' || place % 40 AS course_id, 'exercise-' || place // 40 AS exercise_id,
            lot % 3 > 0 AS has_succeeded,
            1 + lot % 9 AS n_attempts, (lot // 7 % 101)::DOUBLE AS score"""
    return """'course-' || place AS course_id, lot % 5 > 0 AS is_active, lot % 7 = 0 AS is_registered,
            lot % 11 = 0 AS is_completed,
            (lot // 7 % 101)::DOUBLE AS progress"""


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))))

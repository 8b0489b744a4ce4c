"""Positive controls: naive releases, made from generated people, on which each attack must succeed.

A control is written to disk and read back as any release is, so that the reader of files is under control too
(but for the many repeats of averaging). An attack that does not succeed on its control is broken, and what it
says of the real release is worth nothing.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from anonymart import engine
from anonymart.attack.release import Release, Table, cell_key, read_release
from anonymart.attack.rules import Law
from anonymart.attack.score import Fact, Top, Truth
from anonymart.contracts import MartContract
from anonymart.release.folder import DATA_PACKAGE, MANIFEST, MARTS_FILE

HIDDEN_BELOW = 11
SEED = 20260630
_QUARTERS = tuple(date(year, month, 1) for year in (2024, 2025) for month in (1, 4, 7, 10))
_PATHS = ("path-a", "path-b", "path-c", "path-d")

Rows = Mapping[str, Iterable[Mapping[str, Any]]]


def write_release(folder: Path, contracts: Mapping[str, MartContract], rows: Rows) -> Path:
    """Write a release folder with the given rows of some marts, each with the columns of its contract; what a
    row lacks is empty.
    """
    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH {engine.literal(str(folder / MARTS_FILE))} AS release")
        for mart, given in rows.items():
            contract = contracts[mart]
            columns = ", ".join(f'"{column.name}" {column.type}' for column in contract.columns)
            connection.execute(f"CREATE TABLE release.main.{mart} ({columns})")
            values = [[row.get(name) for name in contract.column_names] for row in given]
            if values:
                marks = ", ".join("unnest(?)" for _ in contract.columns)
                connection.execute(
                    f"INSERT INTO release.main.{mart} SELECT {marks}",
                    [list(column) for column in zip(*values, strict=True)],
                )
    (folder / MANIFEST).write_text(
        json.dumps({"release_id": folder.name, "as_of": "2026-06-30"}), encoding="utf-8"
    )
    (folder / DATA_PACKAGE).write_text(json.dumps({"resources": list(rows)}), encoding="utf-8")
    return folder


def naive_nps(quarters: int = 2, newcomer: bool = False) -> list[dict[str, Any]]:
    """True answers of generated people by path and quarter, as counts; with a newcomer one promoter more in
    one cell.
    """
    rng = np.random.default_rng(SEED)
    rows = []
    for quarter in _QUARTERS[:quarters]:
        parts = [[int(n) for n in rng.integers((12, 11, 1), (40, 30, 10))] for _ in _PATHS]
        parts[0][0] += newcomer and quarter == _QUARTERS[0]
        for path, counts in [
            *zip(_PATHS, parts, strict=True),
            ("all", [sum(column) for column in zip(*parts, strict=True)]),
        ]:
            promoters, passives, detractors = counts
            rows.append(
                {
                    "path_id": path,
                    "quarter": quarter,
                    "n_invited": 2 * sum(counts),
                    "n_respondents": sum(counts),
                    "n_promoters": promoters,
                    "n_passives": passives,
                    "n_detractors": detractors,
                    "is_complete": True,
                }
            )
    return rows


def hide_small(rows: Iterable[Mapping[str, Any]], below: int = HIDDEN_BELOW) -> list[dict[str, Any]]:
    """The rows of a warehouse that hides counts from 1 to under a threshold, and nothing else."""
    hidden = []
    for row in rows:
        changed = dict(row)
        for name in [name for name, value in row.items() if name.startswith("n_") and 0 < value < below]:
            changed |= {name: None, f"{name}_reason": "too_few"}
        hidden.append(changed)
    return hidden


def with_fresh_noise(rows: Iterable[Mapping[str, Any]], noise: Law, seed: int) -> list[dict[str, Any]]:
    """The rows with the mechanism's own noise, but drawn anew: a warehouse without record keys and memory."""
    rng = np.random.default_rng(seed)
    noisy = []
    for row in rows:
        changed = dict(row)
        for name in [name for name in row if name.startswith("n_")]:
            law = noise[min(row[name], max(noise))]
            changed[name] = row[name] + int(
                rng.choice(list(law), p=np.array(list(law.values())) / sum(law.values()))
            )
        noisy.append(changed)
    return noisy


def naive_hidden_paths() -> list[dict[str, Any]]:
    """Quarters of two generated paths: one where everybody is a detractor, hidden for that, and a mixed one,
    beside all of them.
    """
    rng = np.random.default_rng(SEED)
    rows = []
    for quarter in _QUARTERS:
        alike, mixed = int(rng.integers(60, 120)), [int(n) for n in rng.integers((20, 20, 20), (60, 60, 60))]
        counts = {"path-a": None, "path-b": mixed, "all": [mixed[0], mixed[1], mixed[2] + alike]}
        sizes = {"path-a": alike, "path-b": sum(mixed), "all": alike + sum(mixed)}
        for path, numbers in counts.items():
            promoters, passives, detractors = numbers or (None, None, None)
            rows.append(
                {
                    "path_id": path,
                    "quarter": quarter,
                    "n_invited": 2 * sizes[path],
                    "n_respondents": sizes[path],
                    "n_promoters": promoters,
                    "n_passives": passives,
                    "n_detractors": detractors,
                    "is_complete": True,
                }
            )
    return rows


def naive_twins(noise: Law) -> tuple[dict[str, list[dict[str, Any]]], dict[tuple[str, str, str], int]]:
    """The same nine accounts of an attacker in each quarter of each path: true rows, rows with one noise for
    all, and the set behind.
    """
    law = noise[min(9, max(noise))]
    rng = np.random.default_rng(SEED)
    true, published, sets = [], [], {}
    for path in _PATHS:
        deviation = int(rng.choice(list(law), p=np.array(list(law.values())) / sum(law.values())))
        for quarter in _QUARTERS:
            row = {"path_id": path, "quarter": quarter, "n_invited": 9, "is_complete": True}
            true.append(row)
            published.append(row | {"n_invited": 9 + deviation})
            sets["nps_quarterly", f"{path}|{quarter}", "n_invited"] = _PATHS.index(path)
    return {"true": true, "published": published}, sets


def naive_cohorts() -> list[dict[str, Any]]:
    """Generated cohorts of which one learner leaves the statistics after three months, and whose base is
    counted again.
    """
    rng = np.random.default_rng(SEED)
    rows = []
    for quarter in _QUARTERS:
        base = int(rng.integers(40, 90))
        for months in range(6):
            n, active = base - (months > 3), base if months == 0 else base // (1 + months)
            rows.append(
                {
                    "cohort_quarter": quarter,
                    "months_since_start": months,
                    "n_learners": active,
                    "share_active": round(active / n, 4),
                    "is_complete": True,
                }
            )
    return rows


def naive_correction() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A month of generated courses as it was recalled, and corrected: the median is hidden where somebody
    left, and nowhere else.
    """
    rng = np.random.default_rng(SEED)
    before = [
        {
            "course_id": f"course-{number}",
            "month": date(2025, 1, 1),
            "n_active_learners": int(rng.integers(30, 90)),
            "n_registrations": 9,
            "n_completions": 4,
            "median_progress": float(rng.integers(20, 80)),
            "is_complete": True,
        }
        for number in range(20)
    ]
    return before, [
        row if number % 4 else row | {"median_progress": None} for number, row in enumerate(before)
    ]


def naive_difficulty() -> tuple[list[dict[str, Any]], dict[str, list[int]]]:
    """Exercises that three generated learners tried, one of them far more often: exact means, and the
    attempts by exercise.
    """
    rng = np.random.default_rng(SEED)
    rows, attempts = [], {}
    for number in range(20):
        tries = sorted([1, int(rng.integers(2, 5)), int(rng.integers(60, 200))])
        attempts[f"exercise-{number}"] = tries
        rows.append(
            {
                "course_id": "course-a",
                "exercise_id": f"exercise-{number}",
                "half_year": date(2025, 1, 1),
                "n_learners": len(tries),
                "attempts_per_learner": round(sum(tries) / len(tries), 1),
                "is_complete": True,
            }
        )
    return rows, attempts


def naive_outcomes() -> list[dict[str, Any]]:
    """Graduates of generated diplomas of whom all, or none, are employed: shares of 0 and 1 as they are."""
    rng = np.random.default_rng(SEED)
    return [
        {
            "diploma_id": f"diploma-{number}",
            "graduation_year": 2023,
            "graduation_year_from": 2023,
            "months_after": 6,
            "n_graduates": (n := int(rng.integers(12, 40))),
            "n_respondents": n,
            "response_rate": 1.0,
            "employed_rate": float(number % 2),
            "in_field_rate": 0.5,
            "is_complete": True,
        }
        for number in range(10)
    ]


def naive_salaries(contract: MartContract) -> tuple[list[dict[str, Any]], Truth]:
    """Generated graduates of four diplomas and their salaries: exact quartiles, rounded to 100, and who earns
    what.
    """
    rng = np.random.default_rng(SEED)
    rows, amounts = [], {}
    for number in range(4):
        earned = np.exp(rng.normal(math.log(32_000 + 2_000 * number), 0.3, 60))
        quartiles = np.quantile(earned, [0.25, 0.5, 0.75])
        row = {
            "diploma_id": f"diploma-{number}",
            "graduation_year": 2023,
            "graduation_year_from": 2023,
            "months_after": 6,
            "n_graduates": len(earned),
            "n_respondents": len(earned),
            "is_complete": True,
        } | {
            name: float(round(amount, -2))
            for name, amount in zip(("salary_p25", "salary_p50", "salary_p75"), quartiles, strict=True)
        }
        rows.append(row)
        amounts[contract.name, cell_key(contract, row)] = {
            f"person-{place}": float(amount) for place, amount in enumerate(earned)
        }
    return rows, replace(facts_of(contract, rows), amounts=amounts)


def naive_hashes() -> list[dict[str, Any]]:
    """A "pseudonymous" release: paths that are in truth one learner each, named by a hash of the e-mail."""
    words = [("anne.martin@gmail.com", "md5"), ("paul.petit@free.fr", "sha1"), ("learner-000042", "sha256")]
    codes = [hashlib.new(name, word.encode(), usedforsecurity=False).hexdigest() for word, name in words]
    return [
        {"path_id": code, "quarter": _QUARTERS[0], "n_invited": 1, "n_respondents": 1, "is_complete": True}
        for code in [*codes, "lea.robert@orange.fr"]
    ]


def facts_of(contract: MartContract, rows: Iterable[Mapping[str, Any]]) -> Truth:
    """The truth of naive rows: every figure is what it says."""
    found = {}
    for row in rows:
        for measure in contract.measures:
            value = row.get(measure["name"])
            if value is not None:
                count = int(value) if measure["kind"] == "count" else None
                found[contract.name, cell_key(contract, row), measure["name"]] = Fact(
                    measure["kind"], count, float(value)
                )
    return Truth(found)


def tops_of(
    contract: MartContract, rows: Iterable[Mapping[str, Any]], attempts: Mapping[str, list[int]]
) -> Truth:
    """The largest two contributions of each exercise."""
    found = {}
    for row in rows:
        tries = attempts[row["exercise_id"]]
        found[contract.name, cell_key(contract, row), "n_attempts"] = Top(tries[-1], tries[-2], len(tries))
    return Truth({}, found)


def in_memory(name: str, contract: MartContract, rows: Iterable[Mapping[str, Any]]) -> Release:
    """A naive release of one mart that never touches the disk."""
    return Release(
        Path(name), {contract.name: Table(contract, {cell_key(contract, row): dict(row) for row in rows})}
    )


def read(folder: Path, contracts: Mapping[str, MartContract], rows: Rows) -> Release:
    """Write a naive release and read it back from its files."""
    return read_release(write_release(folder, contracts, rows), contracts)

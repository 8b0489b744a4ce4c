"""Made the vectors of this folder, in an environment of its own: cell-key-perturbation 3.1.0 and
pycanon 1.3.6 (README.md).

`python make_vectors.py` in this folder. No test runs it.
"""

from __future__ import annotations

import csv
import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from cell_key_perturbation.create_perturbed_table import create_perturbed_table
from pycanon import anonymity

HERE = Path(__file__).parent
SEED_FILE = HERE.parents[2] / "dbt_project" / "seeds" / "perturbation_table.csv"
NOISE = "coarse"  # the class of the table
KEYS = 256
LARGEST_PCV = 750


def shipped(true_count: int, key: int) -> int:
    """The deviation that the shipped table gives to a key of 8 bits, moved up to 32."""
    with SEED_FILE.open(encoding="utf-8") as file:
        shown = [row for row in csv.DictReader(file) if row["noise_class"] == NOISE]
    rows = [
        {name: int(row[name]) for name in ("true_count", "deviation", "key_from", "key_upto")}
        for row in shown
    ]
    block = min(true_count, max(row["true_count"] for row in rows))
    wide = key * (1 << 32) // KEYS
    return next(
        row["deviation"]
        for row in rows
        if row["true_count"] == block and row["key_from"] <= wide < row["key_upto"]
    )


def ptables() -> Iterator[tuple[str, dict[tuple[int, int], int]]]:
    """Two tables by count and key: the shipped one at 256 keys, and one without any order."""
    with SEED_FILE.open(encoding="utf-8") as file:
        last = max(int(row["true_count"]) for row in csv.DictReader(file) if row["noise_class"] == NOISE)
    yield "shipped", {(n, key): shipped(n, key) for n in range(last + 1) for key in range(KEYS)}
    dice = random.Random(4)
    ends = {n: sorted(dice.sample(range(1, KEYS), 12)) for n in range(1, 13)}
    shuffled = {(n, key): 0 for n in range(13) for key in range(KEYS)}
    for n, stops in ends.items():
        values = [dice.randint(-min(n, 9), 9) for _ in range(13)]
        for key in range(KEYS):
            shuffled[n, key] = values[sum(stop <= key for stop in stops)]
    yield "unordered", shuffled


def write_runs(name: str, table: dict[tuple[int, int], int]) -> None:
    """The table as runs of keys: key_upto is the first key that no longer gives the deviation."""
    with (HERE / f"ptable_{name}.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["true_count", "deviation", "key_from", "key_upto"])
        for true_count, keys in itertools.groupby(sorted(table), key=lambda entry: entry[0]):
            for deviation, run in itertools.groupby(keys, key=table.__getitem__):
                run = [key for _, key in run]
                rows.writerow([true_count, deviation, run[0], run[-1] + 1])


def counts() -> None:
    """Records, and what cell-key-perturbation publishes of them: cells, and the margin by region as cells of
    their own.
    """
    dice = np.random.default_rng(3)
    records = pd.DataFrame(
        {
            "region": dice.choice(list("NESW"), p=[0.6, 0.25, 0.1, 0.05], size=500),
            "step": dice.choice(np.arange(1, 13), p=np.arange(12, 0, -1) / 78, size=500),
            "record_key": dice.integers(0, KEYS, size=500),
        }
    )
    records.to_csv(HERE / "records.csv", index=False)
    found = []
    for name, table in ptables():
        write_runs(name, table)
        last = max(n for n, _ in table)
        ptable = pd.DataFrame(
            [(n, key, table[min(n, last), key]) for n in range(1, LARGEST_PCV + 1) for key in range(KEYS)],
            columns=["pcv", "ckey", "pvalue"],
        )
        for variables in (["region", "step"], ["region"]):
            published = create_perturbed_table(records, ptable, [], variables, "record_key", threshold=0)
            for row in published[published["pre_sdc_count"] > 0].to_dict("records"):
                found.append(
                    [
                        name,
                        row["region"],
                        row.get("step", ""),
                        row["pre_sdc_count"],
                        row["ckey"],
                        row["count"],
                    ]
                )
    columns = ["ptable", "region", "step", "true_count", "cell_key", "published"]
    pd.DataFrame(found, columns=columns).to_csv(HERE / "counts.csv", index=False)


def anonymities() -> None:
    """Small tables, and their k and l by pycanon."""
    inpatients = pd.DataFrame(
        [
            ("130**", "<30", "heart disease"), ("130**", "<30", "heart disease"),
            ("130**", "<30", "viral infection"), ("130**", "<30", "viral infection"),
            ("1485*", ">=40", "cancer"), ("1485*", ">=40", "heart disease"),
            ("1485*", ">=40", "viral infection"), ("1485*", ">=40", "viral infection"),
            ("130**", "3*", "cancer"), ("130**", "3*", "cancer"),
            ("130**", "3*", "cancer"), ("130**", "3*", "cancer"),
        ],
        columns=["a", "b", "sensitive"],
    )  # fmt: skip
    dice = np.random.default_rng(5)
    tables = {"inpatients": inpatients}
    for name, size, width in (("coarse", 120, 3), ("fine", 60, 6), ("wide", 200, 4)):
        tables[name] = pd.DataFrame(
            {
                "a": dice.choice([f"a{n}" for n in range(width)], size=size),
                "b": dice.choice([f"b{n}" for n in range(2)], size=size),
                "sensitive": dice.choice(
                    ["low", "middle", "high", "none"], p=[0.4, 0.3, 0.2, 0.1], size=size
                ),
            }
        )
    rows, answers = [], []
    for name, table in tables.items():
        rows.append(table.assign(table=name))
        for quasi in (["a"], ["a", "b"]):
            both = anonymity.k_anonymity(table, quasi), anonymity.l_diversity(table, quasi, ["sensitive"])
            answers.append([name, "+".join(quasi), *both])
    pd.concat(rows)[["table", "a", "b", "sensitive"]].to_csv(HERE / "anonymity_rows.csv", index=False)
    pd.DataFrame(answers, columns=["table", "quasi_identifiers", "k", "l"]).to_csv(
        HERE / "anonymity.csv", index=False
    )


if __name__ == "__main__":
    counts()
    anonymities()

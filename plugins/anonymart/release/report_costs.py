"""What protection costs and what one count can tell, from the rules and from what is published alone
(S-ANON).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb

from anonymart.contracts import MartContract
from anonymart.disclosure import perturbation
from anonymart.policy import Policy

# Published bases of a row, from and to; the first are rows whose counts are 0 or not shown.
BASES = ((0, 0), (1, 49), (50, 199), (200, 999), (1000, None))
# True persons of a cell, the one whom somebody asks about among them; the last stands for every larger count.
TRUE_COUNTS = (1, 2, 5, 10, 20)
MORE = "more"


def by_base(connection: duckdb.DuckDBPyConnection, contract: MartContract) -> list[dict[str, Any]]:
    """Rows, figures and hidden figures of a mart of the attached `release`, by the largest count that a row
    shows; bases without rows are left out, and marts without counts have none.
    """
    counts = [
        f'"{measure["name"]}"'
        for measure in contract.measures
        if measure["kind"] == "count" and measure["name"] in contract.figures
    ]
    if not counts:
        return []
    base = f"coalesce(list_max([{', '.join(counts)}]), 0)"
    hidden = " + ".join(f'("{name}" IS NULL)::BIGINT' for name in contract.figures)
    cases = " ".join(f"WHEN base <= {to} THEN {n}" for n, (_, to) in enumerate(BASES[:-1]))
    rows = connection.execute(f"""
        SELECT CASE {cases} ELSE {len(BASES) - 1} END AS place, count(*), sum(hidden)::BIGINT
        FROM (SELECT {base} AS base, {hidden} AS hidden FROM release.main.{contract.name})
        GROUP BY place ORDER BY place""").fetchall()
    return [
        {
            "from": BASES[place][0],
            "to": BASES[place][1],
            "rows": n_rows,
            "figures": n_rows * len(contract.figures),
            "hidden": n_hidden,
        }
        for place, n_rows, n_hidden in rows
    ]


def one_count(policy: Policy) -> dict[str, dict[str, float]]:
    """By class of noise and true count: how often somebody is right who knows everybody else in a cell, and
    asks one published count whether one more person is in it. Without the release: 0.5.

    Half of one plus the total variation distance of the noise with and without the person (Cover and Thomas,
    2006, 11.9): no reading of the count does better.
    """
    return {noise: _right(table) for noise, table in perturbation.of_policy(policy).items()}


def _right(table: Iterable[perturbation.Entry]) -> dict[str, float]:
    shown: dict[int, dict[int, float]] = {}
    for entry in table:
        shown.setdefault(entry.true_count, {})[entry.true_count + entry.deviation] = entry.probability
    last = max(shown)
    found = {str(n): _share(shown[n], shown[n - 1]) for n in TRUE_COUNTS if n <= last}
    without = {value - 1: probability for value, probability in shown[last].items()}
    return {**found, MORE: _share(shown[last], without)}


def _share(these: dict[int, float], those: dict[int, float]) -> float:
    distance = sum(abs(these.get(n, 0.0) - those.get(n, 0.0)) for n in these.keys() | those.keys()) / 2
    return round((1 + distance) / 2, 3)

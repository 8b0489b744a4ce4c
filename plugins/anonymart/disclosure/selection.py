"""How the scores and shares that are shown differ from all: what is protected is not like the rest (S-ANON).

A sensitive share near none or all is hidden, or told as the edge of its band, so the scores that are left are
less good, or less bad, than all of them. The reviewer is told by how much; it is made from true figures and
stands in no release.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from anonymart.contracts import MartContract

DECIMALS = 1


def measure(
    connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract], evidence: str
) -> list[dict[str, Any]]:
    """For each score and sensitive share: mart, figure, cells that show it, cells that protect it, and the
    bias in points.

    The bias is the mean true figure of the cells that show it less that of both; cells with too few people
    count in neither. None where no cell shows it. `evidence` is SQL that may follow FROM: mart, measure,
    true_value, published_value and published_reason of each new cell.
    """
    scales = [
        (contract.name, measure["name"], 1 if measure["kind"] == "nps" else 100)
        for contract in contracts.values()
        for measure in contract.measures
        if measure["name"] in contract.figures
        and (measure["kind"] == "nps" or (measure["kind"] == "rate" and measure.get("sensitive")))
    ]
    listed = ", ".join(f"('{mart}', '{figure}', {scale})" for mart, figure, scale in scales)
    rows = connection.execute(f"""
        SELECT mart, measure, count(published_value) AS shown, count(*) - count(published_value) AS hidden,
            scale * (avg(true_value) FILTER (published_value IS NOT NULL) - avg(true_value)) AS bias
        FROM {evidence} AS evidence JOIN (VALUES {listed}) AS listed (mart, measure, scale) USING (mart,
            measure)
        WHERE true_value IS NOT NULL AND published_reason IS DISTINCT FROM 'too_few'
        GROUP BY mart, measure, scale ORDER BY mart, measure""").fetchall()
    return [
        {
            "mart": mart,
            "figure": figure,
            "shown": shown,
            "hidden": hidden,
            "bias": None if bias is None else round(bias, DECIMALS),
        }
        for mart, figure, shown, hidden, bias in rows
    ]

"""Which key the noise of a new cell is looked up by, made here once more from the contracts, without the
macros (S-ANON).

HMAC-SHA256 (RFC 2104) of what the cell is and of the sum of its people's record keys; the first 32 bits
count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from anonymart.contracts import MartContract
from anonymart.policy import Policy

_BLOCK = 64  # bytes of a block of SHA-256


def add(
    connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract], record_key: str
) -> None:
    """Give gate.evidence the column draw_key, NULL where a figure has no draw of its own. Needs the views of
    all marts.
    """
    key = bytes.fromhex(record_key).ljust(_BLOCK, b"\0")
    pads = [bytes(byte ^ pad for byte in key) for pad in (0x5C, 0x36)]
    identities = " UNION ALL ".join(
        f"SELECT '{contract.name}' AS mart, cell_key, '{measure['name']}' AS measure, "
        f"{identity(contract, measure)} AS identity "
        f"FROM gate.{contract.name}"
        for contract in contracts.values()
        for measure in contract.measures
        if measure["kind"] in ("count", "mean", "quantile")
    )
    message = "'cell|' || identity || '|' || count_key"
    draw = f"('0x' || substr(sha256(?::BLOB || unhex(sha256(?::BLOB || encode({message})))), 1, 8))::BIGINT"
    connection.execute(
        f"""
        CREATE OR REPLACE TABLE gate.evidence AS
        SELECT evidence.*, CASE WHEN count_key IS NOT NULL THEN {draw} END AS draw_key
        FROM gate.evidence AS evidence LEFT JOIN ({identities}) AS identities
            USING (mart, cell_key, measure)""",
        pads,
    )


def identity(contract: MartContract, measure: Mapping[str, Any]) -> str:
    """SQL over a mart's columns for what a figure's cell is; a figure that another cell tells first is that
    one's.
    """
    first = measure.get("told_by") or {}
    name = (
        f"with_{measure['value']}" if measure["kind"] == "quantile" else first.get("measure", measure["name"])
    )
    values = " || '|' || ".join(
        f'"{told}"::VARCHAR' if told in contract.dimensions else f"'{told}'"
        for told in first_places(contract, measure).values()
    )
    return f"'{first.get('mart', contract.name)}.{name}|' || {values}"


def last_block(policy: Policy, noise: str) -> int:
    """The last true count of a class in the perturbation table: it stands for all larger ones."""
    counts = policy.of_class(noise).figure("counts")
    return int(counts["largest_deviation"] + counts["smallest"])


def first_places(contract: MartContract, measure: Mapping[str, Any]) -> dict[str, Any]:
    """The dimensions of the cell that tells a figure first, each with the column or the value that it has in
    this mart.
    """
    first = measure.get("told_by") or {}
    at = dict(first.get("at") or {})
    if first.get("mart", contract.name) != contract.name:
        return at
    return {name: at.get(name, name) for name in contract.dimensions}

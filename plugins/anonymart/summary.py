"""What the last build kept, left out and suppressed: counts for people who run the warehouse."""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

from anonymart.contracts import load_contracts
from anonymart.rows import one_row
from anonymart.session import Session


@dataclass
class Summary:
    """Per mart: rows, figures, suppressed figures by reason; persons by status; answers that match nobody."""

    marts: dict[str, dict[str, int]] = field(default_factory=dict)

    def as_dict(self) -> dict:
        """Plain data for `--json`."""
        return {"marts": self.marts}


def summarize(session: Session) -> Summary:
    """Count rows and suppressed figures of each mart as the warehouse holds them."""
    summary = Summary()
    connection = session.connect(warehouse="ro")
    try:
        for name, contract in load_contracts().items():
            summary.marts[name] = _mart(connection, name, [column.name for column in contract.columns])
    finally:
        connection.close()
    return summary


def _mart(connection: duckdb.DuckDBPyConnection, name: str, columns: list[str]) -> dict[str, int]:
    reasons = [column for column in columns if column.endswith("_reason")]
    sums = ", ".join(
        f"coalesce(sum(({' + '.join(f'({column} IS NOT DISTINCT FROM {word})::INT' for column in reasons)}"
        ")), 0)"
        for word in ("'too_few'", "'protected'")
    )
    rows, too_few, protected = one_row(
        connection.execute(f"SELECT count(*), {sums} FROM warehouse.marts.{name}")
    )
    figures = rows * len(reasons)
    return {
        "rows": rows,
        "figures": figures,
        "published": figures - int(too_few) - int(protected),
        "too_few": int(too_few),
        "protected": int(protected),
    }

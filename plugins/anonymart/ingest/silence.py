"""Sources that have brought nothing new for longer than usual, by their own history in the load ledger
(S-SAFE).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

from anonymart.ingest.contracts import TABULAR
from anonymart.policy import Policy

# Their rows say how things stand, not what happened: the same again is as good as something new.
_STATES = tuple(source for source, contract in TABULAR.items() if contract.event_time is None)
# Nobody has to ask for anything.
_NEVER_SILENT = ("rights", "consents")


@dataclass(frozen=True)
class Silent:
    """A source, the last day on which it brought a new row, the days since then, and the usual number of days
    between two such days.
    """

    source: str
    last_on: date
    days: int
    usual_days: float

    @property
    def sentence(self) -> str:
        """For a line of a log."""
        return (
            f"{self.source} has brought nothing new for {self.days} days, since {self.last_on}; "
            f"usual are {self.usual_days:g} days: ask who delivers it."
        )


def find(
    connection: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, sources: tuple[str, ...] | None = None
) -> list[Silent]:
    """The silent ones among the sources (all by default) on `as_of`, in the order of their names.

    Silent is who was longer without a new row than `silence.times_usual_gap` of the register times the median
    of its newest gaps. Rows that are known already are no news where rows are events: a job that sends the
    same file each night is silent. Days after `as_of` do not count.
    """
    rows = connection.execute(
        """
        WITH days AS (
            SELECT DISTINCT source, as_of AS delivered_on
            FROM vault.ledger.loads
            WHERE status = 'loaded' AND as_of <= $as_of AND file_name <> 'rectification'
                AND source NOT IN $never
                AND (delivered > duplicate OR (delivered > 0 AND source IN $states))
        ),
        gaps AS (
            SELECT
                source,
                delivered_on,
                delivered_on - lag(delivered_on) OVER (PARTITION BY source ORDER BY delivered_on) AS gap,
                row_number() OVER (PARTITION BY source ORDER BY delivered_on DESC) AS age
            FROM days
        ),
        usual AS (
            SELECT
                source,
                max(delivered_on) AS last_on,
                count(gap) AS n_gaps,
                median(gap) FILTER (age <= $newest) AS usual_days
            FROM gaps
            GROUP BY source
        )
        SELECT source, last_on, $as_of::DATE - last_on AS days, usual_days
        FROM usual
        WHERE n_gaps >= $fewest AND $as_of::DATE - last_on > $times * usual_days
        ORDER BY source
        """,
        {
            "as_of": as_of,
            "never": list(_NEVER_SILENT),
            "states": list(_STATES),
            "newest": policy.figure("silence", "newest_gaps"),
            "fewest": policy.figure("silence", "fewest_gaps"),
            "times": policy.figure("silence", "times_usual_gap"),
        },
    ).fetchall()
    return [Silent(*row) for row in rows if not sources or row[0] in sources]

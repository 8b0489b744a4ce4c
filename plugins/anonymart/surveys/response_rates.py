"""How many people answer while a survey is in the field: exact counts by month, from vault and warehouse, for
the data team alone. They stand in no release.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import duckdb

from anonymart.engine import literal, table_exists
from anonymart.session import Session
from anonymart.surveys.land import PARTIAL
from anonymart.surveys.mapping import SOURCES


@dataclass(frozen=True)
class Asked:
    """Of a survey and a month, how many were asked and how many of them answered.

    `survey` is the source, for salary with the months after graduation. The month is that of the question,
    for salary that of the graduation. `asked` is None where nobody knows who was asked; `others` are answers
    to questions that nobody delivered.
    """

    survey: str
    month: str
    asked: int | None
    answered: int
    others: int = 0

    @property
    def rate(self) -> float | None:
        """Of those that were asked how many answered, 0 to 1; None where nobody knows who was asked."""
        return round(self.answered / self.asked, 4) if self.asked else None


@dataclass(frozen=True)
class Delivered:
    """What became of the rows that a source delivered in runs of a month: `partial` are quarantined, too, and
    `quarantined` are the others.
    """

    survey: str
    month: str
    delivered: int
    loaded: int
    partial: int
    quarantined: int
    refused: int
    duplicate: int


@dataclass(frozen=True)
class ResponseRates:
    """Both by survey and month, the newest month first."""

    asked: tuple[Asked, ...]
    delivered: tuple[Delivered, ...]

    def as_dict(self) -> dict:
        """Plain data for `--json`: names of sources, months and counts."""
        return {
            "asked": [{**asdict(each), "rate": each.rate} for each in self.asked],
            "delivered": [asdict(each) for each in self.delivered],
        }

    @property
    def sentences(self) -> list[str]:
        """A line for each, and one that says so when there is none."""
        lines = [
            f"{each.survey} {each.month}: {_of_asked(each)}"
            + (f", {each.others} more from people whose question was not delivered" if each.others else "")
            for each in self.asked
        ]
        lines += [
            f"{each.survey} delivered in {each.month}: {each.delivered} rows, {each.loaded} loaded, "
            f"{each.partial} partial, {each.quarantined} quarantined for other reasons, {each.refused} "
            f"refused, {each.duplicate} duplicate"
            for each in self.delivered
        ]
        return lines or ["No survey has brought anything yet."]


def _of_asked(each: Asked) -> str:
    if each.asked is None:
        return f"{each.answered} answered, nobody knows of how many"
    rate = f" ({each.rate:.1%})" if each.rate is not None else ""
    return f"{each.answered} of {each.asked} answered{rate}"


def measure(session: Session) -> ResponseRates:
    """Count questions, answers and deliveries up to the session's day.

    Answers that have left the vault (P-SURVEY, R-WITHDRAW, R-ERASE) are not counted any more. Graduates are
    those of the last build; before the first one no salary survey is listed.
    """
    is_built = session.home.warehouse.exists()
    with session.connect(vault="ro", warehouse="ro" if is_built else None) as connection:
        if not table_exists(connection, "ledger", "loads"):
            return ResponseRates((), ())
        asked = _nps(connection, session)
        if is_built and table_exists(connection, "intermediate", "int_graduates", database="warehouse"):
            asked += _salary(connection, session)
        return ResponseRates(tuple(asked), tuple(_delivered(connection, session)))


def _nps(connection: duckdb.DuckDBPyConnection, session: Session) -> list[Asked]:
    """By the month of the question, else of the answer, as a month of the policy's time zone."""
    zone = literal(session.policy.figure("window", "time_zone"))
    day = f"((coalesce(asked_at, answered_at) AT TIME ZONE 'UTC') AT TIME ZONE {zone})::DATE"
    rows = connection.execute(
        f"""
        SELECT strftime({day}, '%Y-%m') AS month, nullif(count(asked_at), 0),
            count(answered_at) FILTER (asked_at IS NOT NULL),
            count(answered_at) FILTER (asked_at IS NULL)
        FROM vault.answers.nps WHERE {day} <= $1 GROUP BY month ORDER BY month DESC
        """,
        [session.as_of],
    ).fetchall()
    # Where no question was delivered, all answers are those of people that nobody is known to have asked.
    return [
        Asked("nps", month, asked, answered, others) if asked else Asked("nps", month, None, others)
        for month, asked, answered, others in rows
    ]


def _salary(connection: duckdb.DuckDBPyConnection, session: Session) -> list[Asked]:
    """By months after graduation and month of graduation, since the span of the answers began."""
    found = []
    # A build of before tells only who answered and is not set apart.
    has_replied = connection.execute(
        "FROM duckdb_columns() WHERE database_name = 'warehouse' AND table_name = 'int_graduates' "
        "AND column_name = 'has_replied'"
    ).fetchone()
    replied = "has_replied" if has_replied else "has_answered"
    for months, span in ((6, "first"), (24, "second")):
        rows = connection.execute(
            f"""
            SELECT strftime(graduated_on, '%Y-%m') AS month, count(*), count(*) FILTER ({replied})
            FROM warehouse.intermediate.int_graduates
            WHERE months_after = {months} AND graduated_on + to_months($2) <= $1
            GROUP BY month ORDER BY month DESC
            """,
            [session.as_of, session.policy.figure("observation", f"salary_{span}_from_months")],
        ).fetchall()
        found += [Asked(f"salary, {months} months after graduation", *row) for row in rows]
    return found


def _delivered(connection: duckdb.DuckDBPyConnection, session: Session) -> list[Delivered]:
    rows = connection.execute(
        """
        WITH partial AS (
            SELECT load_no, count(*) AS n_rows FROM vault.ledger.quarantine WHERE reason = $2 GROUP BY load_no
        )
        SELECT loads.source, strftime(loads.as_of, '%Y-%m') AS month, sum(delivered), sum(loaded),
            sum(coalesce(partial.n_rows, 0)), sum(quarantined - coalesce(partial.n_rows, 0)), sum(refused),
            sum(duplicate)
        FROM vault.ledger.loads AS loads LEFT JOIN partial USING (load_no)
        WHERE loads.as_of <= $1 AND list_contains($3, loads.source) AND loads.status = 'loaded'
        GROUP BY loads.source, month ORDER BY loads.source, month DESC
        """,
        [session.as_of, PARTIAL, list(SOURCES)],
    ).fetchall()
    return [Delivered(survey, month, *map(int, counts)) for survey, month, *counts in rows]

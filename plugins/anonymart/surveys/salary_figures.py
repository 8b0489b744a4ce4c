"""How many answers have a salary figure, and why the others have none: by the very SQL of the history, before
anything is built.
"""

from __future__ import annotations

import duckdb

from anonymart import config, lists
from anonymart.engine import literal
from anonymart.surveys import dbt_sql

STANDS = "stands"
# Nobody stated anything that could be a figure: no loss to report.
NOT_ASKED = ("not_stated", "not_employed")


def count(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, int]:
    """Answers of a table with the columns of the contract `salary`, by `stands` or the reason why there is no
    figure.
    """
    found = connection.execute(
        (
            f"SELECT coalesce(salary_reason, '{STANDS}'), count(*) FROM ({_judged()}) GROUP BY ALL ORDER "
            f"BY ALL"
        ).replace("salary_answers", table)
    ).fetchall()
    return (
        {STANDS: 0, **{reason: n for reason, n in sorted(found, key=lambda each: each[0] != STANDS)}}
        if found
        else {}
    )


def set_aside(counts: dict[str, int]) -> dict[str, int]:
    """Of these counts the amounts that somebody stated and no figure will hold."""
    return {reason: n for reason, n in counts.items() if reason not in (STANDS, *NOT_ASKED)}


def sentence(counts: dict[str, int]) -> str:
    """For a line of a log: how many stand under a figure, how many are set aside, by reason."""
    lost = set_aside(counts)
    reasons = f" ({', '.join(f'{n} {reason}' for reason, n in lost.items())})" if lost else ""
    not_asked = ", ".join(f"{counts[reason]} {reason}" for reason in NOT_ASKED if reason in counts)
    return f"salary figures: {counts.get(STANDS, 0)} stand, {sum(lost.values())} set aside{reasons}" + (
        f", {not_asked}" if not_asked else ""
    )


@config.kept
def _judged() -> str:
    answers = """
        (SELECT salary_amount, upper(trim(salary_currency)) AS salary_currency,
            lower(trim(salary_period)) AS salary_period,
        lower(trim(salary_basis)) AS salary_basis, lower(trim(working_time)) AS working_time,
            coalesce(employed, situation = 'employed') AS is_employed, answered_at FROM salary_answers)"""
    seed = literal(str(lists.path("exchange_rates")))
    rates = (
        f"(SELECT currency, year::INTEGER AS year, per_eur::DOUBLE AS per_eur FROM read_csv({seed}, "
        f"header = true, all_varchar = true))"
    )
    return dbt_sql.render(
        "salary_judged",
        answers,
        rates,
        f"extract(year from {dbt_sql.render('local_date', 'answers.answered_at')})",
    )

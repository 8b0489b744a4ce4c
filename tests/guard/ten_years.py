"""Ten years of month ends of a school, told day by day: what was asked, and what came of it. `story` is the
table of docs/deploy.md.
"""

from __future__ import annotations

from datetime import date, timedelta

from anonymart import guard
from anonymart.policy import Policy
from tests.guard.calendar import event, month_ends, ran, small_vault

MISSED = {date(2027, 2, 28), date(2028, 7, 31), date(2028, 8, 31), date(2028, 9, 30)}
REVIEWER_IS_AWAY = (date(2029, 1, 31), date(2029, 12, 31))
CLOCK_IS_WRONG_ON, WRONG_CLOCK = date(2030, 5, 31), date(2040, 5, 31)
NO_DELIVERY = (date(2032, 7, 1), date(2032, 11, 15))
CONFIRMED = {date(2032, 10, 31): "The platform is being moved", date(2034, 8, 31): "The school opens again"}
CLOSED = (date(2033, 6, 1), date(2034, 8, 15))


def _lies_in(day: date, span: tuple[date, date]) -> bool:
    return span[0] <= day <= span[1]


def story(policy: Policy) -> list[tuple[str, str, str]]:
    """Rows of day, what happened, and what the guard said: every run on which something was unusual, and one
    for each year of quiet ones.
    """
    told: list[tuple[str, str, str]] = []
    quiet: dict[int, int] = {}
    with small_vault() as connection:
        for day in month_ends(date(2026, 1, 1), 120):
            if day in MISSED:
                told.append((str(day), "the run is missed", "nothing to ask"))
                continue
            if _lies_in(day, CLOSED):
                continue
            if not _lies_in(day, NO_DELIVERY):
                event(connection, day - timedelta(days=1))
            if day == CLOCK_IS_WRONG_ON:
                said = guard.why_held(connection, policy, WRONG_CLOCK)
                told.append((str(day), f"the clock says {WRONG_CLOCK}", _short(said)))
            said = guard.why_held(connection, policy, day)
            if said and day in CONFIRMED:
                connection.execute(
                    "INSERT INTO vault.ledger.confirmed_days VALUES ($1, 'operator', $2)",
                    [day, CONFIRMED[day]],
                )
                told.append(
                    (
                        str(day),
                        f"a person confirms the day: {CONFIRMED[day].lower()}",
                        f"{_short(said)}; then passes",
                    )
                )
                said = guard.why_held(connection, policy, day)
            elif _lies_in(day, NO_DELIVERY) or said:
                told.append(
                    (str(day), "no delivery" if _lies_in(day, NO_DELIVERY) else "a run", _short(said))
                )
            else:
                quiet[day.year] = quiet.get(day.year, 0) + 1
            if not said:
                ran(connection, day, is_released=not _lies_in(day, REVIEWER_IS_AWAY))
    away = REVIEWER_IS_AWAY[0].year
    years = (
        (f"{year}", f"{n} month ends{', the reviewer never answers' * (year == away)}", "all pass")
        for year, n in quiet.items()
    )
    return sorted(
        [
            *told,
            *years,
            (
                f"{CLOSED[0]:%Y-%m} to {CLOSED[1]:%Y-%m}",
                "the school and its machine stand still",
                "nothing to ask",
            ),
        ]
    )


def _short(said: str | None) -> str:
    if said is None:
        return "passes"
    return (
        "asks: a month without a row would close" if "would close" in said else "asks: far after the last run"
    )


def table(policy: Policy) -> str:
    """The story as lines of a table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in story(policy))


if __name__ == "__main__":
    from anonymart.policy import load_policy

    print(table(load_policy()))

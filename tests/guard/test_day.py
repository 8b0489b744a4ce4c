"""The day of a run: asked about where history would close wrongly, and nowhere else; ten years of month
ends.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymart import guard
from anonymart.policy import load_policy
from tests.docs.pages import page
from tests.guard import ten_years
from tests.guard.calendar import event, month_ends, ran, small_vault

LAW = load_policy()
DELAY = LAW.figure("publication", "delay_days")
STEP = LAW.figure("as_of", "largest_step_days")


def asks(connection, day: date) -> str | None:
    return guard.why_held(connection, LAW, day)


@settings(max_examples=8, deadline=None)
@given(
    st.lists(st.booleans(), min_size=120, max_size=120),
    st.sets(st.integers(1, 118), max_size=8),
    st.booleans(),
)
def test_ten_years_of_month_ends_with_missed_months_are_never_asked_about(published, missed, is_late):
    """Runs are missed, the reviewer is late or never answers; the data come with the next run."""
    with small_vault() as connection:
        for number, day in enumerate(month_ends(date(2026, 1, 1), 120)):
            if number in missed:
                continue
            event(connection, day - timedelta(days=20 if is_late else 0))
            assert asks(connection, day) is None, day
            ran(connection, day, published[number])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 3650), st.sampled_from([-2, -1, 0, 1, 40]))
def test_it_asks_on_the_very_day_on_which_a_month_without_a_row_would_close(begins, days):
    """Deliveries stop on some day of ten years: every run until the first whole month without a row closes is
    let pass, and no later one.
    """
    last = date(2026, 1, 1) + timedelta(days=begins)
    closes = month_ends(last, 2)[1] + timedelta(days=DELAY)
    with small_vault() as connection:
        event(connection, last)
        ran(connection, last, is_released=True)
        assert (asks(connection, closes + timedelta(days=days)) is not None) == (days >= 0)


@pytest.mark.parametrize("step", [1, 2, 7, 14])
def test_daily_and_weekly_runs_pass_all_year_and_a_missed_one_too(step):
    with small_vault() as connection:
        day = date(2026, 1, 1)
        for number in range(2 * 365 // step):
            day += timedelta(days=step)
            if number % 9 == 4:
                continue
            event(connection, day)
            assert asks(connection, day) is None
            ran(connection, day, is_released=number == 0)


def test_it_counts_from_the_last_run_and_not_from_the_last_release():
    """A reviewer who lets nothing out for two years stops no run."""
    with small_vault() as connection:
        ran(connection, date(2026, 1, 31), is_released=True)
        ran(connection, date(2027, 12, 31))
        event(connection, date(2028, 1, 30))
        assert asks(connection, date(2028, 1, 31)) is None


def test_a_clock_far_ahead_is_asked_about_even_when_the_data_have_the_same_clock():
    with small_vault() as connection:
        ran(connection, date(2026, 6, 30))
        event(connection, date(2036, 6, 29))
        assert asks(connection, date(2026, 6, 30) + timedelta(days=STEP)) is None
        assert "the last run" in asks(connection, date(2036, 6, 30))


def test_a_day_before_the_last_release_is_asked_about():
    with small_vault() as connection:
        ran(connection, date(2026, 6, 30), is_released=True)
        assert "before the last release" in asks(connection, date(2026, 6, 29))
        assert asks(connection, date(2026, 6, 30)) is None


def test_a_run_with_a_false_clock_that_published_nothing_does_not_hold_the_true_day():
    with small_vault() as connection:
        ran(connection, date(2026, 6, 30), is_released=True)
        ran(connection, date(2036, 6, 30))
        event(connection, date(2026, 7, 30))
        assert asks(connection, date(2026, 7, 31)) is None
        event(connection, date(2031, 7, 30))
        assert "the last run's 2026-06-30" in asks(connection, date(2031, 7, 31)), (
            "nor does it let another false day pass"
        )


def test_every_day_of_a_run_is_kept_once():
    with small_vault() as connection:
        for day in (date(2026, 6, 30), date(2036, 6, 30), date(2026, 7, 31), date(2026, 7, 31)):
            guard.note_run(connection, day)
        found = connection.execute("SELECT as_of FROM vault.ledger.runs ORDER BY as_of").fetchall()
        assert found == [(date(2026, 6, 30),), (date(2026, 7, 31),), (date(2036, 6, 30),)]


def test_a_home_with_nothing_in_it_is_not_asked_about():
    with small_vault() as connection:
        assert asks(connection, date(2036, 1, 1)) is None


def test_a_first_build_is_not_asked_about_however_old_its_data_are():
    """A school that begins with the files of years ago: nothing is closed yet, and the reviewer looks at the
    first release.
    """
    with small_vault() as connection:
        event(connection, date(2015, 6, 20))
        assert asks(connection, date(2026, 6, 30)) is None
        ran(connection, date(2026, 6, 30))
        assert asks(connection, date(2026, 6, 30)) is None, "nor is its publication, nor a second run"
        assert asks(connection, date(2026, 7, 30)) is None
        assert "2015-06-20" in asks(connection, date(2026, 8, 30)), (
            "a whole month has gone without a row since"
        )


def test_a_confirmed_day_passes_and_the_next_month_is_asked_about_again():
    with small_vault() as connection:
        ran(connection, date(2026, 6, 30))
        event(connection, date(2026, 6, 20))
        assert "would close" in asks(connection, date(2026, 9, 30))
        connection.execute(
            "INSERT INTO vault.ledger.confirmed_days VALUES ('2026-09-30', 'reviewer', 'Summer')"
        )
        assert asks(connection, date(2026, 9, 30)) is None
        assert asks(connection, date(2026, 11, 29)) is None
        assert "would close" in asks(connection, date(2026, 11, 30))


def test_a_row_of_the_last_month_that_lies_ahead_of_the_day_is_no_witness():
    with small_vault() as connection:
        ran(connection, date(2026, 6, 30))
        event(connection, date(2026, 6, 20))
        event(connection, date(2036, 1, 1))
        assert asks(connection, date(2026, 9, 30)) is not None


def test_the_sentence_says_what_to_type():
    with small_vault() as connection:
        ran(connection, date(2026, 6, 30))
        event(connection, date(2026, 6, 20))
        said = asks(connection, date(2036, 6, 30))
        assert "2026-06-20" in said and "`anonymart confirm-day 2036-06-30 --reason TEXT`" in said


def test_the_table_of_ten_years_in_the_docs_is_what_happens():
    """`python -m tests.guard.ten_years` prints it."""
    assert ten_years.table(LAW) in page("docs/deploy.md")

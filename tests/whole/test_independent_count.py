"""Published figures against a count of the delivered files in plain SQL, which shares nothing with the
product: no person too many or too few.

Noise is drawn around zero, so that over many cells the mean of published less counted tells a bias of
retention or funnel that no single cell shows. Shares are made of these counts; those of this school's
cohorts are shown where the noise of their size went up, so their mean says nothing.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from anonymart.contracts import load_contracts
from anonymart.policy import load_policy
from tests.whole.conftest import FIRST
from tests.whole.small_school import attach_release

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("whole")]

COUNTS = [
    ("course_engagement_monthly", "n_active_learners", ("course_id", "month")),
    ("course_completion_funnel", "n_learners", ("course_id", "start_quarter", "step")),
    ("learner_retention_cohort", "n_learners", ("cohort_quarter", "months_since_start")),
    ("exercise_difficulty", "n_learners", ("course_id", "exercise_id", "half_year")),
]


@pytest.fixture(scope="module")
def counted(school, released):
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        text = Path(__file__).with_name("independent.sql").read_text(encoding="utf-8")
        connection.execute(text.format(landing=school.landing, as_of=FIRST))
        attach_release(connection, released.home.current, "release")
        yield connection


@pytest.mark.parametrize(("mart", "figure", "cell"), COUNTS, ids=[mart for mart, _, _ in COUNTS])
def test_counts_are_those_of_the_files_within_the_noise(counted, mart, figure, cell):
    law = load_policy().of_class(load_contracts()[mart].noise)
    furthest = law.figure("counts", "largest_deviation")
    on = " AND ".join(f"published.{column} = counted.{column}" for column in cell)
    period = load_contracts()[mart].period.column
    # Chosen by what was counted: chosen by what was published, cells would be those in which the noise went
    # up. A row that is missing is a 0.
    n_cells, largest, mean = counted.execute(f"""
        SELECT count(*), max(abs(difference)), avg(difference) FROM (
            SELECT coalesce(published.{figure}, 0) - counted.{figure} AS difference
            FROM {mart} AS counted LEFT JOIN release.main.{mart} AS published ON {on}
            WHERE counted.{figure} > 0 AND counted.{period} < DATE '2024-01-01'
                AND counted.{period} >= (SELECT min({period}) FROM release.main.{mart})
        )
    """).fetchone()
    assert n_cells >= 200
    assert largest <= furthest
    # Five standard errors of the mean of independent noise.
    assert abs(mean) <= 5 * (law.figure("counts", "variance") / n_cells) ** 0.5


def test_no_busy_cell_is_missing(counted):
    for mart, figure, cell in COUNTS:
        columns = ", ".join(cell)
        period = next(
            name for name in cell if name in ("month", "start_quarter", "cohort_quarter", "half_year")
        )
        [(missing,)] = counted.execute(f"""
            SELECT count(*) FROM (
                SELECT {columns} FROM {mart} WHERE {figure} >= 20 AND {period} < DATE '2024-01-01'
                EXCEPT SELECT {columns} FROM release.main.{mart}
            )
        """).fetchall()
        assert missing == 0, mart


def test_evenings_that_belong_to_the_next_month_are_in_the_files(counted):
    [(n,)] = counted.execute(
        "SELECT count(*) FROM statements WHERE date_trunc('month', occurred_at) <> date_trunc('month', day)"
    ).fetchall()
    assert n >= 20

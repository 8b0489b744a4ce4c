"""Amounts of 17 currencies with their outliers: each row accounted for, and medians that an independent query
confirms.
"""

from __future__ import annotations

import duckdb
import pytest

from anonymart.home import PROJECT
from anonymart.policy import load_policy
from anonymart.surveys.salary_figures import set_aside
from tests.real import salaries
from tests.real.conftest import data
from tests.whole.small_school import accounts

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.xdist_group("real")]

RATES = PROJECT / "dbt_project" / "seeds" / "exchange_rates.csv"


@pytest.fixture(scope="module")
def raw():
    """The raw file, with a year's gross amount in euro where there is one, and why there is none."""
    folder = data("so_survey_2017")
    lowest, highest = (load_policy().figure("salary", f"{end}_eur_year") for end in ("smallest", "largest"))
    with duckdb.connect() as connection:
        salaries.prepare(connection, folder)
        connection.execute(f"""
            CREATE TABLE judged AS
            SELECT *, CASE
                    WHEN Salary IS NULL THEN 'not_stated' WHEN employed IS NULL THEN 'employment_unknown'
                        WHEN NOT employed THEN 'not_employed'
                    WHEN rate IS NULL THEN 'currency_unknown' WHEN eur NOT BETWEEN {lowest} AND {highest}
                        THEN 'impossible'
                END AS reason
            FROM (
                SELECT answers.*, CASE answers.currency_code WHEN 'EUR' THEN 1 ELSE rates.per_eur END AS rate,
                    Salary::DOUBLE / rate * CASE working_time WHEN 'part_time_50' THEN 2 ELSE 1 END AS eur
                FROM answers LEFT JOIN '{RATES}' AS rates
                    ON rates.currency = answers.currency_code AND rates.year = year(answers.answered_at)
            )
        """)
        yield connection


@pytest.fixture(scope="module")
def file(raw, real_school) -> dict:
    return next(file for file in real_school.report["files"] if file["source"] == "salary")


def test_every_questionnaire_is_accounted_for(file):
    assert accounts(file)
    assert (file["delivered"], file["loaded"]) == (salaries.N_ROWS, salaries.N_ROWS)


def test_impossible_amounts_and_unknown_currencies_are_counted(raw, file, real_school):
    counted = raw.execute("""
        SELECT reason, count(*) FROM judged WHERE reason NOT IN ('not_stated', 'not_employed') GROUP BY ALL
        ORDER BY ALL
    """).fetchall()
    assert {reason for reason, _ in counted} == {"impossible", "currency_unknown"}
    assert sum(n for _, n in counted) > 200
    assert (
        real_school.warehouse("""
        SELECT salary_reason, count(*) FROM warehouse.intermediate.int_salary_quarantine GROUP BY ALL
        ORDER BY ALL
    """)
        == counted
    )
    # What ingestion told of the file, weeks before the figure's period closes.
    assert sorted(set_aside(file["salaries"]).items()) == counted


def test_medians_and_quartiles_by_diploma_and_year(raw, file, real_school):
    """Before disclosure to the cent; what is published lies within the noise in ranks around that, to 100
    EUR, wherever the rules let it out.
    """
    counted = {
        row[:2]: row[2:]
        for row in raw.execute("""
            WITH of_all AS (
                SELECT diploma_id, year(graduated_on) AS year, eur FROM judged WHERE reason IS NULL
                UNION ALL SELECT 'all', year(graduated_on), eur FROM judged WHERE reason IS NULL
            )
            SELECT diploma_id, year, count(*), quantile_cont(eur, 0.25), quantile_cont(eur, 0.5),
                quantile_cont(eur, 0.75), list(eur ORDER BY eur)
            FROM of_all GROUP BY ALL ORDER BY ALL
        """).fetchall()
    }
    assert len(counted) == 10
    true = real_school.warehouse("""
        SELECT diploma_id, graduation_year, true_with_salary_eur_year, true_salary_p25, true_salary_p50,
            true_salary_p75
        FROM warehouse.intermediate.int_cells__salary_outcome
        WHERE months_after = 6 AND graduation_year_from = graduation_year
    """)
    assert {row[:2]: row[2] for row in true} == {key: found[0] for key, found in counted.items()}
    for row in true:
        assert row[3:] == pytest.approx(counted[row[:2]][1:4], abs=0.005)
    with duckdb.connect(str(real_school.home.current / "marts.duckdb"), read_only=True) as release:
        published = release.execute("""
            SELECT diploma_id, graduation_year, salary_p25, salary_p50, salary_p75
            FROM marts.salary_outcome
            WHERE months_after = 6 AND graduation_year_from = graduation_year
        """).fetchall()
    assert {row[:2] for row in published} == set(counted)
    for row in published:
        amounts, widest = counted[row[:2]][4], load_policy().figure("money", "rank_noise")
        for figure, share in zip(row[2:], (0.25, 0.5, 0.75), strict=True):
            assert figure is not None, row[:2]
            place = share * (len(amounts) - 1)
            assert (
                amounts[max(0, int(place) - widest)] - 50
                <= figure
                <= amounts[min(len(amounts) - 1, int(place) + 1 + widest)] + 50
            )
            assert figure % 100 == 0


def test_the_gate_let_it_out(file, real_school):
    assert real_school.report["release_id"] == real_school.current

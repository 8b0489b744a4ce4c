"""What protection costs on real input: the aims of the design, on each set that is here (S-ANON)."""

from __future__ import annotations

import pytest

from tests.real.conftest import data

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.xdist_group("real")]

# By class of noise; a few cells may be off by a little more than the method.
LARGEST_COUNT_ERROR, LARGEST_NPS_ERROR, SMALLEST_SHARE = {"coarse": 3.9, "fine": 5.9}, 1, 0.95
# A quartile is read some ranks beside its own: of a small cell that may be much, in the mean it is little.
LARGEST_SALARY_ERROR, MEAN_SALARY_ERROR = 0.35, 0.06
PUBLISHED = "FROM warehouse.evidence.cell_evidence WHERE NOT is_hidden AND published_reason IS NULL"


def count_error(small_school, *marts: str) -> tuple[float, int]:
    """Mean absolute error of published counts, true zeros left out, and how many counts there are."""
    [found] = small_school.warehouse(f"""
        SELECT avg(abs(published_value - true_count)), count(*) {PUBLISHED}
        AND kind = 'count' AND true_count > 0 AND mart IN ({", ".join(f"'{mart}'" for mart in marts)})
    """)
    return found


def test_counts_of_learners(real_school):
    data("oulad")
    noises = {
        "course_engagement_monthly": "coarse",
        "course_completion_funnel": "coarse",
        "exercise_difficulty": "fine",
    }
    for mart, noise in noises.items():
        error, n_counts = count_error(real_school, mart)
        assert n_counts > 50 and error <= LARGEST_COUNT_ERROR[noise], mart


def test_learners_in_published_cells(real_school):
    """A count that is published as 0 shows nobody: it is none of these."""
    data("oulad")
    for mart in ("course_engagement_monthly", "course_completion_funnel"):
        [(share,)] = real_school.warehouse(f"""
            SELECT sum(true_count) FILTER (published_reason IS NULL AND published_value > 0) / sum(true_count)
            FROM warehouse.evidence.cell_evidence WHERE mart = '{mart}' AND kind = 'count' AND NOT is_hidden
        """)
        assert share >= SMALLEST_SHARE, mart


def test_scores_of_a_large_survey(real_school):
    data("nps_fr")
    errors = real_school.warehouse(f"""
        SELECT abs(published_value - true_value) {PUBLISHED} AND kind = 'nps' AND mart = 'nps_quarterly'
            AND true_count > 10000
    """)
    assert len(errors) == 2 and max(error for (error,) in errors) <= LARGEST_NPS_ERROR
    # A few counts of two quarters: each may be off by its largest deviation.
    assert count_error(real_school, "nps_quarterly")[0] <= 2 * LARGEST_COUNT_ERROR["coarse"]


def test_salaries_in_many_currencies(real_school):
    data("so_survey_2017")
    errors = real_school.warehouse(
        f"SELECT measure, abs(published_value - true_value) / true_value {PUBLISHED} AND measure LIKE "
        f"'salary_p%'"
    )
    assert {measure for measure, _ in errors} == {"salary_p25", "salary_p50", "salary_p75"}
    assert max(error for _, error in errors) <= LARGEST_SALARY_ERROR
    assert sum(error for _, error in errors) / len(errors) <= MEAN_SALARY_ERROR
    assert (
        count_error(real_school, "salary_outcome", "rncp_promotion")[0] <= 1.5 * LARGEST_COUNT_ERROR["coarse"]
    )


def test_the_release_tells_it(real_school):
    """Only where cells enough are behind it: two quarters of one survey are not."""
    told = real_school.report["utility"]
    assert told["new_cells"] == sum(mart["new_cells"] for mart in told["marts"].values())
    assert told["marts"]["nps_quarterly"].get("nps_error_points", "too_few_cells") == "too_few_cells"
    if told["marts"]["course_engagement_monthly"]["new_cells"] >= 50:
        assert (
            told["marts"]["course_engagement_monthly"]["count_error_persons"] <= LARGEST_COUNT_ERROR["coarse"]
        )

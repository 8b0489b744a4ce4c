"""What protection costs, on evidence made by hand: each figure by its own arithmetic, and none that would
tell a true one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb
import pytest

from anonymart.contracts import load_contracts
from anonymart.disclosure import utility
from anonymart.policy import Policy

CONTRACTS = load_contracts()
SMALLEST = 4
LAW = Policy({"utility": {"smallest_cells": SMALLEST}})
ENGAGEMENT, RETENTION, NPS, SALARY = (
    "course_engagement_monthly",
    "learner_retention_cohort",
    "nps_quarterly",
    "salary_outcome",
)
Row = tuple[str, str, str, int, float | None, float | None, str | None]


def measured(*rows: Iterable[Row]) -> dict[str, Any]:
    """Rows of evidence: mart, cell_key, measure, true_count, true_value, published_value,
    published_reason.
    """
    with duckdb.connect() as connection:
        connection.execute("""
            CREATE TABLE evidence (mart VARCHAR, cell_key VARCHAR, measure VARCHAR, true_count BIGINT,
                true_value DOUBLE,
                published_value DOUBLE, published_reason VARCHAR)""")
        for row in (row for group in rows for row in group):
            connection.execute("INSERT INTO evidence VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return utility.measure(connection, CONTRACTS, LAW, "evidence")


def counts(mart: str, measure: str, pairs: Iterable[tuple[int, int | None]], cell: str = "c") -> list[Row]:
    """A cell for each true and published count; None is a suppressed one."""
    return [
        (
            mart,
            f"{cell}{n}",
            measure,
            true,
            float(true),
            published,
            None if published is not None else "too_few",
        )
        for n, (true, published) in enumerate(pairs)
    ]


def figures(
    mart: str, measure: str, pairs: Iterable[tuple[float, float | None]], persons: int = 50
) -> list[Row]:
    return [
        (mart, f"c{n}", measure, persons, true, published, None if published is not None else "protected")
        for n, (true, published) in enumerate(pairs)
    ]


def test_errors_are_means_of_absolute_differences() -> None:
    found = measured(
        counts(ENGAGEMENT, "n_active_learners", [(10, 12), (20, 17), (30, 30), (40, 41), (0, 0)]),
        figures(NPS, "nps", [(10.0, 12.0), (-5.0, -6.0), (0.0, 0.5), (40.0, 40.0), (50.0, None)]),
        figures(
            SALARY, "salary_p50", [(30_000, 30_300), (40_000, 40_000), (50_000, 49_000), (20_000, 20_200)]
        ),
        figures(
            SALARY, "salary_p25", [(30_000, 30_000), (40_000, 40_000), (50_000, 50_000), (20_000, 20_400)]
        ),
    )
    # A true zero is no feat; relative errors: 1, 0, 2 and 1 %.
    assert found["marts"][ENGAGEMENT]["count_error_persons"] == found["count_error_persons"] == 1.5
    assert found["nps_error_points"] == pytest.approx(3.5 / 4, abs=0.05)
    assert (found["median_salary_error_percent"], found["quartile_salary_error_percent"]) == (1.0, 0.5)
    assert found["marts"][NPS]["suppressed"] == found["suppressed"] == {"too_few": 0, "protected": 1}
    assert (
        found["new_cells"],
        found["marts"][ENGAGEMENT]["new_cells"],
        found["marts"][SALARY]["new_cells"],
    ) == (14, 5, 4)


def test_shares_weigh_by_true_persons() -> None:
    found = measured(
        counts(ENGAGEMENT, "n_active_learners", [(2, 0)] * 4 + [(50, 51)] * 4),
        counts(NPS, "n_detractors", [(40, None)] * 4 + [(60, 60)] * 4),
        figures(ENGAGEMENT, "median_progress", [(1.0, None)] * 4, persons=10),
        [
            (mart, f"d{cell[1:]}", *rest)
            for mart, cell, *rest in figures(ENGAGEMENT, "median_progress", [(1.0, 1.0)] * 4, persons=30)
        ],
    )
    engagement = found["marts"][ENGAGEMENT]
    assert (engagement[utility.IN_COUNTS], engagement[utility.AS_ZERO], engagement[utility.IN_OTHERS]) == (
        100.0,
        3.8,
        75.0,
    )
    assert found["marts"][NPS][utility.IN_COUNTS] == 60.0
    assert found[utility.IN_COUNTS] == pytest.approx(100 * (8 + 200 + 240) / 608, abs=0.05)


def test_an_error_over_too_few_cells_is_not_told() -> None:
    three = counts(ENGAGEMENT, "n_active_learners", [(10, 12), (20, 17), (30, 30)])
    assert measured(three)["count_error_persons"] == utility.TOO_FEW_CELLS
    # Cells are counted, not figures; and a true zero hides nobody.
    twice = [
        *three,
        *counts(ENGAGEMENT, "n_registrations", [(10, 12), (20, 17), (30, 30)]),
        *counts(ENGAGEMENT, "n_completions", [(0, 0)] * 9),
    ]
    assert measured(twice)["marts"][ENGAGEMENT]["count_error_persons"] == utility.TOO_FEW_CELLS
    assert (
        measured(counts(ENGAGEMENT, "n_active_learners", [(10, 12), (20, 17), (30, 30), (5, 6)]))[
            "count_error_persons"
        ]
        == 1.5
    )


def test_a_total_does_not_give_a_mart_away() -> None:
    """Where one mart states its error and another has too few cells, the total less the stated would tell the
    other's.
    """
    stated = counts(ENGAGEMENT, "n_active_learners", [(10, 11)] * 4)
    alone = measured(stated, counts(RETENTION, "n_learners", [(50, 55)], cell="r"))
    assert alone["marts"][RETENTION]["count_error_persons"] == utility.TOO_FEW_CELLS
    assert alone["count_error_persons"] == 1.0
    # Three marts of three cells each are enough together.
    few = [
        counts(mart, name, [(10, 15)] * 3, cell=mart)
        for mart, name in ((RETENTION, "n_learners"), (NPS, "n_invited"), (SALARY, "n_graduates"))
    ]
    assert measured(stated, *few)["count_error_persons"] == pytest.approx((4 * 1 + 9 * 5) / 13, abs=0.05)


@pytest.mark.parametrize(("shown", "hidden"), [(1, 9), (9, 1)])
def test_a_share_is_not_told_where_it_speaks_of_few_cells(shown: int, hidden: int) -> None:
    found = measured(counts(NPS, "n_detractors", [(40, 40)] * shown + [(41, None)] * hidden))
    assert found["marts"][NPS][utility.IN_COUNTS] == found[utility.IN_COUNTS] == utility.TOO_FEW_CELLS


def test_hidden_figures_do_not_count() -> None:
    """n_employed is in no release; what was made of it is."""
    assert measured(counts(SALARY, "n_employed", [(40, 45)] * 9))["new_cells"] == 0


def test_the_sentence() -> None:
    assert utility.sentence(measured()) == "Utility: no new cell, nothing to measure."
    found = measured(
        counts(ENGAGEMENT, "n_active_learners", [(10, 12)] * 4), figures(NPS, "nps", [(10.0, 12.0)])
    )
    assert utility.sentence(found) == (
        "Utility of 5 new cells: counts off by 2 persons; NPS off by ? points (too few cells); 100 % of "
        "persons in published counts; "
        "0 % of persons in counts published as 0; ? % (too few cells) of persons in other published figures."
    )

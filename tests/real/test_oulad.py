"""Show 2: each of the 1,048,575 clicks is accounted for, and engagement equals a count on the raw files."""

from __future__ import annotations

import duckdb
import pytest

from anonymart.policy import load_policy
from tests.real import oulad
from tests.real.conftest import data
from tests.whole.small_school import accounts

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.xdist_group("real")]

N_CLICKS = 1_048_575
N_WORKS = 51_578
LARGEST_DEVIATION = max(load_policy().figure("counts", "largest_deviation").values())
MONTH = "date_trunc('month', day)::DATE"


@pytest.fixture(scope="module")
def raw():
    """The raw files alone, in a database that knows nothing of the warehouse."""
    folder = data("oulad")
    with duckdb.connect() as connection:
        oulad.prepare(connection, folder)
        yield connection


@pytest.fixture(scope="module")
def active(raw) -> dict[tuple, int]:
    """Students with a click or a work, by course and month of Paris, straight from the raw files."""
    counted = raw.execute(f"""
        SELECT course_id, {MONTH}, count(DISTINCT id_student) FROM (
            SELECT course_id, day, id_student FROM clicks UNION ALL SELECT course_id, day, id_student
            FROM works
        ) GROUP BY ALL
    """).fetchall()
    assert len(counted) > 50
    assert sum(row[2] for row in counted) > 20_000
    return {(course, month): n for course, month, n in counted}


@pytest.fixture(scope="module")
def files(raw, real_school) -> dict[str, dict]:
    return {file["file_name"]: file for file in real_school.report["files"] if file["source"] == "learning"}


def differences(found, counted: dict[tuple, int]) -> dict[tuple, int]:
    """What a table of true counts lacks or tells otherwise; a cell of so few that noise makes 0 of them may
    be left out.
    """
    found = {(course, month): n for course, month, n in found}
    missing = {cell: n for cell, n in counted.items() if cell not in found and n > LARGEST_DEVIATION}
    return missing | {cell: n for cell, n in found.items() if counted.get(cell) != n}


def test_every_click_is_accounted_for(raw, files, real_school):
    clicks = [file for name, file in files.items() if name.startswith("clicks-")]
    assert all(accounts(file) for file in clicks)
    assert sum(file["delivered"] for file in clicks) == N_CLICKS
    assert sum(file["loaded"] for file in clicks) == N_CLICKS
    assert raw.execute("SELECT count(*) FROM clicks").fetchone()[0] == N_CLICKS
    # The ledger of the vault says the same as the report, and the rows are there.
    assert real_school.vault("""
        SELECT sum(delivered), sum(loaded), sum(refused) + sum(quarantined) + sum(duplicate)
        FROM vault.ledger.loads WHERE source = 'learning' AND file_name LIKE 'clicks-%'
    """) == [(N_CLICKS, N_CLICKS, 0)]
    assert real_school.vault("SELECT count(*) FROM vault.raw.learning WHERE object_id LIKE '%/site/%'") == [
        (N_CLICKS,)
    ]


def test_what_is_sent_again_is_a_duplicate(files):
    again = files["resent.ndjson"]
    assert (again["delivered"], again["loaded"], again["duplicate"]) == (oulad.RESENT, 0, oulad.RESENT)


def test_every_assessed_work_is_accounted_for(files):
    works = files["assessments.ndjson"]
    assert (works["delivered"], works["loaded"]) == (N_WORKS, N_WORKS)


def test_the_history_holds_each_statement_once(raw, real_school):
    n_registrations = raw.execute("SELECT count(*) FROM registrations").fetchone()[0]
    assert real_school.warehouse("SELECT count(*) FROM warehouse.intermediate.int_events") == [
        (N_CLICKS + N_WORKS + n_registrations,)
    ]


def test_active_learners_by_course_and_month(active, real_school):
    """Any event but a registration is activity: before disclosure, the same learners in the same months."""
    found = real_school.warehouse("""
        SELECT course_id, month, true_n_active_learners
        FROM warehouse.intermediate.int_cells__course_engagement_monthly
        WHERE true_n_active_learners > 0
    """)
    assert len(found) > 50 and differences(found, active) == {}


def test_registrations_by_course_and_month(raw, real_school):
    counted = raw.execute(f"""
        SELECT course_id, {MONTH}, count(DISTINCT id_student) FROM registrations GROUP BY ALL
    """).fetchall()
    found = real_school.warehouse("""
        SELECT course_id, month, true_n_registrations
        FROM warehouse.intermediate.int_cells__course_engagement_monthly
        WHERE true_n_registrations > 0
    """)
    assert len(found) > 50 and differences(found, {(course, month): n for course, month, n in counted}) == {}


def test_the_evidence_of_the_gate_says_the_same(active, real_school):
    evidence = real_school.warehouse("""
        SELECT split_part(cell_key, '|', 1), split_part(cell_key, '|', 2)::DATE, true_count
        FROM warehouse.evidence.cell_evidence
        WHERE mart = 'course_engagement_monthly' AND measure = 'n_active_learners' AND true_count > 0
    """)
    assert len(evidence) > 50 and differences(evidence, active) == {}


def test_what_is_published_is_the_count_with_its_noise(active, real_school):
    with duckdb.connect(str(real_school.home.current / "marts.duckdb"), read_only=True) as release:
        published = release.execute(
            "SELECT course_id, month, n_active_learners, n_active_learners_reason FROM "
            "marts.course_engagement_monthly"
        ).fetchall()
    assert {row[:2] for row in published} >= {cell for cell, n in active.items() if n > LARGEST_DEVIATION}
    counts, errors = load_policy().of_class("coarse").figure("counts"), []
    for course, month, figure, reason in published:
        true = active.get((course, month), 0)
        is_published = figure == 0 or (true and figure >= counts["smallest"])
        assert reason is None and abs(figure - true) <= counts["largest_deviation"] and is_published, (
            course,
            month,
        )
        errors.append(figure - true)
    assert any(errors) and abs(sum(errors) / len(errors)) < 5 * (counts["variance"] / len(errors)) ** 0.5


def test_learners_and_marks_of_each_assessment(raw, real_school):
    counted = raw.execute("""
        SELECT course_id, 'assessment-' || id_assessment,
            make_date(year(day)::INTEGER, CASE WHEN month(day) > 6 THEN 7 ELSE 1 END, 1) AS half_year,
            count(DISTINCT id_student), round(median(score), 6)
        FROM works GROUP BY ALL ORDER BY 1, 2, 3
    """).fetchall()
    found = real_school.warehouse("""
        SELECT course_id, exercise_id, half_year, true_n_learners, round(true_score_p50, 6)
        FROM warehouse.intermediate.int_cells__exercise_difficulty ORDER BY 1, 2, 3
    """)
    # A cell of so few that noise makes 0 of them may be left out.
    kept = {row[:3] for row in found}
    assert [row for row in counted if row[:3] not in kept and row[3] > LARGEST_DEVIATION] == []
    counted = [row for row in counted if row[:3] in kept]
    assert [row[:4] for row in found] == [row[:4] for row in counted]
    assert [row[4] for row in found] == pytest.approx([row[4] for row in counted])


def test_the_gate_let_it_out(raw, real_school):
    assert real_school.report["release_id"] == real_school.current
    assert real_school.report["marts"]["course_engagement_monthly"]["published"] > 200

"""The same events told by a tracking log, xAPI and Caliper, each alone and all at once, give the same
figures: one attempt a submission, one completion.
"""

from __future__ import annotations

import json

import pytest

from tests.whole import three_forms
from tests.whole.small_school import open_small_school

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("forms")]

SCHOOLS = {"log": ("log",), "xapi": ("xapi",), "caliper": ("caliper",), "all": ("log", "xapi", "caliper")}
FIGURES = {
    "engagement": "SELECT month::VARCHAR, count(*), count(*) FILTER (is_active), count(*) FILTER "
    "(is_registered), count(*) FILTER (is_completed)"
    " FROM {people}__course_engagement_monthly WHERE course_id = '{course}' GROUP BY month ORDER BY month",
    "funnel": "SELECT start_quarter::VARCHAR, step, count(*) FILTER (has_reached) FROM "
    "{people}__course_completion_funnel WHERE course_id = '{course}'"
    " AND step IN ('registered', 'started', 'completed') GROUP BY ALL ORDER BY ALL",
    "exercise": "SELECT half_year::VARCHAR, count(*), sum(n_attempts)::INTEGER, count(*) FILTER "
    "(has_succeeded), min(score), max(score)"
    " FROM {people}__exercise_difficulty WHERE course_id = '{course}' GROUP BY half_year",
    "chapter": "SELECT count(*) FROM {people}__chapter_completion WHERE course_id = '{course}'",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    small_school = open_small_school(tmp_path_factory.mktemp("forms") / "home")
    landing = small_school.home.landing
    rows = [
        row
        for school, forms in SCHOOLS.items()
        for row in three_forms.learner_rows(f"lms-{school}.example", forms)
    ]
    files = {"learners/l.ndjson": three_forms.as_lines(rows)}
    for school, forms in SCHOOLS.items():
        host = f"lms-{school}.example"
        # The keys are the same on every platform: a school's own course is told by the whole address.
        files[f"catalogue/{school}.ndjson"] = _own(school, three_forms.as_lines(_catalogue(school)))
        for form in forms:
            files[f"learning/{school}-{form}.ndjson"] = _own(
                school, three_forms.as_lines(three_forms.events(host, form))
            )
    for name, text in files.items():
        path = landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    small_school.report = small_school.succeed("ingest", "--as-of", "2026-06-30")
    small_school.succeed("build", "--as-of", "2026-06-30")
    return small_school


def _own(school: str, text: str) -> str:
    return text.replace("Campus+PY101", f"Campus+PY{school}")


def _catalogue(school: str):
    yield {"path_id": f"path-{school}", "course_id": f"course-{school}", "course_aliases": three_forms.COURSE}
    for kind, alias in (("chapter", three_forms.PAGE), ("exercise", three_forms.PROBLEM)):
        yield {
            "path_id": f"path-{school}",
            "course_id": f"course-{school}",
            f"{kind}_id": f"{kind}-{school}",
            f"{kind}_aliases": alias,
        }


@pytest.mark.parametrize("figure", FIGURES)
def test_each_form_gives_the_same(built, figure):
    found = {
        school: built.warehouse(
            FIGURES[figure].format(people="warehouse.intermediate.int_people", course=f"course-{school}")
        )
        for school in SCHOOLS
    }
    assert found["log"] and all(rows == found["log"] for rows in found.values()), json.dumps(
        found, default=str, indent=1
    )


def test_and_it_is_what_happened(built):
    people, n = "warehouse.intermediate.int_people", three_forms.N_LEARNERS
    # 23:35 in UTC is the next day in Paris, but of the same month.
    assert built.warehouse(FIGURES["engagement"].format(people=people, course="course-log")) == [
        ("2025-02-01", n, n, n, n)
    ]
    assert built.warehouse(FIGURES["exercise"].format(people=people, course="course-log")) == [
        ("2025-01-01", n, 2 * n, n, 100.0, 100.0)
    ]
    assert built.warehouse(
        "SELECT count(*) FROM warehouse.intermediate.int_persons WHERE is_in_statistics"
    ) == [(n * len(SCHOOLS),)]


def test_every_event_loads_and_nothing_is_unknown(built):
    assert [
        (file["file_name"], file["delivered"])
        for file in built.report["files"]
        if file["delivered"] != file["loaded"]
    ] == []
    [(n_waiting,)] = built.vault("SELECT count(*) FROM vault.raw.learning WHERE admitted_no IS NULL")
    assert n_waiting == 0

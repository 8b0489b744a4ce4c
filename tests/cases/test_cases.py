"""Each small input that once came out wrong comes out right (../shared/cases/README.md)."""

from __future__ import annotations

import json
import re
import shutil

import duckdb
import pytest

from tests.cases.conftest import AS_OF, FORMS, as_csv, lay, made
from tests.whole.small_school import attach_release, open_small_school

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.xdist_group("cases")]


def true_counts(home, mart: str, measure: str, path: str) -> list[int]:
    """True persons of each cell of the courses of a path."""
    return [n for (n,) in home.warehouse(f"""
        SELECT true_count FROM warehouse.evidence.cell_evidence AS cells
        WHERE mart = '{mart}' AND measure = '{measure}' AND true_count > 0 AND split_part(cell_key, '|',
            1) IN (
            SELECT code FROM warehouse.intermediate.int_catalogue
            WHERE item_kind = 'course' AND path_id = '{path}')
        ORDER BY 1
    """)]  # fmt: skip


@pytest.mark.parametrize(("form", "codes"), FORMS)
def test_an_open_edx_school_in_each_spelling(home, form, codes):
    path = f"path-{form}{codes}"
    assert true_counts(home, "course_engagement_monthly", "n_registrations", path) == [60]
    assert true_counts(home, "course_engagement_monthly", "n_active_learners", path) == [60]
    assert true_counts(home, "exercise_difficulty", "n_learners", path) == [60]


def test_published_under_codes_of_the_schools_own(home):
    with duckdb.connect() as connection:
        attach_release(connection, home.home.current, "release")
        codes = {code for (code,) in connection.execute("""
            SELECT DISTINCT course_id FROM release.main.course_engagement_monthly
            UNION SELECT DISTINCT exercise_id FROM release.main.exercise_difficulty
        """).fetchall()}  # fmt: skip
    assert len(codes) >= 14
    assert [
        code
        for code in codes
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", code)
        or re.search(r"[0-9a-f]{32}|v1|view", code)
    ] == []


def test_moodle_pages_are_told_apart_by_their_query(home):
    assert true_counts(home, "course_engagement_monthly", "n_active_learners", "path-segment") == [40]
    assert true_counts(home, "exercise_difficulty", "n_learners", "path-segment") == [40]


def test_two_accounts_are_one_person_and_a_slash_changes_nothing(home, tmp_path):
    assert true_counts(home, "course_engagement_monthly", "n_active_learners", "path-two") == [30]
    erased = home.copy(tmp_path / "home")
    lay(
        erased.home.landing,
        "rights",
        "erase.csv",
        as_csv(
            [
                {
                    "request_id": "ERASE-TWO",
                    "kind": "erase",
                    "learner_id": "TWO-p000",
                    "received_at": "2026-06-29T10:00:00Z",
                    "identity_verified": "true",
                },
            ]
        ),
    )
    erased.succeed("run", "--as-of", AS_OF)
    [(n_left,)] = erased.vault(
        "SELECT count(*) FROM vault.raw.learning WHERE actor LIKE 'account:https://%-two.example%' AND "
        "regexp_matches(actor, '[|](100|uuid-0000)$')"
    )
    assert n_left == 0
    [(n_all,)] = erased.vault(
        "SELECT count(*) FROM vault.raw.learning WHERE actor LIKE 'account:https://%-two.example%'"
    )
    assert n_all == 87


def test_who_is_enrolled_by_staff_is_registered_and_staff_is_nobody(home):
    registered = true_counts(home, "course_engagement_monthly", "n_registrations", "path-track")
    assert registered == [30]
    assert home.warehouse(
        "SELECT count(*) FROM warehouse.intermediate.int_left_out WHERE reason = 'erasure_requested' "
        "AND n_rows > 1000"
    ) == [(0,)]


def test_one_submission_is_one_attempt(home):
    rows = home.warehouse("""
        SELECT true_count, true_numerator FROM warehouse.evidence.cell_evidence
        WHERE mart = 'exercise_difficulty' AND measure = 'attempts_per_learner'
            AND cell_key LIKE 'course-att|exercise-att|%'
    """)
    assert rows == [(30, 30.0)]


def test_a_file_of_other_columns_is_refused_by_name_and_the_others_load(home):
    files = {file["file_name"]: file for file in home.report["files"]}
    assert files["other-columns.csv"]["status"] == "refused"
    assert [name for name, file in files.items() if file["status"] == "refused"] == ["other-columns.csv"]


def test_a_code_of_both_names_of_a_learner_is_in_no_release(home):
    with duckdb.connect() as connection:
        attach_release(connection, home.home.current, "release")
        paths = {
            path
            for (path,) in connection.execute(
                "SELECT DISTINCT path_id FROM release.main.nps_quarterly"
            ).fetchall()
        }
    assert not [path for path in paths if "zoltana" in path or "dubouchard" in path]
    codes = {code for (code,) in home.warehouse("SELECT code FROM warehouse.intermediate.int_code_lists")}
    assert "course-julia" in codes and not [code for code in codes if "dubouchard" in code]


def test_nobody_unknown_is_counted_and_all_are_reported(cases, tmp_path):
    small_school = open_small_school(tmp_path / "home")
    made(cases, small_school.home.landing, "unknown_people.py")
    report = small_school.command("run", "--as-of", AS_OF, "--json")
    told = json.loads(report.stdout)
    text = json.dumps(told)
    assert small_school.warehouse(
        "SELECT count(*) FROM warehouse.evidence.cell_evidence WHERE true_count > 0"
    ) == [(0,)]
    assert "user1" not in text
    assert "https://lms.example" in text and re.search(r"\b60\b", text)


def test_requests_with_times_as_people_write_them_all_enter(cases, tmp_path):
    small_school = open_small_school(tmp_path / "home")
    landing = small_school.home.landing
    lay(
        landing,
        "learners",
        "l.csv",
        as_csv(
            [
                {"learner_id": f"L000000{number}", "email": f"l{number}@school.example"}
                for number in range(57, 62)
            ]
        ),
    )
    (landing / "rights").mkdir(parents=True)
    shutil.copy(cases / "requests.csv", landing / "rights" / "requests.csv")
    report = small_school.succeed("ingest", "--as-of", AS_OF)
    assert {file["source"]: file["loaded"] for file in report["files"]} == {"learners": 5, "rights": 5}
    days = small_school.vault(
        "SELECT request_id, received_at::VARCHAR FROM vault.rights.requests ORDER BY request_id"
    )
    assert [day[:16] for _, day in days] == [
        "2026-05-01 11:07",
        "2026-06-01 09:07",
        "2026-06-01 11:07",
        "2026-06-01 11:07",
        "2026-06-01 11:07",
    ]


def test_surveys_as_they_are_written(cases, tmp_path):
    small_school = open_small_school(tmp_path / "home")
    landing = small_school.home.landing
    people = ["ada", "bob", "cyd", "a", "b", "c", *(f"p{number:03d}" for number in range(1, 61))]
    lay(
        landing,
        "learners",
        "l.csv",
        as_csv([{"learner_id": f"L-{name}", "email": f"{name}@school.example"} for name in people]),
    )
    lay(
        landing,
        "consents",
        "c.csv",
        as_csv(
            [
                {
                    "learner_id": f"L-{name}",
                    "purpose": "P-SURVEY",
                    "status": "granted",
                    "at": "2025-01-01T00:00:00Z",
                }
                for name in ("ada", "bob")
            ]
        ),
    )
    for name in (
        "01-google-forms-lowercase-pm.csv",
        "02-qualtrics-zone-in-third-row.csv",
        "04-two-follow-ups-same-title.csv",
    ):
        lay(landing, "nps", name, (cases / name).read_text(encoding="utf-8"))
    for name in ("10-salaries-unit-in-the-question.csv",):
        lay(landing, "salary", name, (cases / name).read_text(encoding="utf-8"))
    for source, name in (("learners", "l.csv"), ("nps", "n.csv"), ("catalogue", "catalogue.json")):
        lay(
            landing,
            source,
            f"homogeneous-{name}",
            (cases / "nps-homogeneous" / name).read_text(encoding="utf-8"),
        )
    checked = json.loads(
        small_school.command(
            "sources", "check", cases / "10-salaries-unit-in-the-question.csv", "--json"
        ).stdout
    )
    small_school.succeed("ingest", "--as-of", "2026-09-30")
    answers = small_school.vault(
        "SELECT identifier, answered_at::VARCHAR, comment FROM vault.answers.nps WHERE answered_at >= "
        "'2026-01-01' ORDER BY 2, 1"
    )
    assert len(answers) == 7
    moments = {answered[:19] for _, answered, _ in answers}
    assert {"2026-02-08 13:54:20", "2026-04-01 00:05:00", "2026-07-10 17:14:09"} <= moments
    assert {"le mentorat", "trop lent"} <= {comment for _, _, comment in answers}
    small_school.succeed("build", "--as-of", "2026-09-30")
    [(n, median)] = small_school.warehouse(
        "SELECT count(salary_eur_year), median(salary_eur_year) FROM "
        "warehouse.intermediate.int_salary_responses"
    )
    assert n == 60 and 37_000 <= median <= 37_800
    assert checked["loaded"] == 60
    told = dict(
        small_school.warehouse(
            "SELECT path_id, n_detractors_reason FROM warehouse.marts.nps_quarterly WHERE quarter = "
            "DATE '2025-10-01'"
        )
    )
    assert told == {"all": None, "path-a": "protected", "path-b": "protected"}, (
        "all less path-b would say that all of path-a are detractors"
    )

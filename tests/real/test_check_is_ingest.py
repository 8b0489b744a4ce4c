"""On real files and on the shared cases, what `sources check` says and what ingestion does are the same."""

import sys
from datetime import date
from pathlib import Path

import pytest

from anonymart.source_order import SOURCES as ORDER
from anonymart.surveys import mapping
from tests.ingest.conftest import SmallSchool
from tests.real.conftest import SHARED, data
from tests.real.test_sources_check import NPS, SALARY
from tests.sources.deliveries import compare
from tests.warm import python

pytestmark = [pytest.mark.long, pytest.mark.real, pytest.mark.xdist_group("real_check")]

CASES = SHARED.parent / "cases"
AS_OF = date(2026, 6, 30)
SOURCES = {
    "01-google-forms-lowercase-pm.csv": "nps",
    "02-qualtrics-zone-in-third-row.csv": "nps",
    "04-two-follow-ups-same-title.csv": "nps",
    "10-salaries-unit-in-the-question.csv": "salary",
    "salary_declared_year.csv": "salary",
    "salaire_13_mois.csv": "salary",
    "requests.csv": "rights",
    "learning_other_columns.csv": "learning",
    "open-edx-enrolled-by-staff.ndjson": "learning",
    "open-edx-one-submission.ndjson": "learning",
    "n.csv": "nps",
    "l.csv": "learners",
    "a-moodle.csv": "learners",
    "b-edx.csv": "learners",
    "catalogue.json": "catalogue",
    "moodle.ndjson": "learning",
    "both.ndjson": "learning",
    "slash.ndjson": "learning",
}


@pytest.fixture
def small_school(tmp_path):
    return SmallSchool(tmp_path / "home")


def in_order(folder: Path) -> list[tuple[str, Path]]:
    found = [(SOURCES[path.name], path) for path in sorted(folder.iterdir()) if path.name in SOURCES]
    return sorted(found, key=lambda each: ORDER.index(each[0]))


@pytest.mark.parametrize(
    "folder", [".", "moodle-segment", "two-accounts-and-slash", "name-in-catalogue-code", "nps-homogeneous"]
)
def test_of_the_cases(small_school, folder):
    if not (CASES / folder).is_dir():
        pytest.skip("cases: the folder ../shared/cases is not here")
    assert len(compare(small_school, in_order(CASES / folder), AS_OF)) >= 3


@pytest.mark.parametrize(
    "words", [("edx_school.py", "xapi", "bare"), ("edx_school.py", "tl", "iri"), ("unknown_people.py",)]
)
def test_of_the_schools_that_cases_make(small_school, tmp_path, words):
    if not CASES.is_dir():
        pytest.skip("cases: the folder ../shared/cases is not here")
    landing = tmp_path / "landing"
    for source in ORDER:
        (landing / source).mkdir(parents=True)
    assert (
        python(
            f"import runpy; runpy.run_path({str(CASES / words[0])!r}, run_name='__main__')",
            landing,
            *words[1:],
        ).returncode
        == 0
    )
    files = [(source, path) for source in ORDER for path in sorted((landing / source).iterdir())]
    assert len(compare(small_school, files, AS_OF)) >= 3


@pytest.mark.parametrize(
    ("name", "file", "source", "yaml"),
    [
        (
            "nps_fr",
            "nps.csv",
            "nps",
            NPS.replace("sources:", "recognised_by: [[nps], [explication]]\nsources:"),
        ),
        (
            "so_survey_2017",
            "responses.parquet",
            "salary",
            SALARY.replace("sources:", "recognised_by: [[Respondent], [Currency]]\nsources:"),
        ),
    ],
)
def test_of_real_surveys(small_school, tmp_path, monkeypatch, name, file, source, yaml):
    path = data(name) / file
    (tmp_path / "real.yml").write_text(yaml, encoding="utf-8")
    known = mapping.load_all
    monkeypatch.setattr(
        sys.modules["anonymart.surveys.land"],
        "load_all",
        lambda: [*known(), mapping.load(tmp_path / "real.yml")],
    )
    [counts] = compare(small_school, [(source, path)], date(2018, 7, 30))
    assert counts.delivered == {"nps": 13954, "salary": 19101}[source] and counts.loaded > 0


def test_of_real_tables_that_are_no_delivery(small_school):
    folder = data("oulad")
    counts = compare(
        small_school,
        [
            ("learners", folder / "studentInfo.parquet"),
            ("enrolments", folder / "studentRegistration.parquet"),
            ("learning", folder / "courses.parquet"),
        ],
        AS_OF,
    )
    assert {each.status for each in counts} == {"refused"}

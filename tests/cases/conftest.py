"""The cases of ../shared/cases in one home: each as a school of its own, with hosts and ids that no other
has, and one run.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.whole.small_school import SmallSchool, open_small_school

SHARED = Path(
    os.environ.get("ANONYMART_SHARED_CASES")
    or Path(__file__).resolve().parents[2].parent / "shared" / "cases"
)
AS_OF = "2026-06-30"
FORMS = [(form, codes) for form in ("xapi", "tl") for codes in ("bare", "iri", "short")]
FOLDERS = ("learners", "catalogue", "learning", "rights", "nps", "salary", "consents", "enrolments")


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of the cases; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("cases: the folder ../shared/cases is not here (or set ANONYMART_SHARED_CASES)")
    return SHARED


def lay(landing: Path, source: str, name: str, text: str) -> None:
    """Put a file into the landing folder of a source."""
    path = landing / source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def as_csv(rows: list[dict]) -> str:
    """A CSV of rows that may have different columns."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def made(cases: Path, landing: Path, script: str, *words: str) -> None:
    """Run a script of the cases that makes a landing folder."""
    for folder in FOLDERS:
        (landing / folder).mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, str(cases / script), str(landing), *words], check=True)


def moved(text: str, **words: str) -> str:
    """The text with words exchanged, so that two cases do not meet."""
    for old, new in words.items():
        text = text.replace(old.replace("__", "."), new)
    return text


@pytest.fixture(scope="session")
def home(cases, tmp_path_factory) -> SmallSchool:
    """Every case that a release of one school can hold, loaded and published in one run."""
    folder = tmp_path_factory.mktemp("cases")
    small_school = open_small_school(folder / "home")
    landing = small_school.home.landing
    for form, codes in FORMS:
        _edx(cases, folder / f"{form}-{codes}", landing, f"{form}{codes}")
    _segment(cases, landing)
    _two_accounts(cases, landing)
    _tracking(cases, landing)
    _named(cases, landing)
    small_school.report = small_school.succeed("run", "--as-of", AS_OF)
    return small_school


def _edx(cases: Path, made_in: Path, landing: Path, name: str) -> None:
    made(cases, made_in, "edx_school.py", *re.match("(xapi|tl)(.*)", name).groups())
    for path in made_in.glob("*/*.*"):
        text = (
            path.read_text(encoding="utf-8")
            .replace("lms.example", f"lms-{name}.example")
            .replace("Campus+", f"{name.title()}+")
        )
        text = re.sub(r"^S(\d+),s(\d+)@", rf"{name}-\1,{name}\2@", text, flags=re.MULTILINE)
        lay(
            landing,
            path.parent.name,
            f"{name}-{path.name}",
            re.sub(r"^p,", f"path-{name},", text, flags=re.MULTILINE),
        )


def _segment(cases: Path, landing: Path) -> None:
    folder = cases / "moodle-segment"
    lay(
        landing,
        "catalogue",
        "segment.json",
        (folder / "catalogue.json").read_text().replace("path-a", "path-segment"),
    )
    lay(
        landing,
        "learners",
        "segment.csv",
        (folder / "l.csv").read_text().replace("L-p", "SEG-p").replace(",p0", ",seg0"),
    )
    lay(landing, "learning", "segment.ndjson", (folder / "moodle.ndjson").read_text())


def _two_accounts(cases: Path, landing: Path) -> None:
    folder = cases / "two-accounts-and-slash"

    def own(name: str) -> str:
        text = (
            (folder / name)
            .read_text()
            .replace("moodle.school.example", "moodle-two.example")
            .replace("edx.school.example", "edx-two.example")
        )
        return (
            text.replace("L-p", "TWO-p")
            .replace(",p0", ",two0")
            .replace("path-a", "path-two")
            .replace("course-1", "course-two")
        )

    lay(landing, "catalogue", "two.json", own("catalogue.json"))
    for name in ("a-moodle.csv", "b-edx.csv"):
        lay(landing, "learners", f"two-{name}", own(name))
    for name in ("both.ndjson", "slash.ndjson"):
        lay(landing, "learning", f"two-{name}", own(name))


def _tracking(cases: Path, landing: Path) -> None:
    lms = "https://lms.school.example"
    rows = [
        {"learner_id": f"TRACK-{number}", "account_home_page": lms, "account_name": f"p{number + 1:03d}"}
        for number in range(30)
    ]
    lay(landing, "learners", "track-1.csv", as_csv(rows))
    lay(
        landing,
        "learners",
        "track-2.csv",
        as_csv([{**row, "account_name": str(100 + number)} for number, row in enumerate(rows)]),
    )
    lay(landing, "catalogue", "track.csv", as_csv([
        {"path_id": "path-track", "course_id": "course-enr", "course_aliases": "course-v1:School+ENR+2025"},
        {"path_id": "path-track", "course_id": "course-att", "course_aliases": "course-v1:School+ATT+2025"},
        {"path_id": "path-track", "course_id": "course-att", "exercise_id": "exercise-att",
         "exercise_aliases": "block-v1:School+ATT+2025+type@problem+block@q1"},
    ]))  # fmt: skip
    for name in ("open-edx-enrolled-by-staff.ndjson", "open-edx-one-submission.ndjson"):
        lay(landing, "learning", name, (cases / name).read_text())
    lay(landing, "learning", "other-columns.csv", (cases / "learning_other_columns.csv").read_text())


def _named(cases: Path, landing: Path) -> None:
    folder = cases / "name-in-catalogue-code"
    rows = [
        *json.loads((folder / "catalogue.json").read_text()),
        {"path_id": "path-b", "course_id": "course-julia", "course_title": "Julia"},
    ]
    lay(landing, "catalogue", "named.json", json.dumps(rows).replace("path-b", "path-named"))
    lay(
        landing,
        "learners",
        "named.csv",
        (folder / "l.csv").read_text().replace("L-p", "NAMED-p").replace(",p0", ",named0"),
    )
    lay(
        landing,
        "nps",
        "named.csv",
        (folder / "n.csv").read_text().replace("L-p", "NAMED-p").replace("path-b", "path-named"),
    )

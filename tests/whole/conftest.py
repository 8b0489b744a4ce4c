"""One fictional school for the tests that look at the whole product, and its home at each stage of two
releases.

The stages are copies of one another, so that each command runs once; a test that changes a home copies it
first.
"""

from __future__ import annotations

import csv
import json
import shutil
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import warm
from tests.whole.names_in_objects import deliver_names_in_objects
from tests.whole.plants import refuse_each
from tests.whole.small_school import SmallSchool, clean_environment, open_small_school

LEARNERS = 1000
FIRST, SECOND, LATER = "2026-05-31", "2026-06-30", "2026-07-05"
CAMPUS = "https://campus.anonymart.example"


@dataclass(frozen=True)
class School:
    """The landing folder as generated, the truth beside it, and the values planted as names of objects, by
    case.
    """

    folder: Path
    planted: dict[str, str] = field(default_factory=dict)

    @property
    def landing(self) -> Path:
        return self.folder / "landing"

    @property
    def identifiers(self) -> list[dict[str, str]]:
        """Every value that names one person: learner_id, kind, value."""
        with (self.folder / "truth" / "identifiers.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def of_kind(self, kind: str) -> list[dict[str, str]]:
        return [row for row in self.identifiers if row["kind"] == kind]


@pytest.fixture(scope="session")
def school(tmp_path_factory) -> School:
    folder = tmp_path_factory.mktemp("whole") / "school"
    generate(folder, LEARNERS, FIRST)
    school = School(folder)
    accounts, emails = (one_each(school.of_kind(kind)) for kind in ("account_name", "email"))
    return School(folder, deliver_names_in_objects(school.landing, accounts[100:], emails[300:]))


@pytest.fixture(scope="session")
def released(school, tmp_path_factory) -> SmallSchool:
    """One run, one release: the home as it is the morning after."""
    small_school = open_small_school(tmp_path_factory.mktemp("released") / "home")
    shutil.copytree(school.landing, small_school.home.landing, dirs_exist_ok=True)
    small_school.report = small_school.succeed("run", "--as-of", FIRST)
    return small_school


@pytest.fixture(scope="session")
def built(school, released, tmp_path_factory) -> SmallSchool:
    """A month later, after late and new statements and an objection: built, not yet published."""
    small_school = released.copy(tmp_path_factory.mktemp("built") / "home")
    deliver_next_month(small_school, school)
    small_school.succeed("ingest", "--as-of", SECOND)
    small_school.succeed("build", "--as-of", SECOND)
    return small_school


@pytest.fixture(scope="session")
def refused(built, tmp_path_factory) -> SmallSchool:
    """After four attempts to publish what must not leave; `refusals` has what became of each."""
    small_school = built.copy(tmp_path_factory.mktemp("refused") / "home")
    small_school.refusals = refuse_each(small_school, SECOND)
    return small_school


@pytest.fixture(scope="session")
def advanced(refused, tmp_path_factory) -> SmallSchool:
    """The second release, published from what was built."""
    small_school = refused.copy(tmp_path_factory.mktemp("advanced") / "home")
    small_school.report = small_school.succeed("publish", "--as-of", SECOND)
    return small_school


@pytest.fixture(scope="session")
def later(advanced, tmp_path_factory) -> SmallSchool:
    """Run again on a later day on which no further period has closed."""
    small_school = advanced.copy(tmp_path_factory.mktemp("later") / "home")
    done = small_school.command("run", "--as-of", LATER)
    assert done.returncode == 0, done.stderr[-3000:]
    small_school.said = done.stdout
    return small_school


def one_each(rows: list[dict[str, str]]) -> list[str]:
    """One value of each learner, in their order: two addresses of one person may be part of each other."""
    return list({row["learner_id"]: row["value"] for row in rows}.values())


def generate(folder: Path, learners: int, as_of: str) -> None:
    arguments = ("demo", "generate", "--out", folder, "--learners", learners, "--seed", 11, "--as-of", as_of)
    done = warm.anonymart(*arguments, env=clean_environment(folder))
    assert done.returncode == 0, done.stderr[-3000:]


def deliver_next_month(small_school: SmallSchool, school: School) -> None:
    """Activity of the month that closes, late activity of months that have closed, and somebody who
    objects.
    """
    accounts = [row["value"] for row in school.of_kind("account_name")][:60]
    statements = [
        {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{account} {day}")),
            "actor": {"account": {"homePage": CAMPUS, "name": account}},
            "verb": {"id": "http://adlnet.gov/expapi/verbs/progressed"},
            "object": {
                "id": f"{CAMPUS}/xapi/course/course-python-objects",
                "definition": {"type": "http://adlnet.gov/expapi/activities/course"},
            },
            "timestamp": f"{day}T12:00:00Z",
        }
        for account in accounts
        for day in ("2025-11-12", "2026-03-18", "2026-05-20")
    ]
    write_lines(small_school.home.landing / "learning" / "next-month.ndjson", statements)
    objecting = [
        {
            "request_id": f"REQ-late-{number}",
            "kind": "object",
            "learner_id": row["value"],
            "received_at": "2026-06-10T09:00:00Z",
        }
        for number, row in enumerate(school.of_kind("learner_id")[200:220])
    ]
    write_lines(small_school.home.landing / "rights" / "next-month.ndjson", objecting)


def write_lines(path: Path, rows: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

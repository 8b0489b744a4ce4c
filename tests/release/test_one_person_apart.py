"""Two homes with the same keys and the same school, but for one person whom no published figure shows.

Every file of their releases is the same.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from anonymart.disclosure.perturbation import of_policy
from anonymart.gate import gate
from anonymart.home import Home
from anonymart.release import for_reviewer
from anonymart.release.folder import all_files
from anonymart.session import Session
from tests.gate.school import AS_OF, CELLS, CODES, Cell, School, engagement, open_school
from tests.release.yes import publish

pytestmark = pytest.mark.long

# Cells enough for errors to be told: over 20.
MONTHS = [date(2025, month, 1) for month in range(1, 7)]


def with_noise(cell: Cell, place: int) -> Cell:
    """The cell with other noise than its neighbours': the same would tell that the people are the same."""
    noise = dict(
        zip(
            ("n_active_learners", "n_registrations", "n_completions"),
            (place % 5 - 2, place // 5 % 5 - 2, place % 3),
            strict=True,
        )
    )
    return replace(
        cell, published=cell.published | {name: cell.true_counts[name] + n for name, n in noise.items()}
    )


MONTHLY = [engagement(month=month, course=course) for month in MONTHS for course in CODES]
SCHOOL = [*CELLS, *(with_noise(cell, place) for place, cell in enumerate(MONTHLY))]
# What differs between two runs of one home: when the reviewer said yes, and the signature over the manifest.
OF_THE_RUN = {("manifest.json", ("approval", "at")), ("manifest.sig", ())}
SHE = ("learner-000005", "lou.verne@example.org", "Lou", "Verne", "louv")


def enter(school: School) -> None:
    """One more learner: in the register, with two identifiers and an enrolment."""
    learner_id, email, given, family, account = SHE
    with school.connect(vault="rw") as connection:
        connection.execute(
            "INSERT INTO vault.register.learners "
            "(load_no, learner_id, identifier, email, given_name, family_name, account_name) "
            "VALUES (1, ?, ?, ?, ?, ?, ?)",
            [learner_id, f"learner:{learner_id}", email, given, family, account],
        )  # fmt: skip
        connection.execute(
            "INSERT INTO vault.register.identities (identifier, kind, person_id) "
            "VALUES (?, 'email', 'lou'), (?, 'account', 'lou')",
            [f"email:{email}", f"account:https://school.example|{account}"],
        )
        connection.execute(
            "INSERT INTO vault.raw.enrolments (load_no, identifier, diploma_id) VALUES (1, ?, 'RNCP37805')",
            [f"learner:{learner_id}"],
        )


def asks(school: School, kind: str, on: date = date(2026, 6, 1)) -> None:
    with school.connect(vault="rw") as connection:
        connection.execute(
            "INSERT INTO vault.rights.requests "
            "(load_no, request_id, kind, identifier, received_at, identity_verified) "
            "VALUES (1, 'R', ?, ?, ?, true)",
            [kind, f"email:{SHE[1]}", datetime(on.year, on.month, on.day)],
        )  # fmt: skip


def persons(school: School, counted: int, objected: int) -> None:
    """So many persons are in and have objected; with the record key of the last the report says 61 and 31."""
    table = of_policy(school.policy)["coarse"]
    last = max(entry.true_count for entry in table)
    rows = []
    for status, n, shown in (("in", counted, 61), ("objected", objected, 31)):
        key = next(e.key_from for e in table if (e.true_count, e.deviation) == (last, shown - n))
        rows += [(f"{status} {i}", key if i == n - 1 else 0, status) for i in range(n)]
    with school.connect(warehouse="rw") as connection:
        connection.execute(
            "CREATE OR REPLACE TABLE warehouse.intermediate.int_persons "
            "(person_key VARCHAR, record_key BIGINT, status VARCHAR)"
        )
        connection.executemany("INSERT INTO warehouse.intermediate.int_persons VALUES (?, ?, ?)", rows)


def in_the_statistics(school: School) -> list[Cell]:
    """She is active in a month of a course, and its noise is one less: the published figures are the same."""
    with school.connect(warehouse="rw") as connection:
        connection.execute(f"""
            INSERT INTO warehouse.intermediate.int_people__course_engagement_monthly
            SELECT '{CODES[0]}', DATE '{MONTHS[0]}', 'lou', 61.0, true, false, false""")
    of_hers = {"course_id": CODES[0], "month": MONTHS[0]}
    more = {"n_active_learners": 41, "median_progress": 41}
    return [
        replace(cell, true_counts={**cell.true_counts, **more}) if cell.dimensions == of_hers else cell
        for cell in SCHOOL
    ]


def erased(school: School) -> list[Cell]:
    """Nothing is left of her."""
    return SCHOOL


def counted(school: School) -> list[Cell]:
    """She is in the statistics, and a request of hers is open."""
    enter(school)
    asks(school, "access")
    persons(school, 61, 30)
    return in_the_statistics(school)


def objected(school: School) -> list[Cell]:
    """The vault knows her, and no figure counts her."""
    enter(school)
    asks(school, "object")
    persons(school, 60, 31)
    return SCHOOL


TWINS = [counted, objected]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> School:
    """The home that all twins are copies of: with its keys and its school, without her."""
    school = open_school(tmp_path_factory.mktemp("twins"))
    school.build(SCHOOL)
    persons(school, 60, 30)
    return school


@pytest.fixture(scope="module")
def published(first: School, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[School, Path]]:
    """The release of each twin, by what became of her; the gate asks, attacks and drills as it does."""
    return {
        twin.__name__: release(first, tmp_path_factory.mktemp(twin.__name__), twin)
        for twin in (erased, *TWINS)
    }


def release(first: School, root: Path, change: Callable[[School], list[Cell]]) -> tuple[School, Path]:
    shutil.copytree(first.home.root, root / "home", symlinks=True)
    school = School(Home(root / "home"), first.keys, first.policy, first.contracts)
    school.build(change(school))
    candidate = school.candidate()
    report = gate(Session(school.home, school.keys, school.policy), candidate, AS_OF)
    assert report.passed, report.sentences()
    publish(Session(school.home, school.keys, school.policy), candidate)
    return school, school.home.current.resolve()


def values(folder: Path) -> dict[tuple[str, tuple], object]:
    """Every value of every file of a release: of JSON by its place, else the bytes."""
    found: dict[tuple[str, tuple], object] = {}
    for name in all_files(folder):
        if name.endswith(".json"):
            found |= {
                (name, place): value
                for place, value in _leaves(json.loads((folder / name).read_text(encoding="utf-8")))
            }
        else:
            found[name, ()] = (folder / name).read_bytes()
    return found


def _leaves(value: object, place: tuple = ()) -> list[tuple[tuple, object]]:
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        return [leaf for name, part in inner for leaf in _leaves(part, (*place, name))]
    return [(place, value)]


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.__name__)
def test_every_file_is_the_same(published: dict, twin: Callable) -> None:
    base, other = values(published["erased"][1]), values(published[twin.__name__][1])
    assert {
        place for place in base.keys() | other.keys() if base.get(place) != other.get(place)
    } <= OF_THE_RUN


def test_the_reviewer_sees_what_the_release_does_not_tell(published: dict) -> None:
    """Else the test above would compare a school with itself: exact figures in the vault differ by her."""
    told = {}
    for name, (school, folder) in published.items():
        with school.connect(vault="ro") as connection:
            told[name] = for_reviewer.notes(connection, folder.name)
    nobody, counted, objected = (told[name] for name in ("erased", "counted", "objected"))
    assert counted["requests"]["open"] == objected["requests"]["open"] == nobody["requests"]["open"] + 1
    assert counted["membership"]["persons"] == nobody["membership"]["persons"] + 1
    assert counted["utility"] != nobody["utility"] == objected["utility"]
    assert all(entry["attack"] and "tried" in entry for entry in nobody["attacks"])

"""One fictional school on disk: `landing/<source>/…` and, beside it, `truth/`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np

from anonymart.demo import broken, registry
from anonymart.demo.cast import Cast, by_year, choose_cast, hated_cell, years_before
from anonymart.demo.files import Row, write_rows
from anonymart.demo.journey import Journey, simulate
from anonymart.demo.learning import Statements
from anonymart.demo.people import People, distinctive, make_people
from anonymart.demo.surveys import Respondents, nps_rows, salary_rows
from anonymart.demo.truth import Truth
from anonymart.demo.visits import write_visits
from anonymart.demo.world import build_world, catalogue_rows
from anonymart.errors import UsageError

SMALLEST_SCHOOL = 200
LARGEST_SCHOOL = 90_000
_STRANGERS = 40
_SUFFIXES = (".csv", ".csv.gz", ".ndjson", ".json", ".parquet", ".ndjson.gz", ".json.gz")


def generate(out: Path, learners: int, seed: int, as_of: date) -> dict[str, object]:
    """Writes the school of that many learners over the six years before as_of; same arguments, same bytes.

    Gives the folders, and per source the number of files and bytes. Raises UsageError when the number of
    learners is out of range or a folder to write is not empty.
    """
    if not SMALLEST_SCHOOL <= learners <= LARGEST_SCHOOL:
        raise UsageError(
            f"A demo school has {SMALLEST_SCHOOL} to {LARGEST_SCHOOL} learners, not {learners}: choose "
            f"another number."
        )
    landing, folder = out / "landing", out / "truth"
    for place in (landing, folder):
        if any(path.is_file() for path in place.rglob("*")):
            raise UsageError(f"The folder {place} already holds files: name an empty one, or remove it.")
    truth, as_of_day = Truth(), (as_of - date(1970, 1, 1)).days
    world, streams = build_world(), _streams(seed)
    everyone = make_people(learners + _STRANGERS, next(streams))
    people, strangers = _split(everyone, learners)
    journey = simulate(world, learners, as_of_day, next(streams))
    cast = choose_cast(people, journey, as_of, truth, next(streams))
    cast.hated = hated_cell(journey, as_of, truth)
    has_own_name = distinctive([people.full_name(person) for person in range(learners)])

    write_rows(landing / "catalogue" / "catalogue.json", catalogue_rows(world))
    school = _School(people, strangers, journey, cast, as_of, has_own_name, truth)
    _write_registry(landing, school, next(streams))
    _write_surveys(landing, school, next(streams))
    statements = Statements(world, people, journey, cast, has_own_name, truth, next(streams))
    written = statements.write(landing / "learning")
    broken.odd_statements(landing, statements, truth)
    broken.deliver_twice(landing, written, truth)
    broken.no_data(landing, truth)
    write_visits(landing / "audience", world, learners, as_of, next(streams))
    truth.write(folder)
    return {
        "landing": str(landing),
        "truth": str(folder),
        "learners": learners,
        "statements": len(statements.events),
        "identifiers": len(truth.identifiers()),
        "sources": _sizes(landing),
    }


class _School(NamedTuple):
    """The people of a school and what they did, before it is written."""

    people: People
    strangers: People
    journey: Journey
    cast: Cast
    as_of: date
    has_own_name: list[bool]
    truth: Truth

    @property
    def as_of_day(self) -> int:
        return (self.as_of - date(1970, 1, 1)).days


def _write_registry(landing: Path, school: _School, rng: np.random.Generator) -> None:
    people, strangers, journey, cast, as_of, _, truth = school
    as_of_day = school.as_of_day
    rows = registry.learner_rows(people, journey, cast, as_of_day, rng)
    for number, (year, chosen) in enumerate(by_year(journey.start)):
        write_rows(
            landing / "learners" / f"learners-{year}{_SUFFIXES[number % 7]}",
            [rows[person] for person in chosen],
        )
    _note_learners(people, journey, cast, rows, as_of, truth)
    broken.odd_columns(landing, people, rows, truth, rng)
    broken.odd_learners(landing, strangers, rows[int(journey.start.argmax())], truth)

    enrolments = registry.enrolment_rows(people, journey, cast, as_of_day)
    updates: list[Row] = []
    for number, (year, chosen) in enumerate(by_year(journey.start)):
        early = []
        for person in chosen:
            row = enrolments[person]
            if person % 50 == 0 and row["outcome"] != "in_progress":
                updates.append(row)
                row = {
                    **row,
                    "outcome": "in_progress",
                    "ended_on": None,
                    "diploma_id": None,
                    "graduated_on": None,
                }
            early.append(row)
        write_rows(landing / "enrolments" / f"enrolments-{year}{_SUFFIXES[(number + 4) % 7]}", early)
    write_rows(landing / "enrolments" / "enrolments-updates.ndjson", updates)

    connections = registry.connection_rows(people, journey, as_of_day)
    for number, (month, part) in enumerate(_months(connections, "connected_at", 3)):
        write_rows(
            landing / "connections" / f"connections-{month}{('.parquet', '.csv.gz', '.csv')[number % 3]}",
            part,
        )
    write_rows(
        landing / "consents" / "consents.csv", registry.consent_rows(people, journey, cast, as_of_day, rng)
    )
    requests = registry.rights_rows(people, cast, as_of, truth, rng)
    write_rows(landing / "rights" / "requests-desk.csv", requests[::2])
    write_rows(landing / "rights" / "requests-mail.ndjson", requests[1::2])


def _write_surveys(landing: Path, school: _School, rng: np.random.Generator) -> None:
    people, strangers, journey, cast, _, has_own_name, truth = school
    as_of_day = school.as_of_day
    respondents = Respondents(people, truth, rng, has_own_name)
    nps = nps_rows(journey, as_of_day, cast.hated, respondents, rng)
    for number in range(4, _STRANGERS):
        row = nps[len(nps) * number // _STRANGERS]
        email = truth.plant(strangers.learner_id[number], "email", strangers.email[number])
        nps.append(
            {
                **row,
                "response_id": f"NPS-{8_000_000 + number}",
                "learner_id": None,
                "email": email,
                "comment": None,
            }
        )
        truth.case("no_person", strangers.learner_id[number], "nps")
    nps.sort(key=lambda row: (row["asked_at"], row["response_id"]))
    for number, (month, part) in enumerate(_months(nps, "asked_at", 6)):
        write_rows(landing / "nps" / f"nps-{month}{_SUFFIXES[number % 7]}", part)
    salary = salary_rows(journey, cast.diploma, as_of_day, cast.dwarfs, respondents, rng)
    for number, (month, part) in enumerate(_months(salary, "answered_at", 12)):
        write_rows(landing / "salary" / f"salary-{month}{_SUFFIXES[(number + 2) % 7]}", part)
    broken.odd_surveys(landing, nps, salary, truth)


def _note_learners(
    people: People, journey: Journey, cast: Cast, rows: list[Row], as_of: date, truth: Truth
) -> None:
    oldest = np.datetime64(years_before(as_of, 5))
    for person, row in enumerate(rows):
        learner = truth.plant(people.learner_id[person], "learner_id", people.learner_id[person])
        truth.plant(learner, "account_name", people.account[person])
        truth.plant(learner, "email", people.email[person])
        if row["last_login_at"] is None:
            truth.case("no_last_use", learner)
        elif np.datetime64(row["last_login_at"], "D") < oldest and person not in cast.login_only:
            truth.case("older_than_window", learner)


def _months(rows: list[Row], column: str, length: int) -> Iterator[tuple[str, list[Row]]]:
    """The rows in parts of so many months by the time in the column, each named for its first month."""
    parts: dict[str, list[Row]] = {}
    for row in rows:
        moment = row[column]
        parts.setdefault(f"{moment.year}-{(moment.month - 1) // length * length + 1:02d}", []).append(row)
    yield from sorted(parts.items())


def _split(people: People, n: int) -> tuple[People, People]:
    parts = [
        [getattr(people, name)[part] for name in people.__dataclass_fields__]
        for part in (slice(n), slice(n, None))
    ]
    return People(*parts[0]), People(*parts[1])


def _streams(seed: int) -> Iterator[np.random.Generator]:
    """Independent generators, so that a change in one room of the school leaves the others as they are."""
    number = 0
    while True:
        yield np.random.default_rng([seed, number])
        number += 1


def _sizes(landing: Path) -> dict[str, dict[str, int]]:
    sizes: dict[str, dict[str, int]] = {}
    for path in sorted(landing.rglob("*")):
        if path.is_file():
            source = sizes.setdefault(path.relative_to(landing).parts[0], {"files": 0, "bytes": 0})
            source["files"] += 1
            source["bytes"] += path.stat().st_size
    return sizes

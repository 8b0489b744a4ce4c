"""Statements by the million for the bench: the shape of the demo's, made in columns and written file by
file.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from anonymart.demo.files import write_rows
from anonymart.demo.journey import STEPS, VERB, YEARS, Events
from anonymart.demo.people import fold, name_pool
from anonymart.demo.render import Renderer, content, uuids
from anonymart.demo.vocabulary import HOME_PAGE
from anonymart.demo.world import CHAPTERS_PER_COURSE, PATHS, World, build_world, catalogue_rows

STATEMENTS_PER_LEARNER = 33
LINES_PER_FILE = 1_000_000
_CHUNK = 50_000
_PEOPLE_CHUNK = 200_000
_ACTIVE_DAYS = 280
_QUIET_DAYS = 2  # the increment's days, in which the first delivery has nothing
# what a learner does at a step: shares as in the demo
_DEEDS = {
    "completed": 0.3,
    "progressed": 0.2,
    "attempted": 0.09,
    "answered": 0.12,
    "passed": 0.1,
    "failed": 0.03,
    "registered": 0.05,
    "submitted": 0.03,
    "evaluated": 0.03,
    "logged-in": 0.05,
}
_INCREMENT_STREAM = 1


def bench_landing(out: Path, n: int, seed: int, as_of: date) -> dict[str, object]:
    """Writes `out/landing/` with n statements in files of at most a million lines, and learners, enrolments,
    catalogue.

    Same arguments, same bytes. Gives paths, lines and bytes of the statement files.
    """
    landing, world = out / "landing", build_world(has_platforms=False)
    write_rows(landing / "catalogue" / "catalogue.json", catalogue_rows(world))
    _write_people(landing, n, as_of)
    last = _day(as_of) - _QUIET_DAYS
    return write_statements(
        landing / "learning",
        "statements",
        (n, n),
        (seed, 0),
        _Days(last - round(YEARS * 365.25), last, _day(as_of)),
        world,
    )


def bench_increment(out: Path, n: int, seed: int, as_of: date) -> dict[str, object]:
    """Writes one file with 1 % of n new statements of the same learners, dated in the last days up to
    as_of.
    """
    last = _day(as_of)
    folder = out / "landing" / "learning"
    return write_statements(
        folder,
        "increment",
        (max(1, n // 100), n),
        (seed, _INCREMENT_STREAM),
        _Days(last - _QUIET_DAYS, last, last),
        build_world(has_platforms=False),
    )


class _Days(NamedTuple):
    """Days since 1970: of the first and the last statement, and the day that the school is of."""

    first: int
    last: int
    as_of: int


def write_statements(
    folder: Path, name: str, size: tuple[int, int], seeds: tuple[int, int], days: _Days, world: World
) -> dict[str, object]:
    """Writes n statements, in order of time from the first day up to the last, of the learners of a base of
    n_base: `size` is both.

    `seeds` are the seed of the school and the number of its stream. Gives the files, the number of lines and
    of bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    n, n_base = size
    files: list[str] = []
    renderer, items, n_bytes = Renderer(world), _items(world), 0
    n_files = -(-n // LINES_PER_FILE)
    for number in range(n_files):
        path = folder / f"{name}-{number:04d}.ndjson"
        begin, end = number * LINES_PER_FILE, min(n, (number + 1) * LINES_PER_FILE)
        with path.open("wb") as file:
            for start in range(begin, end, _CHUNK):
                stop = min(end, start + _CHUNK)
                rng = np.random.default_rng([*seeds, days.last, start])
                span = days.last - days.first
                events = _events(
                    stop - start,
                    (days.first + span * start / n, days.first + span * stop / n),
                    n_base,
                    days.as_of,
                    items,
                    rng,
                )
                n_bytes += file.write(
                    content(renderer.lines(events, uuids(len(events), rng), _actors(events.person), rng))
                )
        files.append(str(path))
    return {"files": files, "lines": n, "bytes": n_bytes, "learners": n_learners(n_base)}


def n_learners(n: int) -> int:
    """How many learners stand behind n statements of the bench."""
    return max(1000, n // STATEMENTS_PER_LEARNER)


def _day(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def _items(world: World) -> dict[str, np.ndarray]:
    """For each path and step, the item that a deed is about."""
    shape = (len(PATHS), STEPS)
    table = {name: np.zeros(shape, dtype=np.int16) for name in ("course", "chapter", "exercise", "project")}
    for path in range(len(PATHS)):
        for step in range(STEPS):
            c, k = divmod(step, CHAPTERS_PER_COURSE)
            exercises, projects = world.exercises[path][c], world.projects[path]
            table["course"][path, step] = world.courses[path][c]
            table["chapter"][path, step] = world.chapters[path][c][k]
            table["exercise"][path, step] = exercises[k % len(exercises)][1]
            table["project"][path, step] = projects[step * len(projects) // STEPS]
    table["platform"] = np.full(shape, world.platform, dtype=np.int16)
    return table


def _events(
    n: int,
    days: tuple[float, float],
    n_base: int,
    as_of_day: int,
    items: dict[str, np.ndarray],
    rng: np.random.Generator,
) -> Events:
    """n events spread over the days, each by somebody who began at most 280 days before."""
    begin, span = as_of_day - _QUIET_DAYS - round(YEARS * 365.25), round(YEARS * 365.25)
    day = np.sort(rng.uniform(*days, n))
    age = np.minimum(rng.beta(1, 1.6, n) * _ACTIVE_DAYS, day - begin)
    people = n_learners(n_base)
    person = np.clip(((day - age - begin) / span * people).astype(np.int64), 0, people - 1)
    step = np.minimum((age / (_ACTIVE_DAYS / STEPS) * (0.6 + person % 7 / 8)).astype(np.int64), STEPS - 1)
    path = person * 2654435761 // 65536 % len(PATHS)
    names = list(_DEEDS)
    deed = rng.choice(len(names), n, p=list(_DEEDS.values()))
    kinds = [
        "chapter",
        "course",
        "chapter",
        "exercise",
        "exercise",
        "exercise",
        "course",
        "project",
        "project",
        "platform",
    ]
    item = np.stack([items[kind] for kind in kinds])[deed, path, step]
    verb = np.array([VERB[name] for name in names], dtype=np.int8)[deed]
    is_scored = np.isin(verb, [VERB["answered"], VERB["passed"], VERB["failed"]])
    score = np.where(is_scored, np.clip(rng.normal(72, 16, n), 0, 100), -1).astype(np.int16)
    success = np.select(
        [verb == VERB["passed"], verb == VERB["failed"], is_scored, verb == VERB["evaluated"]],
        [1, 0, score >= 60, rng.random(n) < 0.85],
        -1,
    )
    progress = np.where(verb == VERB["progressed"], (step % CHAPTERS_PER_COURSE + 1) * 20, -1)
    return Events(
        person,
        verb,
        item,
        (day * 86400).astype(np.int64),
        success.astype(np.int8),
        score,
        progress.astype(np.int16),
    )


def _actors(person: np.ndarray) -> pa.StringArray:
    return pc.binary_join_element_wise(
        f'{{"account":{{"homePage":"{HOME_PAGE}","name":"', _accounts(person), '"}}', ""
    )


def _accounts(person: np.ndarray) -> pa.StringArray:
    return pc.binary_join_element_wise("learner-", _digits(person), "")


def _digits(person: np.ndarray) -> pa.StringArray:
    return pc.utf8_lpad(pa.array(person).cast(pa.string()), 8, "0")


def _write_people(landing: Path, n: int, as_of: date) -> None:
    people, begin, span = (
        n_learners(n),
        _day(as_of) - _QUIET_DAYS - round(YEARS * 365.25),
        round(YEARS * 365.25),
    )
    for source in ("learners", "enrolments"):
        (landing / source).mkdir(parents=True, exist_ok=True)
    for number, part in enumerate(_parts(people)):
        start = begin + part * span // people
        table = _learners(part, start, np.minimum(start + _ACTIVE_DAYS, _day(as_of)))
        pq.write_table(table, landing / "learners" / f"learners-{number:03d}.parquet", compression="zstd")
        enrolments = {
            "learner_id": table["learner_id"],
            "path_id": pa.array([row[0] for row in PATHS]).take(
                pa.array(part * 2654435761 // 65536 % len(PATHS))
            ),
            "started_on": pa.array(start.astype("datetime64[D]")),
            "outcome": pa.array(["in_progress"] * len(part)),
        }
        pq.write_table(
            pa.table(enrolments),
            landing / "enrolments" / f"enrolments-{number:03d}.parquet",
            compression="zstd",
        )


def _learners(part: np.ndarray, start: np.ndarray, last: np.ndarray) -> pa.Table:
    givens, families = name_pool("fr_FR")
    given, family = pa.array(part % len(givens)), pa.array(part // len(givens) % len(families))
    plain = [pa.array([fold(name) for name in names]) for names in (givens, families)]
    digits = _digits(part)
    return pa.table(
        {
            "learner_id": pc.binary_join_element_wise("L", digits, ""),
            "account_home_page": pa.array([HOME_PAGE] * len(part)),
            "account_name": _accounts(part),
            "email": pc.binary_join_element_wise(
                plain[0].take(given), ".", plain[1].take(family), digits, "@post.example", ""
            ),
            "given_name": pa.array(givens).take(given),
            "family_name": pa.array(families).take(family),
            "registered_at": pa.array(start.astype("datetime64[D]").astype("datetime64[s]")),
            "last_login_at": pa.array(last.astype("datetime64[D]").astype("datetime64[s]")),
        }
    )


def _parts(people: int) -> Iterator[np.ndarray]:
    for start in range(0, people, _PEOPLE_CHUNK):
        yield np.arange(start, min(people, start + _PEOPLE_CHUNK), dtype=np.int64)

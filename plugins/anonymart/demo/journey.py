"""What the fictional learners did: starts by season, chapters one after the other, drop-off, return
visits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from anonymart.demo.vocabulary import VERBS
from anonymart.demo.world import CHAPTERS_PER_COURSE, COURSES_PER_PATH, PATHS, World

YEARS = 6
STEPS = CHAPTERS_PER_COURSE * COURSES_PER_PATH
SHORTEST_PATH_DAYS = 190
VERB = {name: number for number, name in enumerate(VERBS)}
UNKNOWN_VERB_NUMBER = len(VERB)
# January to December: the school year and good intentions, and the beach
_SEASON = np.array([1.55, 1.1, 1.0, 0.9, 0.85, 0.75, 0.6, 0.35, 1.9, 1.3, 1.0, 0.65])


@dataclass
class Events:
    """Columns of one statement each, sorted by time. Seconds since 1970 in UTC; -1 stands for none."""

    person: np.ndarray
    verb: np.ndarray
    item: np.ndarray
    second: np.ndarray
    success: np.ndarray
    score: np.ndarray
    progress: np.ndarray

    def __len__(self) -> int:
        return len(self.person)

    def part(self, chosen: np.ndarray | slice) -> Events:
        """The chosen events."""
        return Events(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


@dataclass
class Journey:
    """For each person the path number and days since 1970 (-1: not so): start, end of activity,
    graduation.
    """

    path: np.ndarray
    start: np.ndarray
    is_user: np.ndarray
    n_chapters: np.ndarray
    ended: np.ndarray
    graduated: np.ndarray
    last_second: np.ndarray
    events: Events


class _Outcome(NamedTuple):
    """What events tell of how it went: success 0 or 1, score and progress in percent; -1 where they tell
    nothing.
    """

    success: np.ndarray | int = -1
    score: np.ndarray | int = -1
    progress: np.ndarray | int = -1


class _Group(NamedTuple):
    """The people of one path: their numbers, how far they come, and for each step when they open and close
    it.
    """

    who: np.ndarray
    n_chapters: np.ndarray
    begins: np.ndarray
    is_user: np.ndarray
    opens: np.ndarray
    closes: np.ndarray
    drive: np.ndarray


class _Collector:
    def __init__(self, last_second: int) -> None:
        self.last_second = last_second
        self.parts: list[tuple[np.ndarray, ...]] = []

    def add(
        self,
        person: np.ndarray,
        verb: str,
        item: np.ndarray | int,
        day: np.ndarray,
        minutes: float = 0,
        outcome: _Outcome = _Outcome(),
    ) -> None:
        """Takes events at fractional days: the fraction is spread over the hours in which people are awake.

        The last ones are after midnight in Paris: what happens then on the last evening of a month, by UTC,
        belongs to the next.
        """
        whole = np.floor(day)
        second = (whole * 86400 + 5 * 3600 + (day - whole) * 19 * 3600 + minutes * 60).astype(np.int64)
        kept = second <= self.last_second
        shape = person.shape
        columns = (person, np.full(shape, VERB[verb]), item, second, *outcome)
        self.parts.append(tuple(np.broadcast_to(column, shape)[kept].astype(np.int64) for column in columns))

    def events(self) -> Events:
        columns = [np.concatenate(column) for column in zip(*self.parts, strict=True)]
        order = np.lexsort((columns[2], columns[1], columns[0], columns[3]))
        types = (np.int32, np.int8, np.int16, np.int64, np.int8, np.int16, np.int16)
        return Events(*(column[order].astype(kind) for column, kind in zip(columns, types, strict=True)))


def simulate(world: World, n: int, as_of_day: int, rng: np.random.Generator) -> Journey:
    """Gives the journeys of n people over the six years before the day, and their statements."""
    path = rng.choice(len(PATHS), n, p=[row[3] for row in PATHS])
    start = _starts(n, as_of_day, rng)
    drive = rng.normal(0, 1, n)
    chance = 1 / (1 + np.exp(-(3.0 + 1.3 * drive)))
    goes_on = rng.random((n, STEPS)) < chance[:, None]
    n_chapters = np.cumprod(goes_on, axis=1).sum(axis=1)
    is_user = rng.random(n) > 0.025
    begins = is_user & (rng.random(n) > 0.05)
    n_chapters[~begins] = 0
    pace = np.exp(rng.normal(0, 0.35, n))
    spans = np.exp(rng.normal(np.log(15), 0.5, (n, STEPS))) * pace[:, None]
    opens = (
        start[:, None]
        + rng.random((n, 1))
        + np.concatenate([np.zeros((n, 1)), np.cumsum(spans, axis=1)[:, :-1]], axis=1)
    )
    closes = opens + spans * 0.93
    box = _Collector(as_of_day * 86400 + 20 * 3600)

    for p in range(len(PATHS)):
        who = np.flatnonzero(path == p)
        group = _Group(who, n_chapters[who], begins[who], is_user[who], opens[who], closes[who], drive[who])
        _follow_path(world, p, group, box, rng)
    _come_back(world, start, is_user, box, rng)

    last_chapter = np.maximum(n_chapters - 1, 0)
    ended = np.floor(closes[np.arange(n), last_chapter]).astype(np.int64)
    finished = (n_chapters == STEPS) & (rng.random(n) < 0.94)
    jury = np.maximum(ended + 12 + rng.exponential(14, n).astype(np.int64), start + SHORTEST_PATH_DAYS)
    graduated = np.where(finished, jury, -1)
    graduated[graduated > as_of_day] = -1
    ended = np.where(ended > as_of_day, -1, ended)
    events = box.events()
    last_second = np.full(n, -1, dtype=np.int64)
    np.maximum.at(last_second, events.person, events.second)
    return Journey(path, start, is_user, n_chapters, ended, graduated, last_second, events)


def _starts(n: int, as_of_day: int, rng: np.random.Generator) -> np.ndarray:
    days = np.arange(as_of_day - round(YEARS * 365.25) + 2, as_of_day - 3)
    dates = days.astype("datetime64[D]")
    month = dates.astype("datetime64[M]").astype(int) % 12
    weekday = (days + 3) % 7
    weight = _SEASON[month] * np.where(weekday < 5, 1.2, 0.6) * np.linspace(0.8, 1.15, len(days))
    return rng.choice(days, n, p=weight / weight.sum())


def _follow_path(world: World, p: int, group: _Group, box: _Collector, rng: np.random.Generator) -> None:
    who, n_chapters, begins, is_user, opens, closes, _ = group
    for step in range(STEPS):
        c, k = divmod(step, CHAPTERS_PER_COURSE)
        course, chapter = world.courses[p][c], world.chapters[p][c][k]
        done = n_chapters > step
        tries = begins & ((n_chapters == step) & (rng.random(len(who)) < 0.75) | done)
        if k == 0:
            signs = (
                (begins | is_user) & (tries | (n_chapters >= step) & (rng.random(len(who)) < 0.6)) & is_user
            )
            box.add(who[signs], "registered", course, opens[signs, step])
            leaves = signs & ~tries & (rng.random(len(who)) < 0.3)
            box.add(who[leaves], "unregistered", course, opens[leaves, step] + 9)
        says_so = tries & (~done | (rng.random(len(who)) < 0.25))
        box.add(who[says_so], "attempted", chapter, opens[says_so, step], 4)
        box.add(who[done], "completed", chapter, closes[done, step])
        if k > 0:
            box.add(
                who[done],
                "progressed",
                course,
                closes[done, step],
                1,
                _Outcome(progress=100 * (k + 1) // CHAPTERS_PER_COURSE),
            )
        if k == CHAPTERS_PER_COURSE - 1:
            box.add(who[done], "completed", course, closes[done, step], 2, _Outcome(success=1))
        for place, exercise in world.exercises[p][c]:
            if place == k:
                _train(world, exercise, group, (tries, step), box, rng)
        visits = tries & (rng.random(len(who)) < 0.2)
        box.add(who[visits], "logged-in", world.platform, (opens + closes)[visits, step] / 2)
    _do_projects(world, p, group, box, rng)
    proud = n_chapters == STEPS
    box.add(who[proud], "earned", world.badge, closes[proud, -1], 30)


def _train(
    world: World,
    exercise: int,
    group: _Group,
    at: tuple[np.ndarray, int],
    box: _Collector,
    rng: np.random.Generator,
) -> None:
    """Attempts at an exercise by those of the group who try a step: `at` is who does, and which step."""
    tries = at[0]
    who, opens, closes, drive = group.who[tries], group.opens[at], group.closes[at], group.drive[tries]
    ease = 62 + (exercise * 7) % 23
    left = rng.random(len(who)) < 0.93
    for attempt in range(5):
        score = np.clip(np.round(ease + 6 * drive + 9 * attempt + rng.normal(0, 15, len(who))), 0, 100)
        passed = score >= 60
        day = opens + (closes - opens) * (0.3 + 0.12 * attempt)
        if world.kinds[exercise] == "interaction":
            box.add(who[left], "answered", exercise, day[left], outcome=_Outcome(passed[left], score[left]))
        else:
            for verb, chosen in (("passed", left & passed), ("failed", left & ~passed)):
                box.add(
                    who[chosen], verb, exercise, day[chosen], outcome=_Outcome(passed[chosen], score[chosen])
                )
        left = left & ~passed & (rng.random(len(who)) < 0.85)


def _do_projects(world: World, p: int, group: _Group, box: _Collector, rng: np.random.Generator) -> None:
    who, n_chapters, closes, drive = group.who, group.n_chapters, group.closes, group.drive
    projects = world.projects[p]
    for number, project in enumerate(projects):
        step = round((number + 1) * STEPS / len(projects)) - 1
        does = (n_chapters > step) & (rng.random(len(who)) < 0.95)
        day = closes[:, step] + 2 + rng.exponential(5, len(who))
        for _ in range(2):
            waits = np.exp(rng.normal(np.log(6), 0.6, len(who))) + 0.5
            fine = rng.random(len(who)) < 1 / (1 + np.exp(-(1.6 + 0.4 * drive)))
            box.add(who[does], "submitted", project, day[does])
            box.add(
                who[does], "evaluated", project, (day + waits)[does], outcome=_Outcome(success=fine[does])
            )
            box.add(who[does & fine], "passed", project, (day + waits)[does & fine], 3, _Outcome(success=1))
            does = does & ~fine & (rng.random(len(who)) < 0.75)
            day = day + waits + 3 + rng.exponential(9, len(who))


def _come_back(
    world: World, start: np.ndarray, is_user: np.ndarray, box: _Collector, rng: np.random.Generator
) -> None:
    """Return visits in the months after the start: most people at first, some for years."""
    for month in range(1, 36):
        returns = np.flatnonzero(is_user & (rng.random(len(start)) < 0.024 + 0.12 * np.exp(-month / 8)))
        box.add(
            returns,
            "logged-in",
            world.platform,
            start[returns] + 30.4 * month + 28 * rng.random(len(returns)),
        )

"""Who plays which special case: chosen from the simulated people, and written into them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from anonymart.demo.contacts import phone
from anonymart.demo.journey import Journey
from anonymart.demo.people import People
from anonymart.demo.truth import Truth
from anonymart.demo.world import PATHS, TINY_DIPLOMAS

KINDS_OF_REQUEST = ("access", "rectify", "erase", "restrict", "port", "withdraw", "death")
TINY_GRADUATES = 3


@dataclass
class Cast:
    """Numbers of the people in each role, and the diploma of each graduate."""

    diploma: list[str | None]
    many_identities: np.ndarray
    login_only: dict[int, date] = field(default_factory=dict)
    withdrawn: list[int] = field(default_factory=list)
    withdrawn_statistics: list[int] = field(default_factory=list)
    objectors: list[int] = field(default_factory=list)
    requests: list[tuple[str, int, bool]] = field(default_factory=list)
    dwarfs: set[int] = field(default_factory=set)
    hated: tuple[int, int, int] = (0, 0, 0)


def choose_cast(
    people: People, journey: Journey, as_of: date, truth: Truth, rng: np.random.Generator
) -> Cast:
    """Gives the roles; changes birth dates, e-mails and years of graduation where a role needs it."""
    n = len(people)
    free = _Free(rng.permutation(n), people, truth)
    cast = Cast(_diplomas(journey), rng.random(n) < 0.06)
    as_of_day = (as_of - date(1970, 1, 1)).days
    learns = journey.is_user & (journey.n_chapters > 2)

    _choose_tiny(cast, journey, as_of.year, free, truth)
    young = learns & (journey.start > as_of_day - 700)
    for person in free.take("minor", 12, young):
        people.birth_day[person] = as_of_day - 14 * 365
    for person in free.take("minor_at_first", 8, young):
        people.birth_day[person] = journey.start[person] + 60 - round(15 * 365.25)
    for first, second in zip(free.take("", 2, learns), free.take("", 2, learns), strict=True):
        local, domain = people.email[first].split("@")
        people.email[second] = f"{local.replace('.', '')}@{domain}"
        for person in (first, second):
            truth.case("email_dots_other_person", people.learner_id[person])
    no_use = journey.last_second < 0
    for case, day in (
        ("window_last_day", years_before(as_of, 5)),
        ("window_first_day_out", years_before(as_of, 5, 1)),
    ):
        for person in free.take(case, 1, no_use):
            cast.login_only[person] = day
            journey.start[person] = min(journey.start[person], (day - date(1970, 1, 1)).days - 20)
            journey.ended[person] = -1
    started = journey.start < as_of_day - 60
    cast.withdrawn = free.take("consent_withdrawn", max(12, n // 50), started)
    cast.withdrawn_statistics = free.take("statistics_withdrawn", 6, learns & started)
    cast.objectors = free.take("objection", max(8, n // 600), learns & started)
    for kind in KINDS_OF_REQUEST:
        for person in free.take(f"request_{kind}", 4, learns & started):
            cast.requests.append((kind, person, len(cast.requests) % 2 == 0))
    return cast


def request_details(people: People, person: int, kind: str, truth: Truth) -> str:
    """What the person wrote with a request: now and then with a number to call. Corrections and directives
    are JSON.
    """
    note = f"Demande ({kind}) reçue par courrier."
    if person % 2 == 0:
        number = truth.plant(people.learner_id[person], "phone", phone(person))
        note = f"Demande ({kind}), rappeler au {number}."
    if kind == "rectify":
        return json.dumps(
            {"source": "learners", "key": {}, "set": {"birth_date": "1988-04-17"}, "note": note},
            ensure_ascii=False,
        )
    if kind == "death":
        return json.dumps(
            {"directive": ("erase", "keep", "hand_over")[person % 3], "note": note}, ensure_ascii=False
        )
    return note


class _Free:
    """People who play no part yet; nobody gets two."""

    def __init__(self, order: np.ndarray, people: People, truth: Truth) -> None:
        self.order, self.people, self.truth = order, people, truth
        self.is_taken = np.zeros(len(order), dtype=bool)

    def take(self, case: str, n: int, fits: np.ndarray) -> list[int]:
        chosen = [int(person) for person in self.order[fits[self.order] & ~self.is_taken[self.order]][:n]]
        self.is_taken[chosen] = True
        for person in chosen if case else []:
            self.truth.case(case, self.people.learner_id[person])
        return chosen


def _diplomas(journey: Journey) -> list[str | None]:
    is_graduate = (journey.graduated > 0).tolist()
    return [
        PATHS[path][2] if graduate else None
        for path, graduate in zip(journey.path.tolist(), is_graduate, strict=True)
    ]


def _choose_tiny(cast: Cast, journey: Journey, year: int, free: _Free, truth: Truth) -> None:
    """Three graduates for each tiny diploma, the last one's over two years; one salary that is most of its
    cell.
    """
    years = journey.graduated.astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
    is_graduate = journey.graduated > 0
    for diploma, wanted in zip(TINY_DIPLOMAS, ([(-4, 3)], [(-3, 3)], [(-4, 2), (-3, 1)]), strict=True):
        chosen = [
            person for back, n in wanted for person in free.take("", n, is_graduate & (years == year + back))
        ]
        chosen += free.take("", TINY_GRADUATES - len(chosen), is_graduate)
        for person in chosen:
            cast.diploma[person] = diploma
            truth.case("tiny_diploma", free.people.learner_id[person], diploma)
        if diploma == TINY_DIPLOMAS[0]:
            cast.dwarfs.update(chosen[:1])
    cast.dwarfs.update(free.take("", 1, is_graduate & (years == year - 3)) or free.take("", 1, is_graduate))
    for person in cast.dwarfs:
        truth.case("dwarfing_salary", free.people.learner_id[person], cast.diploma[person] or "")


def hated_cell(journey: Journey, as_of: date, truth: Truth) -> tuple[int, int, int]:
    """The path and the first and last day of the quarter in which every answer is a detractor's: the busiest
    one.
    """
    quarter = as_of.year * 4 + (as_of.month - 1) // 3 - 6
    begins, ends = (date(number // 4, number % 4 * 3 + 1, 1) for number in (quarter, quarter + 1))
    first, last = ((day - date(1970, 1, 1)).days for day in (begins, ends))
    is_asked = journey.is_user & (journey.start >= first - 33) & (journey.start < last - 33)
    path = int(np.bincount(journey.path[is_asked], minlength=len(PATHS)).argmax())
    truth.case("all_detractors", "", f"{PATHS[path][0]}|{begins.isoformat()}")
    return path, first, last


def years_before(day: date, years: int, days: int = 0) -> date:
    """The same day of an earlier year (29 February becomes 28 February), less some days."""
    try:
        earlier = day.replace(year=day.year - years)
    except ValueError:
        earlier = day.replace(year=day.year - years, day=28)
    return date.fromordinal(earlier.toordinal() - days)


def by_year(days: np.ndarray) -> Iterator[tuple[int, list[int]]]:
    """The people of each year, in the order of the days; days before 1970 are nobody's."""
    years = days.astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
    for year in np.unique(years[days > 0]).tolist():
        chosen = np.flatnonzero((years == year) & (days > 0))
        yield year, chosen[np.argsort(days[chosen], kind="stable")].tolist()

"""Rows of the school's own systems: learners, enrolments, connections, consents, rights requests."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import numpy as np

from anonymart.demo.cast import Cast, request_details
from anonymart.demo.files import Row
from anonymart.demo.journey import Journey
from anonymart.demo.people import People
from anonymart.demo.surveys import moment, on
from anonymart.demo.truth import Truth
from anonymart.demo.vocabulary import HOME_PAGE
from anonymart.demo.world import PATHS


def learner_rows(
    people: People, journey: Journey, cast: Cast, as_of_day: int, rng: np.random.Generator
) -> list[Row]:
    """One row per person; last_login_at is at or after the last statement, empty for those never seen."""
    n = len(people)
    later = np.where(rng.random(n) < 0.2, rng.integers(0, 15 * 86400, n), 0)
    login = np.where(
        journey.last_second > 0, np.minimum(journey.last_second + later, as_of_day * 86400 + 72000), -1
    )
    leaves = (rng.random(n) < 0.05) & (journey.ended > 0) & (journey.ended < as_of_day - 40)
    rows = []
    for person in range(n):
        seen = _time(int(login[person]))
        if person in cast.login_only:
            seen = datetime.combine(cast.login_only[person], time(12, 0))
        rows.append(
            {
                "learner_id": people.learner_id[person],
                "account_home_page": HOME_PAGE,
                "account_name": people.account[person],
                "email": people.email[person],
                "given_name": people.given[person],
                "family_name": people.family[person],
                "birth_date": on(people.birth_day[person]) if people.birth_day[person] else None,
                "registered_at": moment(journey.start[person] + 0.02),
                "left_at": moment(journey.ended[person] + 30.5) if leaves[person] else None,
                "last_login_at": seen,
            }
        )
    return rows


# Of twenty people in a row: how they come to their diploma.
_ROUTES = (
    *("initial", "continuing", "continuing", "apprenticeship", "continuing", "vae", "continuing"),
    *("initial", "continuing", "apprenticeship", "continuing", "initial", "continuing", "vae"),
    *("continuing", "initial", "continuing", "continuing", "apprenticeship", "continuing"),
)


def enrolment_rows(people: People, journey: Journey, cast: Cast, as_of_day: int) -> list[Row]:
    """One row per person: the path, how it ended, the diploma."""
    rows = []
    for person in range(len(people)):
        graduated, ended = int(journey.graduated[person]), int(journey.ended[person])
        outcome = "in_progress"
        if graduated > 0:
            outcome, ended = "graduated", graduated
        elif 0 < ended < as_of_day - 90:
            outcome, ended = "abandoned", ended + 45
        else:
            ended = -1
        rows.append({
            "learner_id": people.learner_id[person], "path_id": PATHS[journey.path[person]][0],
            "started_on": on(journey.start[person]), "ended_on": on(ended), "outcome": outcome,
            "diploma_id": cast.diploma[person] if graduated > 0 else None, "graduated_on": on(graduated),
            "route": _ROUTES[person % len(_ROUTES)],
        })  # fmt: skip
    return rows


def connection_rows(people: People, journey: Journey, as_of_day: int) -> list[Row]:
    """One connection per person and day with a statement, over the last 13 months."""
    events = journey.events
    recent = events.second >= (as_of_day - 395) * 86400
    days = events.person[recent].astype(np.int64) * 100_000 + events.second[recent] // 86400
    _, first = np.unique(days, return_index=True)
    first.sort()
    persons, seconds = events.person[recent][first].tolist(), events.second[recent][first].tolist()
    return [
        {"learner_id": people.learner_id[person], "connected_at": _time(second - 240)}
        for person, second in zip(persons, seconds, strict=True)
    ]


def consent_rows(
    people: People, journey: Journey, cast: Cast, as_of_day: int, rng: np.random.Generator
) -> list[Row]:
    """Consents to surveys, by time: most grant, some were never asked, some withdraw later; a few leave
    statistics.
    """
    withdrawn = set(cast.withdrawn)
    asked = rng.random(len(people)) < 0.88
    found = []
    for person in range(len(people)):
        start = int(journey.start[person])
        if asked[person] or person in withdrawn:
            found.append((start + 0.1, person, "P-SURVEY", "granted"))
        if person in withdrawn:
            found.append(
                (start + 30 + rng.random() * (as_of_day - start - 31), person, "P-SURVEY", "withdrawn")
            )
    for person in cast.withdrawn_statistics:
        found.append((journey.start[person] + 50.0, person, "P-STAT", "withdrawn"))
    return [
        {"learner_id": people.learner_id[person], "purpose": purpose, "status": status, "at": moment(at)}
        for at, person, purpose, status in sorted(found)
    ]


def rights_rows(people: People, cast: Cast, as_of: date, truth: Truth, rng: np.random.Generator) -> list[Row]:
    """Every kind of request, identity verified or not, by learner id or by e-mail; the last ones are a few
    days old.
    """
    asked = [
        ("object", person, number % 4 != 3) for number, person in enumerate(cast.objectors)
    ] + cast.requests
    found = []
    for number, (kind, person, is_verified) in enumerate(asked):
        received = datetime.combine(as_of, time(9, 30)) - timedelta(
            days=int(rng.integers(1, 27)), minutes=number
        )
        by_email = number % 3 == 0
        found.append({
            "request_id": f"REQ-{number + 1:05d}", "kind": kind,
            "learner_id": None if by_email else people.learner_id[person],
            "email": people.email[person] if by_email else None, "received_at": received,
            "identity_verified": is_verified, "details": request_details(people, person, kind, truth),
        })  # fmt: skip
    return sorted(found, key=lambda row: (row["received_at"], row["request_id"]))


def _time(second: int) -> datetime | None:
    return None if second < 0 else datetime(1970, 1, 1) + timedelta(seconds=second)

"""Answers of the fictional learners: satisfaction after start, on the way and at the end; salary after the
diploma.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from anonymart.demo.contacts import confessions
from anonymart.demo.files import Row
from anonymart.demo.journey import Journey
from anonymart.demo.people import People, dotted
from anonymart.demo.truth import Truth
from anonymart.demo.vocabulary import COMMENTS, EMPLOYERS, JOB_TITLES, PLAIN_COMMENTS, UNMAPPED_TITLES
from anonymart.demo.world import PATHS

_OWN_FAMILY = {
    "diploma-data-analytics": ("data", "development"),
    "diploma-software-development": ("development", "support_it"),
    "diploma-digital-design": ("design", "marketing"),
    "diploma-digital-operations": ("project_management", "support_it"),
}
_MIDDLE = {"diploma-data-analytics": 38_500, "diploma-software-development": 37_000,
           "diploma-digital-design": 32_500, "diploma-digital-operations": 34_500}  # fmt: skip
_PLACES = [
    ("FR", "EUR", 1.0),
    ("BE", "EUR", 1.0),
    ("DE", "EUR", 1.0),
    ("GB", "GBP", 0.86),
    ("CH", "CHF", 1.5),
    ("US", "USD", 1.5),
]
_PLACE_SHARE = [0.86, 0.04, 0.03, 0.03, 0.02, 0.02]
DWARFING_SALARY = 480_000


@dataclass
class Respondents:
    """How people sign their answers: e-mail in some spelling, learner id, or both."""

    people: People
    truth: Truth
    rng: np.random.Generator
    has_own_name: list[bool]
    tied: set[int] = field(default_factory=set)

    def sign(self, person: int) -> Row:
        """The identifying columns of one answer; each spelling used is noted in the truth."""
        people, dice = self.people, self.rng.random()
        learner, email = people.learner_id[person], people.email[person]
        if person % 37 == 0:
            self.truth.case("second_email", learner, "survey")
            # a first answer with both ties the second address to the learner; later ones may carry it alone
            is_first = person not in self.tied
            self.tied.add(person)
            named, email = learner if is_first or dice < 0.3 else None, people.second_email[person]
        elif dice < 0.03:
            self.truth.case("email_dots", learner, "survey")
            named, email = learner, dotted(email)
        elif dice < 0.2:
            return {"learner_id": learner, "email": None}
        elif dice < 0.28:
            named = learner
        elif dice < 0.4:
            self.truth.case("email_case", learner, "survey")
            named, email = None, email.upper() if dice < 0.34 else email.title()
        else:
            named = None
        self.truth.plant(learner, "email", email)
        return {"learner_id": named, "email": email}


def nps_rows(
    journey: Journey,
    as_of_day: int,
    hated: tuple[int, int, int],
    respondents: Respondents,
    rng: np.random.Generator,
) -> list[Row]:
    """Invitations and answers, by the day asked. `hated` is the path and the days between which all are
    detractors.
    """
    person, day = _invitations(journey, as_of_day, rng)
    answers = rng.random(len(person)) < 0.52
    mood = 7.35 + 0.45 * ((journey.path[person] % 4) - 1.5) + 0.11 * journey.n_chapters[person]
    score = np.clip(np.round(mood + rng.normal(0, 2.4, len(person))), 0, 10).astype(int)
    is_hated = (journey.path[person] == hated[0]) & (day >= hated[1]) & (day < hated[2])
    score = np.where(is_hated, score * 6 // 10, score)
    answered = day + np.minimum(rng.exponential(4, len(person)), 24) + 0.1
    rows = []
    for number, (who, asked, told, says, points) in enumerate(
        zip(person.tolist(), day.tolist(), answered.tolist(), answers.tolist(), score.tolist(), strict=True),
        1,
    ):
        says = says and told < as_of_day
        rows.append(
            {
                "response_id": f"NPS-{number:07d}",
                **respondents.sign(who),
                "path_id": PATHS[journey.path[who]][0],
                "asked_at": moment(asked),
                "answered_at": moment(told) if says else None,
                "score": points if says else None,
                "comment": _comment(who, points, respondents, rng) if says else None,
            }
        )
    return rows


def salary_rows(
    journey: Journey, diploma: list[str | None], as_of_day: int, dwarfs: set[int], respondents: Respondents,
    rng: np.random.Generator,
) -> list[Row]:  # fmt: skip
    """Answers about 6 and 24 months after the diploma, by the day answered."""
    found: list[tuple[float, int, int]] = []
    for months, (low, high) in ((6, (150, 265)), (24, (670, 880))):
        for person in np.flatnonzero(journey.graduated > 0).tolist():
            day = journey.graduated[person] + rng.integers(low, high) + rng.random()
            tells = (
                rng.random() < (0.71 if months == 6 else 0.62)
                or person in dwarfs
                or diploma[person] not in _OWN_FAMILY
            )
            if tells and day < as_of_day:
                found.append((day, person, months))
    rows = []
    for number, (day, person, months) in enumerate(sorted(found), 1):
        row = {
            "response_id": f"SAL-{number:06d}", **respondents.sign(person), "diploma_id": diploma[person],
            "graduated_on": on(journey.graduated[person]), "answered_at": moment(day),
            **_job(person, months, diploma[person] or "", person in dwarfs, respondents, rng),
        }  # fmt: skip
        rows.append(row)
    return rows


def moment(day: float) -> datetime:
    """The UTC time of a fractional day since 1970, in waking hours."""
    whole = int(day)
    return datetime.fromtimestamp(whole * 86400 + 6 * 3600 + int((day - whole) * 14 * 3600), tz=UTC).replace(
        tzinfo=None
    )


def on(day: int) -> object:
    """The date of a day since 1970, None for -1."""
    return None if day < 0 else np.datetime64(int(day), "D").item()


def _invitations(journey: Journey, as_of_day: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    users = np.flatnonzero(journey.is_user)
    ends = np.where(journey.ended > 0, journey.ended, as_of_day)
    asked = [(users, journey.start[users] + 30.0)]
    for turn in range(1, 5):
        still = users[ends[users] - journey.start[users] > 150 * turn + 40]
        asked.append((still, journey.start[still] + 30.0 + 150 * turn))
    done = users[(journey.ended[users] > 0) & (journey.n_chapters[users] > 0)]
    asked.append((done, journey.ended[done] + 12.0))
    person = np.concatenate([who for who, _ in asked])
    day = np.concatenate([when for _, when in asked]) + rng.random(len(person)) * 6
    order = np.lexsort((person, day))
    order = order[day[order] < as_of_day]
    return person[order], day[order]


def _comment(person: int, score: int, respondents: Respondents, rng: np.random.Generator) -> str | None:
    dice = rng.random()
    if dice > 0.78:
        return None
    if dice > 0.72:
        return PLAIN_COMMENTS[int(rng.integers(len(PLAIN_COMMENTS)))]
    mood = "pos" if score >= 8 else "neg" if score <= 6 else ("pos", "neg")[int(rng.integers(2))]
    themes = rng.choice(len(COMMENTS), 1 + int(rng.random() < 0.45), replace=False)
    texts = []
    for theme in themes.tolist():
        phrases = list(COMMENTS.values())[theme][mood]
        texts.append(phrases[int(rng.integers(len(phrases)))])
    if rng.random() < 0.025:
        texts.append(confess(person, int(rng.integers(1 << 30)), respondents))
    return " ".join(texts)


def confess(person: int, pick: int, respondents: Respondents) -> str:
    """A sentence in which the person names themself; noted in the truth."""
    told = confessions(respondents.people, person)
    kind, value, sentence = told[pick % len(told)]
    learner = respondents.people.learner_id[person]
    if kind != "full_name" or respondents.has_own_name[person]:
        respondents.truth.plant(learner, kind, value)
    respondents.truth.case("identifier_in_comment", learner, kind)
    return sentence


def _job(
    person: int, months: int, diploma: str, dwarfs: bool, respondents: Respondents, rng: np.random.Generator
) -> Row:
    dice = rng.random(10)
    if dice[0] > (0.87 if months == 6 else 0.93) and not dwarfs:
        situation = "studying" if dice[1] < 0.28 else "unable" if dice[1] < 0.36 else "seeking"
        return {
            **dict.fromkeys(_JOB_COLUMNS),
            "employed": False,
            "job_in_field": False,
            "situation": situation,
        }
    own, near = _OWN_FAMILY.get(diploma, ("design", "data"))
    others = [family for family in JOB_TITLES if family not in (own, near)]
    in_field = dice[1] < 0.63
    family = (own if dice[2] < 0.62 else near) if in_field else others[int(dice[2] * len(others))]
    titles = UNMAPPED_TITLES if dice[3] < 0.03 else JOB_TITLES[family]
    country, currency, rate = _PLACES[int(np.searchsorted(np.cumsum(_PLACE_SHARE), dice[4]))]
    year = (
        _MIDDLE.get(diploma, 33_000)
        * (1.14 if months == 24 else 1)
        * np.exp(rng.normal(0, 0.19))
        * (1 if in_field else 0.87)
    )
    hours, share = [("full_time", 1.0), ("part_time_80", 0.8), ("part_time_50", 0.5)][
        int(np.searchsorted([0.92, 0.97], dice[5]))
    ]
    if dwarfs:
        year, hours, share, rate, currency, country = DWARFING_SALARY, "full_time", 1.0, 1.0, "EUR", "FR"
    basis = "net" if dice[6] < 0.25 and not dwarfs else "gross"
    period, divisor = [("year", 1), ("month", 12), ("hour", 1820)][
        0 if dwarfs else int(np.searchsorted([0.6, 0.95], dice[7]))
    ]
    # an hourly wage does not shrink with the hours
    amount = year * rate * (1 if period == "hour" else share) / divisor / (1.28 if basis == "net" else 1)
    states = dice[8] < 0.9 or dwarfs
    return {
        "employed": True,
        "job_in_field": bool(in_field),
        "job_title": titles[int(rng.integers(len(titles)))],
        "employer": EMPLOYERS[int(rng.integers(len(EMPLOYERS)))],
        "contract_type": ["permanent", "fixed_term", "freelance", "apprenticeship"][
            int(np.searchsorted([0.62, 0.84, 0.95], dice[9]))
        ],
        "working_time": hours,
        "country": country,
        "salary_amount": round(float(amount), 2 if period == "hour" else 0) if states else None,
        "salary_currency": currency if states else None,
        "salary_period": period if states else None,
        "salary_basis": basis if states else None,
        "comment": confess(person, int(dice[3] * 1e6), respondents) if dice[3] > 0.985 else None,
        "situation": "employed",
    }


_JOB_COLUMNS = (
    "employed",
    "job_in_field",
    "job_title",
    "employer",
    "contract_type",
    "working_time",
    "country",
    "salary_amount",
    "salary_currency",
    "salary_period",
    "salary_basis",
    "comment",
    "situation",
)

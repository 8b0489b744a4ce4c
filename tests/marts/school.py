"""A school whose landing files hold each awkward case of the descriptions, many times over: the same files at
each call.

What becomes of a person is said by their number alone (`Person.case`), so each case has people in many cells.
"""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.marts import visits

AS_OF = date(2026, 6, 30)
N_PEOPLE = 1500
HOME_PAGE = "https://campus.example"
PARIS, UTC = ZoneInfo("Europe/Paris"), ZoneInfo("UTC")
XAPI = "http://adlnet.gov/expapi"
PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"

DAY = timedelta(days=1)

# Course: its path, chapters and exercises; project: path and course.
COURSES = {"sql": "data", "charts": "data", "html": "web"}
CHAPTERS = {"sql-one": "sql", "sql-two": "sql", "html-one": "html"}
EXERCISES = {"sql-ex": ("sql", "sql-one"), "html-ex": ("html", "html-one")}
PROJECTS = {"report": ("data", "charts"), "site": ("web", None)}
SQL_ON_OPEN_EDX = "course-v1:Campus+SQL+2026"
VERBS = {
    "registered": f"{XAPI}/verbs/registered",
    "unregistered": "http://id.tincanapi.com/verb/unregistered",
    "launched": f"{XAPI}/verbs/launched",
    "experienced": f"{XAPI}/verbs/experienced",
    "progressed": f"{XAPI}/verbs/progressed",
    "completed": f"{XAPI}/verbs/completed",
    "attempted": f"{XAPI}/verbs/attempted",
    "answered": f"{XAPI}/verbs/answered",
    "passed": f"{XAPI}/verbs/passed",
    "failed": f"{XAPI}/verbs/failed",
    "evaluated": "https://w3id.org/xapi/acrossx/verbs/evaluated",
    "submitted": "http://activitystrea.ms/schema/1.0/submit",
    "logged-in": "https://w3id.org/xapi/adl/verbs/logged-in",
    "pondered": "https://verbs.example/pondered",
    "voided": f"{XAPI}/verbs/voided",
}
TYPES = {
    "course": f"{XAPI}/activities/course",
    "chapter": f"{XAPI}/activities/module",
    "exercise": f"{XAPI}/activities/question",
    "project": "http://id.tincanapi.com/activitytype/project",
    "site": "http://activitystrea.ms/schema/1.0/application",
}
TITLES = (
    "Data analyst",
    "Analyste de données",
    "Développeuse web",
    "UX designer",
    "Chef de projet digital",
    "Boulanger",
    None,
)
COMMENTS = (
    "Le mentor est formidable",
    "Trop cher, et mon mentor absent",
    "Too expensive",
    "La plateforme plante",
    "Rien",
    None,
)
# Classes of docs/sources.md; one that no list knows, one of two classes, and one that is none.
CONTRACTS = (
    "CDI",
    "CDI",
    "Fonctionnaire",
    "CDD",
    "Intérim",
    "Stage",
    "Alternance",
    "contrat d'apprentissage",
    "Freelance",
    "auto-entrepreneur",
    "Mystère",
    "CDI et freelance",
    "35 heures",
    None,
)
# 25 cases; whoever is none of them is an ordinary learner.
CASES = {
    0: "objects",
    1: "restricted",
    2: "asks_for_erasure",
    3: "is_a_child",
    4: "turns_fifteen",
    5: "is_staff",
    6: "is_a_test",
    7: "is_unknown",
    8: "left_long_ago",
    9: "leaves_these_days",
    10: "came_back",
    11: "says_no_to_surveys",
    12: "objected_once",
    13: "is_erased",
    14: "never_used_it",
    15: "shares_an_email",
    16: "says_no_to_statistics",
    17: "withdraws_from_surveys",
}
# The last moments of people who leave these days: the first one is out, the others are in.
EDGES = ("2021-06-29T21:59:59Z", "2021-06-29T22:00:00Z", "2021-06-30T21:59:59Z")
# Last day of the former activity period and first day back: within five years or a day too late.
RETURNS = (
    ("2019-02-28", "2024-02-28"),
    ("2019-02-28", "2024-02-29"),
    ("2020-02-29", "2025-02-28"),
    ("2020-02-29", "2025-03-01"),
)


@dataclass(frozen=True)
class Person:
    """One person by number; `turn` counts the people of one case."""

    number: int

    @property
    def case(self) -> str:
        return CASES.get(self.number % 25, "ordinary")

    @property
    def turn(self) -> int:
        return self.number // 25

    @property
    def learner_id(self) -> str:
        return f"L{self.number:06d}"

    @property
    def account(self) -> str:
        return f"account-{self.number:06d}"

    @property
    def email(self) -> str:
        """The address of the register; people of one case share it with their neighbour of that case."""
        number = self.number - 25 * (self.turn % 2) if self.case == "shares_an_email" else self.number
        return f"jo.person{number}@mail.example"

    @property
    def birth_date(self) -> str | None:
        if self.case == "is_a_child":
            return "2012-05-05"
        if self.case == "turns_fifteen":
            return f"{2009 + self.turn % 2}-{1 + self.turn % 12:02d}-{1 + self.turn % 28:02d}"
        return None if self.number % 2 else "1990-02-28"


class School:
    """Its deliveries, by name: for each source the rows, in the order in which they come."""

    def __init__(self) -> None:
        self.random = random.Random(20260630)
        # What came later draws of its own, so that what was there stays as it is.
        self.later = random.Random(20261130)
        self.first: dict[str, list[dict[str, Any]]] = {}
        self.second: dict[str, list[dict[str, Any]]] = {}
        self.requests: dict[str, list[dict[str, Any]]] = {"rights": []}
        self.first["catalogue"] = list(_catalogue())
        for number in range(N_PEOPLE):
            self._live(Person(number))
        self._deliver_again()

    @property
    def deliveries(self) -> dict[str, dict[str, list[dict[str, Any]]]]:
        return {"first": self.first, "requests": self.requests, "second": self.second}

    @property
    def logs(self) -> dict[str, str]:
        """What the web server of the public site wrote, for each delivery that brings some."""
        return visits.logs()

    def _add(self, source: str, row: dict[str, Any]) -> None:
        """One row in twenty comes with the second delivery: later than it should."""
        place = self.second if self.random.random() < 0.05 else self.first
        place.setdefault(source, []).append(row)

    def _deliver_again(self) -> None:
        """Part of the first delivery comes twice within it, and once more with the second."""
        for source, rows in self.first.items():
            if source != "catalogue":
                rows.extend(rows[::40])
                self.second.setdefault(source, []).extend(rows[::30])

    def _live(self, who: Person) -> None:
        self._register(who)
        first = date(2024, 1, 8) + timedelta(days=self.random.randrange(800))
        is_graduate = who.number % 2 == 0 or who.case == "leaves_these_days"
        if who.case == "came_back":
            former, back = RETURNS[who.turn % 4]
            self._say(who, "experienced", "course", "sql", _paris(date.fromisoformat(former)))
            self._study(who, date.fromisoformat(former) - timedelta(days=80), date.fromisoformat(former))
            first = date.fromisoformat(back)
            self._say(who, "experienced", "course", "html", _paris(first))
            self._study(who, first, AS_OF)
            is_graduate = True
        elif who.case in ("left_long_ago", "leaves_these_days"):
            first = date(2020, 7, 1) + timedelta(days=self.random.randrange(200))
            self._study(who, first, date(2021, 6, 28))
            if who.case == "leaves_these_days":
                edge = EDGES[who.turn % 3]
                self._say(who, "logged-in", "site", "app", datetime.fromisoformat(edge))
        elif who.case != "never_used_it":
            self._study(who, first, AS_OF)
        self._answer(who, first)
        self._enrol(who, first, is_graduate)
        self._enrol_for_long(who)
        self._look_in(who, first)

    def _register(self, who: Person) -> None:
        if who.case == "is_unknown":
            return
        row = {
            "learner_id": who.learner_id,
            "email": who.email,
            "given_name": f"Jo{who.number}",
            "family_name": "Person",
            "account_home_page": HOME_PAGE,
            "account_name": who.account,
            "birth_date": who.birth_date,
            "registered_at": "2019-01-01T10:00:00Z",
            "role": "instructor" if who.case == "is_staff" else "student",
            "is_test": who.case == "is_a_test",
        }
        self.first.setdefault("learners", []).append(row)
        self._ask(who)

    def _ask(self, who: Person) -> None:
        """Requests and consents."""

        def request(kind: str, at: str, verified: bool = True, **more: str) -> None:
            by = {"email": who.email} if who.turn % 2 else {"learner_id": who.learner_id}
            rows = self.first.setdefault("rights", [])
            name = f"R{who.number}-{len(rows)}"
            at = f"2026-{at}T10:00:00Z"
            rows.append(
                {"request_id": name, "kind": kind, "received_at": at, "identity_verified": verified}
                | by
                | more
            )

        def consent(status: str, day: str, purpose: str = "P-SURVEY") -> None:
            row = {"learner_id": who.learner_id, "purpose": purpose, "status": status}
            self.first.setdefault("consents", []).append(row | {"at": f"{day}T10:00:00Z"})

        is_sure = who.turn % 3 > 0
        if who.case == "objects":
            request("object", "05-20", is_sure)
        elif who.case == "restricted":
            request("restrict", "05-20", is_sure)
        elif who.case == "asks_for_erasure":
            request("erase", "06-20", False)
        elif who.case == "is_erased":
            self._request(who, "erase")
        elif who.case == "objected_once":
            request("object", "05-20")
            request("object", "06-01", is_sure, details="lift")
        elif who.case == "withdraws_from_surveys":
            consent("granted", "2020-01-01")
            request("withdraw", f"0{1 + who.turn % 5}-15", is_sure)
        elif who.case == "says_no_to_surveys":
            for status, day in (
                (("granted", "2024-01-01"), ("withdrawn", "2026-06-01")),
                (("withdrawn", "2025-06-01"), ("granted", "2025-09-01")),
                (("granted", "2025-03-01"),),
                (("withdrawn", "2024-01-05"),),
            )[who.turn % 4]:
                consent(status, day)
        elif who.case == "says_no_to_statistics":
            consent("withdrawn", "2025-01-01", "P-STAT")
            if who.turn % 2:
                consent("granted", "2025-02-01", "P-STAT")
        elif who.number % 4:
            consent("granted", "2020-01-01")

    def _request(self, who: Person, kind: str, **more: str) -> None:
        """A proved request that is carried out between the two deliveries."""
        row = {"request_id": f"{kind}-{who.number}", "kind": kind, "learner_id": who.learner_id}
        known = {"received_at": f"{AS_OF}T01:00:00Z", "identity_verified": True}
        self.requests["rights"].append(row | known | more)

    def _study(self, who: Person, first: date, last: date) -> None:
        path = "data" if who.number % 3 else "web"
        for course, of in COURSES.items():
            if of == path and self.random.random() < 0.9:
                self._take(who, course, first, last)
        for project, (of, _) in PROJECTS.items():
            if of == path and self.random.random() < 0.8:
                self._hand_in(who, project, first, last)

    def _take(self, who: Person, course: str, first: date, last: date) -> None:
        """A course: registration, progress, chapters, exercises, completion."""
        dice = self.random.random
        began = first + timedelta(days=self.random.randrange(40))

        def say(verb: str, kind: str, item: str, day: date, **result: Any) -> None:
            if day <= last:
                self._say(who, verb, kind, item, self._moment(day), **result)

        if dice() < 0.85:
            say("registered", "course", course, began + timedelta(days=self.random.choice((-6, 0, 0, 9))))
        if dice() < 0.12:
            return
        progress = 0
        for month in range(self.random.choice((1, 2, 4, 9))):
            day = began + timedelta(days=30 * month + self.random.randrange(25))
            progress = min(100, progress + self.random.choice((0, 5, 20, 25, 30)))
            say("progressed", "course", course, day, progress=progress)
            say(self.random.choice(("launched", "experienced", "pondered")), "course", course, day)
            if dice() < 0.1:
                say("progressed", "course", course, day + timedelta(days=1), progress=max(0, progress - 10))
        if dice() < 0.5:
            say(self.random.choice(("completed", "passed")), "course", course, self._observed(began, 6))
        if dice() < 0.05:
            say("unregistered", "course", course, began + timedelta(days=100))
        for chapter, of in CHAPTERS.items():
            if of == course and dice() < 0.8:
                day = began + timedelta(days=self.random.randrange(60))
                say(self.random.choice(("launched", "experienced", "attempted")), "chapter", chapter, day)
                if dice() < 0.7:
                    verb = self.random.choice(("completed", "completed", "passed"))
                    say(verb, "chapter", chapter, self._observed(day, 6))
        for exercise, (of, _) in EXERCISES.items():
            if of == course and dice() < 0.1:
                say("experienced", "exercise", exercise, began + timedelta(days=self.random.randrange(90)))
            elif of == course and dice() < 0.8:
                self._try(exercise, began + timedelta(days=self.random.randrange(90)), say)

    def _try(self, exercise: str, day: date, say: Callable[..., None]) -> None:
        """Attempts at an exercise: some are begun and not handed in, one person in forty tries for ever."""
        n_tries = 70 if self.random.random() < 0.025 else self.random.choice((1, 1, 2, 3, 5))
        for number in range(n_tries):
            at = day + timedelta(days=number if n_tries < 10 else number // 20)
            score = self.random.choice((None, 0.0, 0.25, 0.5, 0.75, 1.0))
            if self.random.random() < 0.3:
                say("attempted", "exercise", exercise, at)
            verb = self.random.choice(("answered", "answered", "passed", "failed", "completed"))
            told = {"answered": score is not None and score >= 0.5, "passed": True, "failed": False}
            success = None if self.random.random() < 0.2 else told.get(verb)
            say(verb, "exercise", exercise, at, success=success, score=score)

    def _hand_in(self, who: Person, project: str, first: date, last: date) -> None:
        day = first + timedelta(days=20 + self.random.randrange(150))
        graded = self._observed(day, 3)
        said = [("submitted", day, {})]
        if self.random.random() < 0.3:
            said.append(("submitted", day + timedelta(days=12), {}))
        if self.random.random() < 0.2:
            said.append(("failed", day + timedelta(days=5), {"success": False}))
        if self.random.random() < 0.7:
            said.append((self.random.choice(("passed", "passed", "completed")), graded, {}))
        elif self.random.random() < 0.3:
            said.append(("evaluated", graded, {"success": True}))
        for verb, on, result in said:
            if on <= last:
                self._say(who, verb, "project", project, self._moment(on), **result)

    def _observed(self, day: date, months: int) -> date:
        """A day about the end of an observation: often its last or the first one after it."""
        end = _months_later(day, months)
        if self.random.random() < 0.25:
            return end + timedelta(days=self.random.choice((-1, 0, 1)))
        return day + timedelta(days=self.random.randrange(1, 40 * months))

    def _moment(self, day: date) -> datetime:
        """A time of this day in Paris, or one beside the end of its month there."""
        dice = self.random.random()
        if dice < 0.1:
            first = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
            return _paris(first) + timedelta(seconds=self.random.choice((-1, 0)))
        if dice < 0.2:
            return _paris(day) + timedelta(seconds=self.random.choice((0, 1)))
        return _paris(day) + timedelta(seconds=self.random.randrange(86_000))

    def _say(self, who: Person, verb: str, kind: str, item: str, at: datetime, **result: Any) -> None:
        """A statement in one of the ways in which platforms write it."""
        if at >= _paris(AS_OF + timedelta(days=2)):
            return
        told = {
            "id": str(uuid.UUID(int=self.random.getrandbits(128), version=4)),
            "timestamp": self._written(at),
            "actor": self._actor(who),
            "verb": {"id": VERBS[verb]},
            "object": {"id": self._address(kind, item), "definition": {"type": TYPES[kind]}},
        }
        if result:
            told["result"] = _result(**result)
        self._add("learning", told)
        if self.random.random() < 0.01:
            voiding = dict(told, id=str(uuid.UUID(int=self.random.getrandbits(128), version=4)))
            voiding["verb"] = {"id": VERBS["voided"]}
            voiding["object"] = {"objectType": "StatementRef", "id": told["id"]}
            self._add("learning", {k: v for k, v in voiding.items() if k != "result"})

    def _actor(self, who: Person) -> dict[str, Any]:
        if who.number % 3 or who.case == "shares_an_email":
            return {"account": {"homePage": HOME_PAGE, "name": who.account}}
        mbox = f"mailto:{who.email}"
        return self.random.choice(
            (
                {"account": {"homePage": f"{HOME_PAGE}/", "name": who.account}},
                {"mbox": mbox},
                {"mbox": f"mailto:{who.email.upper()}"},
                {"mbox_sha1sum": hashlib.sha1(mbox.encode()).hexdigest()},
            )
        )

    def _address(self, kind: str, item: str) -> str:
        if item == "sql" and self.random.random() < 0.3:
            return f"https://lms.example/course/{SQL_ON_OPEN_EDX}"
        return f"{HOME_PAGE}/xapi/{kind}/{item}"

    def _written(self, at: datetime) -> str:
        utc = at.astimezone(UTC)
        zone = self.random.choice((UTC, PARIS, timedelta(hours=-4), None))
        if zone is None:
            return utc.strftime("%Y-%m-%dT%H:%M:%S")
        if isinstance(zone, timedelta):
            return (utc + zone).strftime("%Y-%m-%dT%H:%M:%S-04:00")
        return at.astimezone(zone).isoformat().replace("+00:00", "Z")

    def _answer(self, who: Person, first: date) -> None:
        """A question each quarter for a year and a half, answered or not; some are asked twice."""
        if who.case in ("left_long_ago", "leaves_these_days"):
            first = date(2020, 12, 1)
        for quarter in range(6):
            asked = first + timedelta(days=30 + 91 * quarter + self.random.randrange(60))
            for number in range(1 if self.random.random() < 0.85 else 2):
                on = asked + timedelta(days=35 * number)
                if on < AS_OF - timedelta(days=1) and self.random.random() < 0.7:
                    self._answer_one(who, 2 * quarter + number, on)

    def _answer_one(self, who: Person, number: int, asked: date) -> None:
        name = f"N{who.number}-{number}"
        dice = self.random.random()
        by = {"learner_id": who.learner_id} if dice < 0.5 else {"email": self._spelled(who)}
        at = self._moment(asked)
        path = self.random.choice(("data", "web", "data", "web", None))
        row = {"response_id": name, "path_id": path, "asked_at": self._written(at)} | by
        # Of some who say no the answers come only after the requests were carried out.
        is_late = who.case == "says_no_to_surveys" and who.turn % 8 > 3
        (self.second if is_late else self.first).setdefault("nps", []).append(row)
        later = self._answered_at(at, number)
        if later >= _paris(AS_OF) or self.random.random() < 0.35:
            return
        score = self.random.randrange(11)
        said = {"score": score, "comment": self.random.choice(COMMENTS)}
        answer = row | {"answered_at": self._written(later)} | said
        if is_late:
            self.second["nps"].append(answer)
        elif who.number % 100 == 24 and number == 2:
            self.first["nps"].append(answer)
            right = {"source": "nps", "key": {"response_id": name}, "set": {"score": 10 - score}}
            self._request(who, "rectify", details=json.dumps(right))
        else:
            self._add("nps", answer)

    def _answered_at(self, asked_at: datetime, number: int) -> datetime:
        """Soon after the question or long after, in the last seconds in which an answer is in time, or in the
        next one.
        """
        if self.random.random() < 0.15:
            day = asked_at.astimezone(PARIS).date()
            end = _months_later(day.replace(day=1), 4 - (day.month - 1) % 3)
            return _paris(end) - timedelta(seconds=self.random.choice((0, 1 + number)))
        return asked_at + timedelta(days=self.random.choice((0, 1, 3, 20, 50, 130)), hours=1)

    def _spelled(self, who: Person) -> str:
        name, _, host = who.email.partition("@")
        return self.random.choice(
            (who.email, who.email.upper(), f"{name.replace('.', '')}@{host}", f"{name}+nps@{host}")
        )

    def _enrol(self, who: Person, first: date, is_graduate: bool) -> None:
        path = "data" if who.number % 3 else "web"
        row = {"learner_id": who.learner_id, "path_id": path, "started_on": str(first)}
        self.first.setdefault("enrolments", []).append(row | {"outcome": "in_progress"})
        if not is_graduate:
            if who.number % 5 == 0:  # with the diploma that was the aim, and its planned day
                aim = {"diploma_id": "dip-data", "graduated_on": "2023-03-01"}
                self._add("enrolments", row | aim | {"outcome": "abandoned", "ended_on": str(first)})
            self._ask_for_salary(who, "dip-data", date(2023, 3, 1), 6)
            return
        year = 2018 if who.case == "came_back" else 2021 + who.number // 2 % 4
        diploma = self.random.choice(("dip-data", "dip-data", "dip-web"))
        if who.number in (40, 42):
            diploma = "dip-rare"
        elif who.number % 50 == 22:
            diploma = "typed by hand!"
        for once in {diploma: None, **({"dip-web": None} if who.number % 20 == 18 else {})}:
            on = date(year, 1, 1) + timedelta(days=self.random.choice((0, 58, 180, 364)))
            graduated = row | {"outcome": "graduated", "diploma_id": once, "graduated_on": str(on)}
            if once != diploma:
                graduated |= {"path_id": "web", "started_on": str(first - timedelta(days=400))}
            self.first["enrolments"].append(graduated | self._route())
            if who.number % 60 == 4:  # a mistake that the school has put right
                right = row | {"outcome": "abandoned"}
                self.second.setdefault("enrolments", []).append(right)
            for months in (6, 24):
                self._ask_for_salary(who, once, on, months)

    def _route(self) -> dict[str, str]:
        """How somebody comes to the diploma; often nobody says it."""
        route = self.later.choice(("vae", "vae", "initial", "continuing", "apprenticeship", None))
        return {"route": route} if route else {}

    def _enrol_for_long(self, who: Person) -> None:
        """An enrolment whose two years are over, or nearly; its end is often a day beside that of the two
        years. Some leave and begin again, within them or later, and a few are on a path that nobody knows.
        """
        later = self.later
        start = date(2022, 1, 1) + timedelta(days=later.randrange(900))
        if who.case == "came_back":
            start = date.fromisoformat(RETURNS[who.turn % 4][who.turn // 4 % 2])
        path, last = later.choice(("maths", "maths", "maths", "drawing", "gone")), _months_later(start, 24)
        kinds = ("graduated", "graduated", "no diploma", "abandoned", "abandoned", "no end", "in_progress")
        self._enrol_once(who, path, start, later.choice(kinds), self._end(start, last))
        if later.random() < 0.3:
            again = start + timedelta(days=later.choice((30, 200, 500, 700, 730, 731, 800)))
            kind = later.choice(("graduated", "abandoned", "in_progress"))
            self._enrol_once(who, path, again, kind, self._end(again, last))

    def _end(self, start: date, last: date) -> date:
        if self.later.random() < 0.4:
            return max(start, last + timedelta(days=self.later.choice((-1, 0, 1))))
        return start + timedelta(days=self.later.randrange(1, 800))

    def _enrol_once(self, who: Person, path: str, start: date, kind: str, end: date) -> None:
        row: dict[str, Any] = {"learner_id": who.learner_id, "path_id": path, "started_on": str(start)}
        is_silent = kind == "in_progress" and who.number % 3 == 0  # nobody says an outcome
        self.first["enrolments"].append(row | ({} if is_silent else {"outcome": "in_progress"}))
        if end >= AS_OF:
            return
        if kind in ("graduated", "no diploma"):
            # Some diplomas have no day, and some of those an end of the enrolment.
            dated = kind == "graduated" or who.number % 4 not in (1, 3)
            day = (
                {"graduated_on": str(end)} if dated else {"ended_on": str(end)} if who.number % 4 == 1 else {}
            )
            row |= {"outcome": "graduated"} | day | self._route()
            self._add("enrolments", row | ({"diploma_id": f"dip-{path}"} if kind == "graduated" else {}))
        elif kind == "abandoned":
            self._add("enrolments", row | {"outcome": "abandoned", "ended_on": str(end)})
        elif kind == "no end":
            self._add("enrolments", row | {"outcome": "abandoned"})

    def _look_in(self, who: Person, first: date) -> None:
        """Some come to the site before they take any course, or to a course that no catalogue knows."""
        if who.case in ("never_used_it", "left_long_ago", "leaves_these_days", "came_back"):
            return
        for kind, item, verb in (("site", "app", "logged-in"), ("course", "unlisted", "experienced")):
            if self.later.random() < 0.15:
                day = first - timedelta(days=self.later.choice((1, 20, 45, 100, 400)))
                self._say(who, verb, kind, item, self._moment(day))

    def _ask_for_salary(self, who: Person, diploma: str, on: date, months: int) -> None:
        first, last = {6: (4, 9), 24: (21, 30)}[months]
        days = (
            *(_months_later(on, first) + timedelta(days=d) for d in (-1, 0)),
            *(_months_later(on, last) + timedelta(days=d) for d in (0, 1)),
            *(_months_later(on, first) + timedelta(days=40 * d) for d in (1, 2, 3)),
        )
        for number, day in enumerate(self.random.sample(days, self.random.choice((0, 1, 1, 1, 1, 2)))):
            if day >= AS_OF:
                continue
            by = {"learner_id": who.learner_id} if self.random.random() < 0.5 else {"email": who.email}
            second = timedelta(seconds=1)  # the first of the day in Paris, one in it, and the last
            at = self.random.choice((_paris(day), _paris(day) + 40_000 * second, _paris(day + DAY) - second))
            given = {"diploma_id": diploma, "answered_at": self._written(at), "graduated_on": str(on)}
            name = f"S{who.number}-{diploma}-{months}-{number}"
            self._add("salary", {"response_id": name} | by | given | self._situated(self._job()))

    def _situated(self, job: dict[str, Any]) -> dict[str, Any]:
        """An answer with a contract, and in half of all cases with the situation."""
        told = dict(job)
        if told["employed"]:
            told["contract_type"] = self.later.choice(CONTRACTS)
        if self.later.random() < 0.5:
            usual = "employed" if told["employed"] else "seeking"
            told["situation"] = self.later.choice((*[usual] * 5, "studying", "unable", "other"))
            if self.later.random() < 0.4:
                del told["employed"]
        return {name: value for name, value in told.items() if value is not None}

    def _job(self) -> dict[str, Any]:
        employed = self.random.random() < 0.8
        if not employed:
            return {"employed": False}
        job = {
            "employed": True,
            "job_in_field": self.random.choice((True, True, False)),
            "job_title": self.random.choice(TITLES),
            "working_time": self.random.choice(("full_time", "full_time", "part_time_80", "part_time")),
        }
        euros = 24_000 + 100 * self.random.randrange(300)
        return (
            job
            | self.random.choice(
                (
                    {"salary_amount": euros, "salary_period": "year", "salary_basis": "gross"},
                    {"salary_amount": euros // 12, "salary_period": "month", "salary_basis": "gross"},
                    {
                        "salary_amount": round(euros / 12 / 1.28),
                        "salary_period": "month",
                        "salary_basis": "net",
                    },
                    {"salary_amount": 17, "salary_period": "hour", "salary_basis": "gross"},
                    {"salary_amount": 900, "salary_period": "year", "salary_basis": "gross"},
                )
            )
            | {"salary_currency": "EUR"}
        )


def _result(success: bool | None = None, score: float | None = None, progress: int | None = None) -> dict:
    told: dict[str, Any] = {}
    if success is not None:
        told["success"] = success
    if score is not None:
        told["score"] = {"scaled": score}
    if progress is not None:
        told["extensions"] = {PROGRESS: progress}
    return told


def _catalogue() -> Iterator[dict[str, Any]]:
    for path in (*sorted(set(COURSES.values())), "maths", "drawing"):
        yield {"path_id": path}
    for course, path in COURSES.items():
        aliases = SQL_ON_OPEN_EDX if course == "sql" else None
        yield {"path_id": path, "course_id": course, "course_aliases": aliases}
    for chapter, course in CHAPTERS.items():
        yield {"course_id": course, "chapter_id": chapter}
    for exercise, (course, chapter) in EXERCISES.items():
        yield {"course_id": course, "chapter_id": chapter, "exercise_id": exercise}
    for project, (path, course) in PROJECTS.items():
        yield {"path_id": path, "course_id": course, "project_id": project}


def _paris(day: date) -> datetime:
    """The first second of a day in Paris, in UTC."""
    return datetime.combine(day, time(), PARIS).astimezone(UTC)


def _months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last one of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    first = date(day.year + years, month + 1, 1)
    last = ((first + timedelta(days=32)).replace(day=1) - timedelta(days=1)).day
    return first.replace(day=min(day.day, last))

"""The statement files of the fictional school: who acts under which identity, which file holds which
months.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymart.demo.cast import Cast
from anonymart.demo.contacts import confessions
from anonymart.demo.files import write_bytes
from anonymart.demo.journey import UNKNOWN_VERB_NUMBER, VERB, Events, Journey
from anonymart.demo.people import People
from anonymart.demo.render import AUTHORITY, STAFF, Renderer, content, uuids
from anonymart.demo.truth import Truth
from anonymart.demo.vocabulary import HOME_PAGE, XAPI
from anonymart.demo.world import World

KINDS = ("account", "mbox", "mbox_sha1", "openid", "mbox_spelled")
N_ODD = 60


class Statements:
    """Writes the events of a journey as xAPI statements, decoys included."""

    def __init__(
        self,
        world: World,
        people: People,
        journey: Journey,
        cast: Cast,
        has_own_name: list[bool],
        truth: Truth,
        rng: np.random.Generator,
    ) -> None:
        self.people, self.truth, self.rng, self.has_own_name = people, truth, rng, has_own_name
        self.renderer = Renderer(world)
        self.events = _with_strangers(journey.events, world, rng)
        n, events = len(people), self.events
        dice = rng.random(len(events))
        kind = np.searchsorted([0.58, 0.84, 0.95, 0.975], dice)
        self.kind = np.where(cast.many_identities[events.person], kind, 0)
        self.is_named = rng.random(len(events)) < 0.12
        self.tells = np.where(
            (events.verb == VERB["answered"]) & (rng.random(len(events)) < 0.004),
            rng.integers(1, 1 << 30, len(events)),
            0,
        )
        self.heads = pa.array(
            ["{"] * n
            + [f'{{"name":{json.dumps(people.full_name(person), ensure_ascii=False)},' for person in range(n)]
        )
        self.tails = pa.array([self._tail(kind, person) for kind in KINDS for person in range(n)])
        self.sessions = pa.array([self._session(person) for person in range(n)])
        self._note_truth()

    def write(self, folder: Path) -> list[Path]:
        """Writes a file a quarter, and a file a month for the last year; gives the files."""
        written = []
        for number, (name, chosen) in enumerate(self._periods()):
            lines: bytes | memoryview = content(self.lines(chosen))
            suffix = (".ndjson", ".ndjson", ".ndjson.gz", ".ndjson", ".json")[number % 5]
            if suffix == ".json":
                lines = b"[" + bytes(lines)[:-1].replace(b"}\n{", b"},\n{") + b"]\n"
            path = folder / f"statements-{name}{suffix}"
            write_bytes(path, lines)
            written.append(path)
        return written

    def lines(self, chosen: np.ndarray) -> pa.StringArray:
        """The lines of the chosen events."""
        events = self.events.part(chosen)
        person, n = events.person.astype(np.int64), len(self.people)
        actors = pc.binary_join_element_wise(
            self.heads.take(pa.array(self.is_named[chosen] * n + person)),
            self.tails.take(pa.array(self.kind[chosen] * n + person)),
            "",
        )
        responses = pa.array(
            [
                self._response(who, pick) if pick else ""
                for who, pick in zip(person.tolist(), self.tells[chosen].tolist(), strict=True)
            ]
        )
        return self.renderer.lines(
            events,
            uuids(len(events), self.rng),
            actors,
            self.rng,
            responses,
            self.sessions.take(pa.array(person)),
        )

    def odd_ones(self) -> np.ndarray:
        """Events kept out of the regular files, for the file of broken and odd lines."""
        step = max(1, len(self.events) // 2 // N_ODD)
        return np.arange(len(self.events) // 4, len(self.events) * 3 // 4, step)[:N_ODD]

    def _periods(self) -> Iterator[tuple[str, np.ndarray]]:
        month = self.events.second.astype("datetime64[s]").astype("datetime64[M]").astype(int)
        is_odd = np.zeros(len(month), dtype=bool)
        is_odd[self.odd_ones()] = True
        period = np.where(month > month.max() - 12, month, month // 3 * 3 - 10_000)
        for number in np.unique(period).tolist():
            first = np.datetime64(number if number > 0 else number + 10_000, "M")
            quarter = f"{str(first)[:4]}-q{int(str(first)[5:]) // 3 + 1}"
            yield str(first) if number > 0 else quarter, np.flatnonzero((period == number) & ~is_odd)

    def _note_truth(self) -> None:
        people, learners = self.people, self.people.learner_id
        used = np.unique(self.kind.astype(np.int64) * len(people) + self.events.person)
        for kind, person in zip((used // len(people)).tolist(), (used % len(people)).tolist(), strict=True):
            if kind:
                value = {
                    1: people.email[person],
                    2: people.mbox_sha1(person),
                    3: people.openid(person),
                    4: people.email[person].title(),
                }[kind]
                self.truth.plant(learners[person], "email" if kind in (1, 4) else KINDS[kind], value)
                self.truth.case("many_identities", learners[person], KINDS[kind])
        for person in np.unique(self.events.person[self.is_named]).tolist():
            if self.has_own_name[person]:
                self.truth.plant(learners[person], "full_name", people.full_name(person))
        for person in np.unique(self.events.person).tolist():
            if person % 8 == 0:
                self.truth.plant(learners[person], "session", _session_of(person))
        for place in np.flatnonzero(self.tells).tolist():
            self._response(int(self.events.person[place]), int(self.tells[place]))
        for number, (name, email) in enumerate(STAFF, 1):
            self.truth.plant(f"STAFF{number:04d}", "full_name", name)
            self.truth.plant(f"STAFF{number:04d}", "email", email)
        self.truth.plant("STAFF0000", "email", AUTHORITY.split("mailto:")[1].split('"')[0])

    def _response(self, person: int, pick: int) -> str:
        told = confessions(self.people, person)
        kind, value, sentence = told[pick % len(told)]
        if kind != "full_name" or self.has_own_name[person]:
            self.truth.plant(self.people.learner_id[person], kind, value)
        return f',"response":{json.dumps(sentence, ensure_ascii=False)}'

    def _session(self, person: int) -> str:
        return "" if person % 8 else f',"extensions":{{"{XAPI}/extensions/session":"{_session_of(person)}"}}'

    def _tail(self, kind: str, person: int) -> str:
        people = self.people
        match kind:
            case "account":
                return f'"account":{{"homePage":"{HOME_PAGE}","name":"{people.account[person]}"}}}}'
            case "mbox":
                return f'"mbox":"mailto:{people.email[person]}"}}'
            case "mbox_spelled":
                return f'"mbox":"mailto:{people.email[person].title()}"}}'
            case "mbox_sha1":
                return f'"mbox_sha1sum":"{people.mbox_sha1(person)}"}}'
        return f'"openid":"{people.openid(person)}"}}'


def _session_of(person: int) -> str:
    return f"ses-{person:06d}-{(person * 2654435761) % (1 << 32):08x}"


def _with_strangers(events: Events, world: World, rng: np.random.Generator) -> Events:
    """Some logins become a verb that nobody knows, some an attempt at a course that is in no catalogue."""
    dice = np.where(events.verb == VERB["logged-in"], rng.random(len(events)), 1.0)
    is_verb, is_object = dice < 0.01, (dice >= 0.01) & (dice < 0.02)
    events.verb = np.where(
        is_verb, UNKNOWN_VERB_NUMBER, np.where(is_object, VERB["attempted"], events.verb)
    ).astype(np.int8)
    events.item = np.where(is_object, world.retired_course, events.item).astype(np.int16)
    return events

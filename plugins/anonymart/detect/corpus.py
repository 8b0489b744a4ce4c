"""A labelled corpus of made-up survey comments, French and English, on which the detector is measured
(D-IDENT, D-SPECIAL).

People are fictional, every number is made here with its own check digits, and a seed gives the same corpus
everywhere.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from anonymart.detect.corpus_later import (
    LATER_DEVELOPMENT,
    LATER_HELD_OUT,
    LATER_NEAR_MISSES,
    LATER_PLANTED,
    TITLES,
    initialed,
)
from anonymart.detect.corpus_sentences import DEVELOPMENT, HELD_OUT
from anonymart.detect.corpus_values import NEAR_MISSES, PLANTED, fold, town_or_shop
from anonymart.detect.spans import Span

PARTS = {
    "development": DEVELOPMENT,
    "held_out": HELD_OUT,
    "later_development": LATER_DEVELOPMENT,
    "later_held_out": LATER_HELD_OUT,
}
# Names of people whom no list of the detector was made from, besides frequent French ones.
_LOCALES_UNSEEN = ("fr_CH", "fr_BE", "en_GB", "es_ES", "it_IT", "pt_PT", "nl_NL", "pl_PL", "tr_TR")
_FILLERS = (
    "Je recommande.",
    "Très bien.",
    "The projects are hard but fair.",
    "Contenu à jour.",
    "Le rythme est intenable.",
    "Good value.",
    "Rien à redire",
    "Trop cher !",
    "La plateforme rame.",
    "I liked it.",
    "Dommage.",
    "Support injoignable pendant trois semaines.",
)


@dataclass(frozen=True)
class Person:
    """A fictional person whom the vault knows."""

    learner_id: str
    given_name: str
    family_name: str
    email: str
    account_name: str


@dataclass(frozen=True)
class Comment:
    """A text and what was planted in it, in code points."""

    id: str
    text: str
    spans: tuple[Span, ...]


def people(n: int, seed: int = 1) -> list[Person]:
    """n fictional people with names of several countries, accents, hyphens and particles."""
    rng = random.Random(seed)
    givens, families = _names(("fr_FR", "fr_CH", "en_GB", "es_ES", "pl_PL"))
    found = []
    for number in range(n):
        given, family = rng.choice(givens), rng.choice(families)
        if rng.random() < 0.08:
            given = f"{given}-{rng.choice(givens)}"
        if rng.random() < 0.06:
            family = f"{rng.choice(('De', 'Le', 'El', 'Van'))} {family}"
        account = f"{fold(given)}{fold(family)}{number}"
        found.append(
            Person(
                f"learner-{number:06d}",
                given,
                family,
                f"{fold(given)}.{fold(family)}{number}@mail.example",
                account,
            )
        )
    return found


def comments(
    part: str, n: int, known: list[Person], seed: int = 7, planted_share: float = 0.7
) -> list[Comment]:
    """n comments of a part of `PARTS`; in `planted_share` of them one or two identifiers are planted."""
    sentences = PARTS[part]
    rng = random.Random(f"{seed} {part}")
    kinds = [kind for kind in sentences if kind != "nothing"]
    often = [kind for kind in ("name", "name", "known_name") if kind in sentences]
    made = []
    for number in range(n):
        chosen = ["nothing"] * rng.choice((1, 1, 2))
        if rng.random() < planted_share:
            # Every kind comes equally often; names come in many ways and so more often.
            chosen = [rng.choice(kinds + often)] + (["nothing"] if rng.random() < 0.4 else [])
        writer = _Writer(rng, known, part)
        for kind in rng.sample(chosen, len(chosen)):
            writer.write(rng.choice(sentences[kind]))
        if rng.random() < 0.5:
            writer.write(rng.choice(_FILLERS))
        made.append(Comment(f"{part}-{number}", writer.text, tuple(writer.spans)))
    return made


class _Writer:
    """Writes sentences one behind the other and notes where what was planted stands."""

    def __init__(self, rng: random.Random, known: list[Person], part: str) -> None:
        self.rng, self.known, self.part = rng, known, part
        self.text = ""
        self.spans: list[Span] = []

    def write(self, sentence: str) -> None:
        if self.text:
            self.text += self.rng.choice((" ", " ", "\n"))
        begun: int | None = None
        for number, piece in enumerate(sentence.replace("}", "{").split("{")):
            if number % 2 == 0:
                begun = begun if piece == " " else None
                self.text += piece
                continue
            value, kind = self._value(piece)
            start = len(self.text)
            self.text += value
            if kind == "name" and begun is not None:
                self.spans[-1] = Span(begun, len(self.text), "name")
            elif kind:
                begun = start if kind == "name" else None
                self.spans.append(Span(start, len(self.text), kind))

    def _value(self, place: str) -> tuple[str, str | None]:
        rng = self.rng
        if place in ("given", "given_small", "family"):
            names = _unknown_names()[place == "family"]
            name = rng.choice(names)
            return (name.lower() if place == "given_small" else name), "name"
        if place in ("title", "etitle"):
            return rng.choice(
                ("M.", "Mme", "Mlle", "Monsieur", "Madame", "Mr")
                if place == "title"
                else ("Mr", "Mrs", "Ms.", "Dr", "Miss")
            ), None
        if place == "initialed":
            givens, families = _unknown_names()
            return initialed(rng, self.part, rng.choice(givens), rng.choice(families)), "name"
        if place == "titles":
            return rng.choice(TITLES[self.part]), None
        if place in LATER_PLANTED:
            kind, made = LATER_PLANTED[place]
            return made(rng, self.part), kind
        if place in LATER_NEAR_MISSES:
            return LATER_NEAR_MISSES[place](rng), None
        if place.startswith("known_"):
            return _known(place, rng, rng.choice(self.known)), place
        if place in ("town", "shop"):
            return town_or_shop(place, rng), None
        if place.startswith("not_"):
            return NEAR_MISSES[place](rng), None
        return PLANTED[place](rng, self.part), place


def _known(kind: str, rng: random.Random, person: Person) -> str:
    if kind == "known_name":
        return _spelled_name(rng, person)
    if kind == "known_hash":
        value = rng.choice((person.email, person.learner_id, person.account_name, person.email.upper()))
        digest: Callable = rng.choice((hashlib.md5, hashlib.sha1, hashlib.sha256))
        digits = digest(value.encode()).hexdigest()
        return digits.upper() if rng.random() < 0.2 else digits
    value = {
        "known_email": person.email,
        "known_account": person.account_name,
        "known_learner_id": person.learner_id,
    }[kind]
    return value.upper() if rng.random() < 0.2 else value


def _spelled_name(rng: random.Random, person: Person) -> str:
    given, family = person.given_name, person.family_name
    initials = "-".join(f"{part[0]}." for part in given.split("-"))
    written = rng.choice(
        (
            f"{given} {family}",
            f"{given} {family}",
            f"{given} {family.upper()}",
            f"{family} {given}",
            f"{family.upper()} {given}",
            f"{family}, {given}",
            f"{initials} {family}",
            f"{given[0]} {family}",
            f"{family} {given[0]}.",
            f"{given.lower()} {family.lower()}",
            f"{given.replace('-', ' ')} {family.replace(' ', '-')}",
            f"{given} {family}".upper(),
        )
    )
    return fold(written, keep="-., ", lower=False) if rng.random() < 0.3 else written


@cache
def _unknown_names() -> tuple[list[str], list[str]]:
    return _names(("fr_FR", *_LOCALES_UNSEEN))


@cache
def _names(locales: tuple[str, ...]) -> tuple[list[str], list[str]]:
    from anonymart.demo.people import name_pool

    pools = [name_pool(name) for name in locales]
    # Half of the given names are French ones, as in a French school.
    givens = [name for pool in pools for name in pool[0] if len(name) > 2]
    french = [name for name in pools[0][0] if len(name) > 2] if locales[0] == "fr_FR" else []
    families = [name for pool in pools for name in pool[1] if len(name) > 2]
    return givens + french * max(len(givens) // max(len(french), 1) - 1, 0), families

"""Fictional people: names from Faker's lists, and identifiers that are each unique to one person."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise

import numpy as np

_LOCALES = {"fr_FR": 0.55, "en_GB": 0.2, "es_ES": 0.15, "de_DE": 0.1}
_DOMAINS = [
    "post.example",
    "mel.example",
    "courrier.example",
    "inbox.example",
    "correo.example",
    "brief.example",
]


@dataclass
class People:
    """Parallel lists and arrays over all people: texts, days since 1970 (birth, -1 when unknown)."""

    learner_id: list[str]
    given: list[str]
    family: list[str]
    email: list[str]
    account: list[str]
    second_email: list[str]
    birth_day: np.ndarray

    def __len__(self) -> int:
        return len(self.learner_id)

    def full_name(self, person: int) -> str:
        """Given and family name as people write them."""
        return f"{self.given[person]} {self.family[person]}"

    def mbox_sha1(self, person: int) -> str:
        """The xAPI mbox_sha1sum: SHA-1 of the mailto IRI of the registered e-mail."""
        return hashlib.sha1(f"mailto:{self.email[person]}".encode()).hexdigest()

    def openid(self, person: int) -> str:
        """An OpenID that names the account."""
        return f"https://openid.anonymart.example/u/{self.account[person]}"


def make_people(n: int, rng: np.random.Generator, first_number: int = 1) -> People:
    """Gives n people; e-mails, account names and ids are unique, and none ends with another one."""
    givens, families = _draw_names(n, rng)
    numbers = rng.permutation(100_000)[:n] if n <= 100_000 else rng.permutation(10 * n)[:n]
    width = len(str(max(99_999, 10 * n if n > 100_000 else 0)))
    domains = rng.integers(0, len(_DOMAINS), n)
    locals_ = [f"{fold(given)}.{fold(family)}" for given, family in zip(givens, families, strict=True)]
    emails = _unique_emails(locals_, numbers, width, domains, with_number=rng.random(n) < 0.55)
    capital = rng.random(n) < 0.04
    emails = [
        email.title().replace(".Example", ".example") if up else email
        for email, up in zip(emails, capital, strict=True)
    ]
    accounts = [
        f"{fold(given)[0]}{fold(family)[:9]}{number:0{width}d}"
        for given, family, number in zip(givens, families, numbers.tolist(), strict=True)
    ]
    seconds = [
        f"{fold(family)}.{fold(given)[:3]}{number:0{width}d}@perso.example"
        for given, family, number in zip(givens, families, numbers.tolist(), strict=True)
    ]
    age = 18 + rng.gamma(2.2, 6.0, n)
    born = np.where(rng.random(n) < 0.3, np.round(-age * 365.25), 0).astype(np.int64)
    return People(
        [f"L{number:08d}" for number in range(first_number, first_number + n)],
        givens, families, emails, accounts, seconds, born,
    )  # fmt: skip


def fold(name: str) -> str:
    """Small ASCII letters of a name, as account systems keep them."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z]", "", plain)


def dotted(email: str) -> str:
    """The same address with its dots moved, as some mail hosts take for the same box."""
    local, domain = email.split("@")
    bare = local.replace(".", "")
    return f"{bare[:3]}.{bare[3:6]}.{bare[6:]}@{domain}"


def distinctive(names: list[str]) -> list[bool]:
    """True for each name that belongs to one person only and neither begins nor ends another one."""
    folded = [name.casefold() for name in names]
    is_fine = [len(name) >= 7 for name in folded]
    for turn in (lambda text: text, lambda text: text[::-1]):
        order = sorted(range(len(folded)), key=lambda i: turn(folded[i]))
        for here, following in pairwise(order):
            if turn(folded[following]).startswith(turn(folded[here])):
                is_fine[here] = False
                if folded[following] == folded[here]:
                    is_fine[following] = False
    return is_fine


def _draw_names(n: int, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    locale = rng.choice(len(_LOCALES), n, p=list(_LOCALES.values()))
    picks = rng.random((3, n))
    is_double = rng.random(n) < 0.3
    givens, families = [""] * n, [""] * n
    for number, name in enumerate(_LOCALES):
        given, family = name_pool(name)
        for person in np.flatnonzero(locale == number).tolist():
            givens[person] = given[int(picks[0, person] * len(given))]
            families[person] = family[int(picks[1, person] * len(family))]
            if is_double[person]:
                families[person] += "-" + family[int(picks[2, person] * len(family))]
    return givens, families


def name_pool(locale: str) -> tuple[list[str], list[str]]:
    """Given and family names that Faker knows for a locale, sorted."""
    provider = import_module(f"faker.providers.person.{locale}").Provider
    fine = re.compile(r"[^\W\d_][^\W\d_'-]{2,}")
    return tuple(
        sorted({name for name in names if fine.fullmatch(name)})
        for names in (provider.first_names, provider.last_names)
    )  # type: ignore[return-value]


def _unique_emails(
    locals_: list[str], numbers: np.ndarray, width: int, domains: np.ndarray, with_number: np.ndarray
) -> list[str]:
    """A plain address is kept only while no other address ends with it, else its number makes it unique."""
    plain = [f"{local}@{_DOMAINS[domain]}" for local, domain in zip(locals_, domains.tolist(), strict=True)]
    numbered = [
        f"{local}{number:0{width}d}@{_DOMAINS[domain]}"
        for local, number, domain in zip(locals_, numbers.tolist(), domains.tolist(), strict=True)
    ]
    emails = [numbered[i] if with_number[i] else plain[i] for i in range(len(plain))]
    clash = distinctive(emails)
    return [email if fine else numbered[i] for i, (email, fine) in enumerate(zip(emails, clash, strict=True))]

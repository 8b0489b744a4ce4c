"""What words say of an amount: its currency, period and basis, in an answer, in the cell of a column and in a
question (D-OUTCOME).
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from anonymart import lists
from anonymart.surveys.mapping import shared

PARTS = ("currencies", "periods", "bases")
_THOUSANDS_OF = re.compile(r"(?<![a-z0-9])k ?(?=[€£$]|(?:euros?|eur|usd|gbp|chf|cad)(?![a-z]))")
# "Un an après le diplôme" tells when somebody is asked, not what a period of pay is.
_MOMENTS = re.compile(
    r"(?:\b|(?<=\d))(?:a|an|one|un|une|\d+)? ?(?:year|month|week|an|annee|mois|semaine)s? "
    r"(?:after|ago|later|since|apres|plus tard|following)\b"
)


@dataclass
class Said:
    """What was found, each part as a set: more than one word for a part is a contradiction, or a choice that
    is offered.
    """

    currencies: set[str] = field(default_factory=set)
    signs: set[str] = field(default_factory=set)
    periods: set[str] = field(default_factory=set)
    bases: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Unit:
    """What holds for the answers of one column; None is not said. `sign` is one that several currencies
    share.
    """

    currency: str | None = None
    period: str | None = None
    basis: str | None = None
    sign: str | None = None
    is_thousands: bool = False


@cache
def rules() -> dict[str, Any]:
    """salaries.yml, with the school's own over it; read once for a process."""
    return shared("salaries.yml")


@cache
def rates() -> dict[str, float]:
    """Units of a currency for one euro, of the last year of the seed: enough to tell what an amount can
    be.
    """
    with lists.path("exchange_rates").open(encoding="utf-8", newline="") as file:
        rows = sorted(
            (row["currency"], int(row["year"]), float(row["per_eur"])) for row in csv.DictReader(file)
        )
    return {"EUR": 1.0, **{currency: per_eur for currency, _, per_eur in rows}}


def folded(text: str) -> str:
    """Small letters without accents, one blank at a time, none around a slash."""
    text = re.sub(r"[.,][-–—]+\s*$", "", text)  # 85'000.-, as the Swiss write
    apart = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    text = (
        "".join(sign for sign in apart if not unicodedata.combining(sign)).replace("−", "-").replace("×", "x")
    )
    return re.sub(r" ?/ ?", "/", " ".join(text.split()))


def take(text: str, said: Said) -> str:
    """Note what the words of a folded text say, and give what of it no list knows."""
    expression, known = _expression()

    def note(found: re.Match[str]) -> str:
        part, value = known[found[0]]
        if part:
            getattr(said, part).add(value)
        return " "

    return re.sub(r"[#\s:,;()\[\]/–—.!-]", "", expression.sub(note, text))


def without_currencies(text: str) -> str:
    """The folded text without words and signs of currencies."""
    return _currency_expression().sub("", text)


def agree(said: Said) -> bool:
    """Whether currencies and signs can all be one."""
    listed = rules()["signs"]
    if len(said.currencies) > 1 or len(said.signs) > 1 or len(said.periods) > 1 or len(said.bases) > 1:
        return False
    return all(currency in listed[sign]["of"] for currency in said.currencies for sign in said.signs)


@cache
def country_currency(country: str | None) -> str | None:
    """The currency of a country where it decides between those that share a sign."""
    name = folded(country).strip(" .") if country else ""
    return next(
        (currency for currency, names in rules()["countries"].items() if name in map(str, names)), None
    )


@cache
def cell(text: str) -> Unit:
    """What the cell of a column for currency, period or basis says, in the words that answers use."""
    said, plain_text = Said(), folded(text).strip()
    if plain_text in rules()["periods"]:
        return Unit(period=plain_text)
    take(plain_text, said)
    if not agree(said):
        return Unit()
    return Unit(_only(said.currencies), _only(said.periods), _only(said.bases), _only(said.signs))


@cache
def asked(*questions: str) -> Unit:
    """What the words of a question say of its answers; a part for which it offers a choice is not said."""
    text = _MOMENTS.sub(
        " ", " ".join(re.sub(r"(?<=[a-z])[_.](?=[a-z])", " ", folded(question)) for question in questions)
    )
    is_thousands = bool(_THOUSANDS_OF.search(text))
    text = _THOUSANDS_OF.sub("", text)
    found, expression = Said(), _question_expression()
    for match in expression[0].finditer(text):
        part, value = expression[1][match[0]]
        if part == "thousands":
            is_thousands = True
        else:
            getattr(found, part).add(value)
    compatible = {sign for sign in found.signs if not found.currencies & set(rules()["signs"][sign]["of"])}
    if found.currencies and compatible:
        found.currencies, compatible = set(), set()
    return Unit(
        _only(found.currencies), _only(found.periods), _only(found.bases), _only(compatible), is_thousands
    )


def _only(found: set[str]) -> str | None:
    return next(iter(found)) if len(found) == 1 else None


def _words() -> Iterator[tuple[str, str, str | None]]:
    listed = rules()
    for part in PARTS:
        for value, words in listed[part].items():
            yield from ((str(word), part, value) for word in words)
    for sign, entry in listed["signs"].items():
        yield from ((str(word), "signs", sign) for word in entry["words"])
    yield from ((str(word), "", None) for word in listed["fillers"])


@cache
def _expression() -> tuple[re.Pattern[str], dict[str, tuple[str, str | None]]]:
    """All words as one pattern, the longest first, so that `net avant impot` is not `net` and a rest."""
    return _pattern({word: (part, value) for word, part, value in reversed(list(_words()))})


@cache
def _currency_expression() -> re.Pattern[str]:
    return _pattern(
        {word: (part, value) for word, part, value in _words() if part in ("currencies", "signs")}
    )[0]


@cache
def _question_expression() -> tuple[re.Pattern[str], dict[str, tuple[str, str | None]]]:
    listed = rules()["asked"]
    left_out = set(map(str, listed["not_currencies"]))
    known = {
        word: (part, value)
        for word, part, value in _words()
        if part in ("currencies", "signs") and word not in left_out
    }
    for part in ("periods", "bases"):
        known |= {str(word): (part, value) for value, words in listed[part].items() for word in words}
    return _pattern(known | {str(word): ("thousands", None) for word in listed["thousands"]})


def _pattern(
    known: dict[str, tuple[str, str | None]],
) -> tuple[re.Pattern[str], dict[str, tuple[str, str | None]]]:
    return re.compile("|".join(map(_bounded, sorted(known, key=len, reverse=True)))), known


def _bounded(word: str) -> str:
    return (
        ("(?<![a-z])" if word[0].isalpha() else "")
        + re.escape(word)
        + ("(?![a-z])" if word[-1].isalpha() else "")
    )

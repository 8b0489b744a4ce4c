"""Salaries as people type them: to amount, currency, period and basis, or set aside as unclear (D-OUTCOME).

Nothing is guessed across an order of magnitude: what is in no list of salaries.yml, two amounts that are no narrow range, an amount
that could be of two periods, or one that contradicts what is said about it, is unclear.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

from anonymart.surveys.mapping import FREE_SALARY, Mapping, shared

UNCLEAR = "salary unclear: its amount is set aside, the rest of the answer loads"
_NUMBER = re.compile(r"(?<![\w.,])(\d(?:[\d '.,]*\d)?)\s?(k)?(?![\d])")
_EXPONENT = re.compile(r"(?<![\w.,])\d+(?:\.\d+)?e\d{1,2}\b")
_MANY_DECIMALS = re.compile(r"\d+[.,]\d{4,}")
_MONTHS = re.compile(r"\b(?:sur|over|x|\*) ?(1[2-6]) ?(?:mois|months)?\b")
_GROUPS = re.compile(r"\d{1,3}(?:([ '.,])\d{3})(?:\1\d{3})*")
_BETWEEN = re.compile(r"[ ]*(?:-|–|—|a|et|and|to)[ ]*")


@dataclass(frozen=True)
class Salary:
    """`reading` is salary, daily, unclear or none; what was not said and cannot be known is None."""

    reading: str
    amount: float | None = None
    currency: str | None = None
    period: str | None = None
    basis: str | None = None


_NOTHING, _UNCLEAR = Salary("none"), Salary("unclear")


def read(text: str) -> Salary:
    """What somebody typed, read without any default."""
    rules, text = shared_rules(), _folded(text)
    if text in rules["none"] or not text:
        return _NOTHING
    if re.match(r"[-−] ?\d", text):
        return _UNCLEAR
    # As programs write numbers that people typed: 13e4.
    text = _EXPONENT.sub(lambda found: f"{float(found[0]):.2f}", text)
    text = _without_extras(text, rules["extras"])
    months = _MONTHS.search(text)
    if months:
        text = text[: months.start()] + " mois " + text[months.end() :]
    numbers = list(_NUMBER.finditer(text))
    if not 1 <= len(numbers) <= 2:
        return _UNCLEAR
    said = {part: set() for part in ("currencies", "periods", "bases")}
    rest = _take_words(_NUMBER.sub(" # ", text), said)
    if rest or any(len(found) > 1 for found in said.values()):
        return _UNCLEAR
    if len(numbers) == 2 and not _BETWEEN.fullmatch(_take_words_only(text[numbers[0].end() : numbers[1].start()], rules)):
        return _UNCLEAR
    currency, period, basis = (next(iter(found), None) for found in said.values())
    amount = _amount(numbers, rules["largest_spread"])
    if amount is None:
        return _UNCLEAR
    period = period or _likely_period(amount, currency, rules["likely"])
    if period is None or not _is_possible(amount, currency, period, rules):
        return _UNCLEAR
    if months and period == "month":
        amount, period = amount * int(months[1]), "year"
    return Salary("daily" if period == "day" else "salary", amount, currency, period, basis)


def join(connection: duckdb.DuckDBPyConnection, table: str, values: dict[str, str], mapping: Mapping) -> str:
    """Read the distinct texts of the free salaries once, put their readings into `values`, and give the join that they need.

    What a column of its own says about currency, period or basis holds where the text says nothing; where both speak and
    differ, the amount is unclear.
    """
    connection.execute("CREATE OR REPLACE TEMP TABLE survey_salaries (text VARCHAR, reading VARCHAR, amount DOUBLE, currency VARCHAR, period VARCHAR, basis VARCHAR)")
    defaults = {"salary_currency": mapping.currency, "salary_period": mapping.period, "salary_basis": mapping.basis}
    text = values.pop(FREE_SALARY, None)
    if text is None:
        values |= {name: f"coalesce({values.get(name, 'NULL')}, '{word}')" for name, word in defaults.items() if word}
        return ""
    texts = [row[0] for row in connection.execute(f"SELECT DISTINCT {text} FROM {table} WHERE {text} IS NOT NULL").fetchall()]
    found = [read(one) for one in texts]
    columns = {"text": pa.array(texts, pa.string())}
    columns |= {name: pa.array([getattr(one, name) for one in found], kind) for name, kind in (
        ("reading", pa.string()), ("amount", pa.float64()), ("currency", pa.string()), ("period", pa.string()), ("basis", pa.string()))}
    connection.register("survey_batch", pa.table(columns))
    connection.execute("INSERT INTO survey_salaries FROM survey_batch")
    connection.unregister("survey_batch")
    agrees = "free.reading = 'salary'"
    for name, word in defaults.items():
        own = values.get(name, "NULL")
        part = name.removeprefix("salary_")
        if name in values:
            agrees += f" AND coalesce({own} = free.{part}, true)"
        values[name] = f"coalesce({own}, free.{part}{f', {chr(39)}{word}{chr(39)}' if word else ''})"
    values["salary_amount"] = f"CASE WHEN {agrees} THEN free.amount::VARCHAR END"
    values["unclear_salary"] = f"free.reading IS DISTINCT FROM 'none' AND free.reading IS NOT NULL AND NOT ({agrees})"
    return f"LEFT JOIN survey_salaries AS free ON free.text = {text}"


def n_unclear(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    """Answers of the survey just read whose amount was set aside."""
    columns = {row[0] for row in connection.execute("DESCRIBE survey_rows").fetchall()}
    if source != "salary" or "unclear_salary" not in columns:
        return 0
    return connection.execute("SELECT count(*) FROM survey_rows WHERE unclear_salary").fetchone()[0]


@cache
def shared_rules() -> dict[str, Any]:
    return shared("salaries.yml")


def _folded(text: str) -> str:
    text = re.sub(r"[.,][-–—]+\s*$", "", text)  # 85'000.-, as the Swiss write
    apart = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    text = "".join(sign for sign in apart if not unicodedata.combining(sign))
    text = re.sub(r"(?<=\d)k(?=[€$£a-z])", "k ", re.sub(r"(?<=\d) ?k ?(?=€|e\b|eur)", "k ", text))
    return re.sub(r" ?/ ?", "/", " ".join(text.split())).strip(" .;!")


def _without_extras(text: str, extras: list[str]) -> str:
    """The text before "+ primes": what is added with an amount of its own stays, and makes the text unclear."""
    words = "|".join(map(re.escape, extras))
    return re.sub(rf"(?:\+|hors|plus|avec|et|and|with|excluding) ?(?:des? |les )?(?:{words})(?: (?:et|and) (?:{words}))*$", "", text).strip()


def _words(rules: dict[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    for part in ("currencies", "periods", "bases"):
        for value, words in rules[part].items():
            yield from ((str(word), part, value) for word in words)
    yield from ((str(word), "", None) for word in rules["fillers"])


@cache
def _expression() -> tuple[re.Pattern[str], dict[str, tuple[str, str | None]]]:
    """All words as one pattern, the longest first, so that `net avant impot` is not `net` and a rest."""
    known = {word: (part, value) for word, part, value in reversed(list(_words(shared_rules())))}
    longest = sorted(known, key=len, reverse=True)
    return re.compile("|".join(map(_bounded, longest))), known


def _bounded(word: str) -> str:
    return ("(?<![a-z])" if word[0].isalpha() else "") + re.escape(word) + ("(?![a-z])" if word[-1].isalpha() else "")


def _take_words(text: str, said: dict[str, set]) -> str:
    """Note what the words say, and give what of the text no list knows."""
    expression, known = _expression()

    def note(found: re.Match[str]) -> str:
        part, value = known[found[0]]
        if part:
            said[part].add(value)
        return " "

    return re.sub(r"[#\s:,;()/–—-]", "", expression.sub(note, text))


def _take_words_only(between: str, rules: dict[str, Any]) -> str:
    """What stands between two amounts, without their currency."""
    words = sorted((str(word) for listed in rules["currencies"].values() for word in listed), key=len, reverse=True)
    return re.sub("|".join(map(_bounded, words)), "", between)


def _amount(numbers: list[re.Match[str]], largest_spread: float) -> float | None:
    is_thousands = [bool(number[2]) for number in numbers]
    values = [_number(number[1], is_k) for number, is_k in zip(numbers, is_thousands, strict=True)]
    if any(value is None for value in values):
        return None
    if len(values) == 1:
        return values[0]
    low, high = values
    if is_thousands == [False, True] and low < 1000:
        low *= 1000
    return (low + high) / 2 if low and low <= high <= low * largest_spread else None


def _number(text: str, is_k: bool) -> float | None:
    """1.800,50 and 1,800.50 and 2 300; three digits after one mark are thousands, unless a k follows: then it cannot be told."""
    value = _plain_number(text)
    if value is None or not is_k:
        return value
    is_odd = _GROUPS.fullmatch(text) is not None or not 1 <= value < 1000
    return None if is_odd else value * 1000


def _plain_number(text: str) -> float | None:
    if text.isdigit():
        return float(text)
    if _MANY_DECIMALS.fullmatch(text):
        return float(text.replace(",", "."))
    decimal = re.fullmatch(r"(.*\d)([.,])(\d{1,2})", text)
    whole, digits = (decimal[1], decimal[3]) if decimal else (text, "0")
    if not whole.isdigit():
        groups = _GROUPS.fullmatch(whole)
        if not groups or (decimal and groups[1] == decimal[2]):
            return None
        whole = re.sub(r"\D", "", whole)
    return float(f"{whole}.{digits}")


def _likely_period(amount: float, currency: str | None, likely: dict[str, Any]) -> str | None:
    if currency and currency not in likely["currencies"]:
        return None
    return next((period for period in ("month", "year") if likely[period][0] <= amount <= likely[period][1]), None)


def _is_possible(amount: float, currency: str | None, period: str, rules: dict[str, Any]) -> bool:
    low, high = rules["possible"][period]
    if currency and currency not in rules["likely"]["currencies"]:
        high *= rules["possible"]["other_currencies"]
    return low <= amount <= high

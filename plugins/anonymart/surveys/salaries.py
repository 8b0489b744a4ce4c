"""Salaries as people type them: to amount, currency, period and basis, or set aside as unclear (D-OUTCOME).

The answer's own words come first, then the columns of its row, the YAML and the words of the question; the
size of the amount tells a period only where nothing else does. Nothing is guessed across an order of
magnitude: what is in no list of salaries.yml, two amounts that are no narrow range, an amount that could be
of two periods, or one that contradicts what is said about it, is unclear.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import duckdb
import pyarrow as pa

from anonymart.surveys.mapping import FREE_SALARY, Mapping
from anonymart.surveys.salary_words import (
    Said,
    Unit,
    agree,
    cell,
    country_currency,
    folded,
    rates,
    rules,
    take,
    without_currencies,
)

UNCLEAR = "unclear"
_NUMBER = re.compile(r"(?<![\w.,])(\d(?:[\d '.,]*\d)?)\s?(k(?![a-z])|mille|lakhs?|lacs?|millions?)?(?!\d)")
_EXPONENT = re.compile(r"(?<![\w.,])\d+(?:\.\d+)?e\d{1,2}\b")
_MANY_DECIMALS = re.compile(r"\d+[.,]\d{4,}")
_SPREAD = re.compile(
    r"(?:\b(?:sur|over|on|en|pour|for|paid) ?)?(?<![\d.,])(1[2-6]) "
    r"?(?:mois|months|mensualites)\b|\b(?:sur|over) ?(1[2-6])(?![\d.,]| ?[\dk€$£])"
)
_TIMES = re.compile(r"(?:(?<![a-z])x|\*) ?(1[2-6])(?![\d.,])(?: ?(?:mois|months))?")
_GROUPS = re.compile(r"\d{1,3}(?:([ '.,])\d{3})(?:\1\d{3})*")
_INDIAN = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}")
_BETWEEN = re.compile(r"[ ]*(?:-|–|—|a|et|and|to)[ ]*")


@dataclass(frozen=True)
class Salary:
    """`reading` is salary, daily, unclear or none; what was not said and cannot be known is None."""

    reading: str
    amount: float | None = None
    currency: str | None = None
    period: str | None = None
    basis: str | None = None


@dataclass(frozen=True)
class Amount:
    """One text taken apart: its value, what its words say, and how many months it is paid for.

    `is_bare` is a number without k; `is_product` says that the text multiplies ("x 13") rather than spreads
    ("sur 13 mois").
    """

    value: float
    said: Said
    is_bare: bool
    months: int | None = None
    is_product: bool = False


_NOTHING, _UNCLEAR, _NO_UNIT = Salary("none"), Salary(UNCLEAR), Unit()


def read(
    text: str, row: Unit = _NO_UNIT, declared: Iterable[Unit] = (), country: str | None = None
) -> Salary:
    """What somebody typed, under what the columns of the row say, and the YAML and the question (`declared`,
    in this order).
    """
    found = _taken_apart(text)
    if isinstance(found, Salary):
        return found
    declared = tuple(declared)
    is_known, currency = _currency(found, row, declared, country)
    period, basis = _one(found.said.periods), _one(found.said.bases)
    if not is_known or any(
        own and its and own != its for own, its in ((period, row.period), (basis, row.basis))
    ):
        return _UNCLEAR
    basis = basis or row.basis or next((unit.basis for unit in declared if unit.basis), None)
    value = found.value
    if found.is_bare and value < 1000 and not period and any(unit.is_thousands for unit in declared):
        value *= 1000
    stated = next((unit.period for unit in (row, *declared) if unit.period), None)
    if found.months and not period:
        return _paid_in_months(
            replace(found, value=value), Salary("salary", value, currency, None, basis), row, stated
        )
    is_own = bool(period)
    period = period or stated or _likely_period(value, currency)
    if period is None or not _is_possible(value, currency, period, is_own):
        return _UNCLEAR
    if found.months and period == "month":
        value, period = value * found.months, "year"
    return Salary("daily" if period == "day" else "salary", value, currency, period, basis)


def join(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    values: dict[str, str],
    mapping: Mapping,
    question: Unit,
) -> str:
    """Read each distinct free salary with what its row says once, put the readings into `values`, and give
    the join that they need.
    """
    text = values.pop(FREE_SALARY, None)
    if text is None and "salary_amount" not in values:
        return ""
    declared = (Unit(mapping.currency, mapping.period, mapping.basis), question)
    given = {
        "said_text": text,
        **{
            name: values.get(name) for name in ("salary_currency", "salary_period", "salary_basis", "country")
        },
    }
    chosen = ", ".join(f"({value or 'NULL'})::VARCHAR" for value in given.values())
    rows = connection.execute(f"SELECT DISTINCT {chosen} FROM {table}").fetchall()
    found = [_read_row(row, declared) for row in rows]
    names = (*given, "reading", "amount", "currency", "period", "basis")
    columns = list(
        zip(
            *(
                (*row, one.reading, one.amount, one.currency, one.period, one.basis)
                for row, one in zip(rows, found, strict=True)
            ),
            strict=True,
        )
    )
    columns = columns or [()] * len(names)
    kinds = {"amount": pa.float64()}
    connection.register(
        "survey_batch",
        pa.table(
            {
                name: pa.array(column, kinds.get(name, pa.string()))
                for name, column in zip(names, columns, strict=True)
            }
        ),
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE survey_salaries AS SELECT * FROM survey_batch")
    connection.unregister("survey_batch")
    if text is not None:
        values["salary_amount"] = (
            "CASE WHEN free.reading IN ('salary', 'daily') THEN free.amount::VARCHAR END"
        )
        values["salary_reading"] = "free.reading"
    elif question.is_thousands:
        number = f"try_cast({values['salary_amount']} AS DOUBLE)"
        values["salary_amount"] = (
            f"CASE WHEN {number} < 1000 THEN ({number} * 1000)::VARCHAR ELSE {values['salary_amount']} END"
        )
    values |= {"salary_currency": "free.currency", "salary_basis": "free.basis"}
    values["salary_period"] = f"CASE WHEN free.reading = '{UNCLEAR}' THEN '{UNCLEAR}' ELSE free.period END"
    same = " AND ".join(
        f"free.{name} IS NOT DISTINCT FROM ({value})::VARCHAR" for name, value in given.items() if value
    )
    return f"LEFT JOIN survey_salaries AS free ON {same or 'true'}"


def _read_row(row: tuple, declared: tuple[Unit, ...]) -> Salary:
    """The reading of a text with the cells of its row; without a text, what holds for the row's amount."""
    text, currency, period, basis, country = row
    cells = {
        "currency": cell(currency) if currency else _NO_UNIT,
        "period": cell(period) if period else _NO_UNIT,
        "basis": cell(basis) if basis else _NO_UNIT,
    }
    own = Unit(
        cells["currency"].currency, cells["period"].period, cells["basis"].basis, cells["currency"].sign
    )
    if currency and not own.currency and not own.sign:
        own = replace(
            own, currency=currency.strip().upper() if re.fullmatch(r"\s*[A-Za-z]{3}\s*", currency) else "?"
        )
    has_odd_cell = (period and not own.period) or (basis and not own.basis)
    if text is not None:
        found = read(text, own, declared, country)
        found = _UNCLEAR if has_odd_cell and found.reading != "none" else found
    else:
        _, known = _currency(Amount(0, Said(), True), own, declared, country)
        units = (own, *declared)
        found = Salary(
            "none",
            None,
            known,
            next((unit.period for unit in units if unit.period), None),
            next((unit.basis for unit in units if unit.basis), None),
        )
        found = replace(found, reading=UNCLEAR) if has_odd_cell else found
    return replace(found, currency=None) if found.currency == "?" else found


def _taken_apart(text: str) -> Amount | Salary:
    listed, text = rules(), folded(text).strip(" .;!")
    if text in listed["none"] or not text:
        return _NOTHING
    if re.match(r"- ?\d", text):
        return _UNCLEAR
    # As programs write numbers that people typed: 13e4.
    text = _EXPONENT.sub(lambda found: f"{float(found[0]):.2f}", text)
    text = re.sub(r"(?<=\d)k(?=[€$£a-qs-z])", "k ", re.sub(r"(?<=\d) ?k ?(?=€|e\b|eur)", "k ", text))
    text = re.sub(r"(?<=\d) ?l\.?p\.?a\b", " lakh pa", text)
    months = _TIMES.search(text) or _SPREAD.search(text)
    is_product = bool(months and months.re is _TIMES)
    if months:
        text = text[: months.start()] + " " + text[months.end() :]
    text = _without_extras(text.strip(), listed["extras"])
    numbers = list(_NUMBER.finditer(text))
    if not 1 <= len(numbers) <= 2:
        return _UNCLEAR
    said = Said()
    if take(_NUMBER.sub(" # ", text), said) or not agree(said):
        return _UNCLEAR
    if len(numbers) == 2 and not _BETWEEN.fullmatch(
        without_currencies(text[numbers[0].end() : numbers[1].start()])
    ):
        return _UNCLEAR
    value = _amount(numbers, listed["largest_spread"])
    if value is None:
        return _UNCLEAR
    in_lakhs = any(number[2] and number[2][0] == "l" for number in numbers)
    if in_lakhs:
        said.currencies = said.currencies or {"INR"}
        said.periods = said.periods or {"year"}
    n_months = int(next(filter(None, months.groups()))) if months else None
    return Amount(value, said, not any(number[2] for number in numbers), n_months, is_product)


def _currency(
    found: Amount, row: Unit, declared: tuple[Unit, ...], country: str | None
) -> tuple[bool, str | None]:
    """Whether text and row can mean one currency, and which; None is not said."""
    own, sign = _one(found.said.currencies), _one(found.said.signs) or row.sign
    if row.currency:
        return own in (None, row.currency) and (
            not found.said.signs or row.currency in _family(sign)
        ), row.currency
    if own:
        return not row.sign or own in _family(row.sign), own
    if sign:
        decided = _by_sign(sign, declared, country)
        return decided is not None, decided
    for number, unit in enumerate(declared):
        if unit.currency:
            return True, unit.currency
        if unit.sign:
            return True, _by_sign(unit.sign, declared[number + 1 :], country)
    return True, None


def _by_sign(sign: str, declared: tuple[Unit, ...], country: str | None) -> str | None:
    possible, of_country = _family(sign), country_currency(country)
    decided = next((unit.currency for unit in declared if unit.currency in possible), None)
    return decided or (of_country if of_country in possible else rules()["signs"][sign].get("else"))


def _family(sign: str | None) -> list[str]:
    return rules()["signs"][sign]["of"] if sign else []


def _one(found: set[str]) -> str | None:
    return next(iter(found), None)


def _paid_in_months(found: Amount, salary: Salary, row: Unit, stated: str | None) -> Salary:
    """ "15 000 sur 12 mois" is a year's amount, "1 800 sur 13 mois" a month's that is paid 13 times: the size
    tells which.

    Where the size tells nothing, what is asked or declared does; a column of the row that says otherwise
    makes it unclear.
    """
    likely = _likely_period(found.value, salary.currency)
    is_months = (
        found.is_product and _is_possible(found.value, salary.currency, "month", True) and likely != "year"
    )
    period = "month" if is_months else likely or stated
    if (
        period not in ("month", "year")
        or (found.is_product and period == "year")
        or (row.period and row.period != period)
    ):
        return _UNCLEAR
    return replace(
        salary, amount=found.value * (found.months or 1) if period == "month" else found.value, period="year"
    )


def _without_extras(text: str, extras: list[str]) -> str:
    """The text without "+ primes": what is added with an amount of its own stays, and makes the text
    unclear.
    """
    words = "|".join(sorted(map(re.escape, extras), key=len, reverse=True))
    before = (
        r"(?:\+|&|hors|plus|avec|et|and|with|without|sans|excluding|excl\.?|not "
        r"including|including|incluant|incl\.?|y compris)"
    )
    listed = rf"(?:{words})(?: ?(?:et|and|\+|&|,) ?(?:{words}))*(?![a-z])(?! ?(?:de |of |a )?[\d€$£])"
    text = re.sub(rf"\(?{before} ?(?:des? |les |the |my |mes )?{listed}\)?", " ", text)
    return re.sub(
        rf"\(?(?<![a-z\d])(?<!\d )(?<!k )(?<!€ )(?:{words}) "
        rf"(?:inclus|incluses?|comprise?s?|included|excluded|exclus|excluses?|non "
        rf"comprise?s?)(?![a-z])\)?",
        " ",
        text,
    ).strip()


def _amount(numbers: list[re.Match[str]], largest_spread: float) -> float | None:
    multiples = [number[2] for number in numbers]
    read = [_number(number[1], multiple) for number, multiple in zip(numbers, multiples, strict=True)]
    values = [value for value in read if value is not None]
    if len(values) < len(read):
        return None
    if len(values) == 1:
        return values[0]
    low, high = values
    if not multiples[0] and multiples[1] and low < 1000:
        low *= rules()["multiples"][multiples[1]]
    return (low + high) / 2 if low and low <= high <= low * largest_spread else None


def _number(text: str, multiple: str | None) -> float | None:
    """1.800,50 and 1,800.50 and 2 300; three digits after one mark are thousands, unless a k follows: then it
    cannot be told.
    """
    value = _plain_number(text)
    if value is None or not multiple:
        return value
    is_odd = _GROUPS.fullmatch(text) is not None or not (
        1 <= value < 1000 or (multiple[0] != "k" and 0 < value < 1000)
    )
    return None if is_odd else value * rules()["multiples"][multiple]


def _plain_number(text: str) -> float | None:
    if text.isdigit():
        return float(text)
    if _MANY_DECIMALS.fullmatch(text):
        return float(text.replace(",", "."))
    decimal = re.fullmatch(r"(.*\d)([.,])(\d{1,2})", text)
    whole, digits = (decimal[1], decimal[3]) if decimal else (text, "0")
    if _INDIAN.fullmatch(whole):
        whole = whole.replace(",", "")
    if not whole.isdigit():
        groups = _GROUPS.fullmatch(whole)
        if not groups or (decimal and groups[1] == decimal[2]):
            return None
        whole = re.sub(r"\D", "", whole)
    return float(f"{whole}.{digits}")


def _in_euros(amount: float, currency: str | None) -> float | None:
    """None for a currency without a rate: then no bound is known."""
    rate = rates().get(currency or "EUR")
    return amount / rate if rate else None


def _likely_period(amount: float, currency: str | None) -> str | None:
    likely = rules()["likely"]
    if currency and currency not in likely["currencies"]:
        return None
    # A currency of that list without a rate is worth about as much as a euro.
    euros = amount / rates().get(currency or "EUR", 1.0)
    return next(
        (period for period in ("month", "year") if likely[period][0] <= euros <= likely[period][1]), None
    )


def _is_possible(amount: float, currency: str | None, period: str, is_own: bool) -> bool:
    """Whether an amount can be of the period. What is asked or declared holds for small amounts and for a
    year: there the bounds of the policy decide, and say so (`impossible`).
    """
    low, high = rules()["possible"][period]
    euros = _in_euros(amount, currency)
    if euros is None:
        return amount > 0
    if not is_own:
        return euros <= high or period == "year"
    is_likely = currency is None or currency in rules()["likely"]["currencies"]
    return (low <= euros if is_likely else euros > 0) and euros <= high

"""From a delivered text to a typed value, in SQL: each parser gives the value and the reason why it has
none.
"""

from __future__ import annotations

from anonymart import times
from anonymart.engine import literal
from anonymart.ingest.contracts import Column
from anonymart.ingest.roles import role

_ADDRESS = r"^[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+$"


def text_of(name: str) -> str:
    """The trimmed text of a delivered column, NULL when empty."""
    return f"nullif(trim(\"{name}\"), '')"


def value(column: Column, order: str = "") -> str:
    """SQL that turns the delivered text into the typed value, or NULL when it cannot be right.

    `order` is that of the slashed dates of this column, 'dmy' or 'mdy'; '' takes only those that tell
    themselves.
    """
    text = text_of(column.name)
    match column.kind:
        case "date":
            # A birth date is a day of a calendar, wherever the clock stood.
            return times.sql_day(text, order, is_as_written=column.name == "birth_date")
        case "time":
            return times.sql_moment(text, order)
        case "integer":
            return (
                f"try_cast(CASE WHEN regexp_full_match({text}, '[+-]?[0-9]+([.]0+)?') THEN {text} END AS "
                f"INTEGER)"
            )
        case "number":
            return f"try_cast({text} AS DOUBLE)"
        case "boolean":
            return boolean(text)
        case "email":
            return email(text)
        case "role":
            return role(text)
        case "word":
            if column.name == "kind":
                # A request may be called by the id of its right: R-ERASE is erase.
                return f"regexp_replace(lower({text}), '^r-', '')"
            return f"lower({text})" if column.name != "purpose" else f"upper({text})"
        case "text":
            return text
    raise ValueError(f"unknown kind of column {column.kind}")


def reason(column: Column, order: str = "") -> str:
    """SQL that gives the reason to quarantine a row for this column, else NULL. Holds no value."""
    text, parsed = text_of(column.name), value(column, order)
    name = column.name
    tests = []
    if column.required:
        tests.append(f"WHEN {text} IS NULL THEN '{name} is missing'")
    if column.kind in ("date", "time"):
        tests.append(
            f"WHEN {text} IS NOT NULL AND ({parsed}) IS NULL THEN '{name} ' || "
            f"{times.sql_problem(text, column.kind, order)}"
        )
    if column.kind in ("integer", "number", "boolean", "email", "role"):
        kind = {
            "integer": "a whole number",
            "email": "an e-mail address",
            "role": "a role of learner, staff or test",
        }.get(column.kind, f"a {column.kind}")
        tests.append(f"WHEN {text} IS NOT NULL AND ({parsed}) IS NULL THEN '{name} is not {kind}'")
    if column.low is not None:
        tests.append(f"WHEN ({parsed}) < {column.low} THEN '{name} is out of range'")
    if column.high is not None:
        tests.append(f"WHEN ({parsed}) > {column.high} THEN '{name} is out of range'")
    if column.choices:
        words = ", ".join(literal(word) for word in column.choices)
        tests.append(
            f"WHEN {text} IS NOT NULL AND ({parsed}) NOT IN ({words}) THEN '{name} is not a known word'"
        )
    return f"CASE {' '.join(tests)} END" if tests else "NULL"


def boolean(text: str) -> str:
    """BOOLEAN of true/false, 1/0, yes/no and oui/non."""
    return (
        f"CASE WHEN lower({text}) IN ('true', '1', '1.0', 'yes', 'y', 'oui') THEN true "
        f"WHEN lower({text}) IN ('false', '0', '0.0', 'no', 'n', 'non') THEN false END"
    )


def email(text: str) -> str:
    """The address without mailto: and in small letters, or NULL when it is none."""
    address = f"lower(regexp_replace({text}, '^[Mm][Aa][Ii][Ll][Tt][Oo]:', ''))"
    return f"CASE WHEN regexp_matches({address}, {literal(_ADDRESS)}) THEN {address} END"

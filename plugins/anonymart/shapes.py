"""The content of a YAML as a msgspec Struct; what does not fit is told in one plain sentence, without any
value of the file.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from anonymart.errors import UsageError

Shape = TypeVar("Shape")
_PLACE = re.compile(r"^(?P<problem>.*?)(?: - at `(?:key in )?\$\.?(?P<place>[^`]*)`)?$", re.DOTALL)
_EXPECTED = re.compile(r"^Expected `([^`]+)`")
_FIELD = re.compile(r"^Object (contains unknown|missing required) field `([^`]*)`$")
_LIMIT = re.compile(r"`(?:float|int)` (>=?|<=?) (-?[\d.]+)$")
_LIMITS = {">": "above", ">=": "of at least", "<": "below", "<=": "of at most"}
_NOUNS = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "array": "a list",
    "object": "a group of entries",
    "null": "nothing",
}


def shaped(content: Any, shape: type[Shape], file: str, place: str = "") -> Shape:
    """The content as a value of the Struct. `place` is where the content stands in the file.

    Raises UsageError that names file and entry for what is missing, unknown or of another kind; a ValueError
    of the Struct's own `__post_init__` is told as it stands.
    """
    try:
        return msgspec.convert(content, shape)
    except msgspec.ValidationError as error:
        own = error.__cause__ if isinstance(error.__cause__, ValueError) else None
        found = _PLACE.match(str(error))
        inner = "" if found is None else found["place"] or ""
        where = ".".join(part for part in (place, inner) if part)
        problem = str(own) if own else _sentence(found["problem"] if found else "", where)
        raise UsageError(f"{file}: {problem}") from None


def _sentence(problem: str, where: str) -> str:
    """What msgspec says, in words for people: it may hold a value only where a word is none of a list."""
    if field := _FIELD.match(problem):
        entry = f"{where}.{field[2]}" if where else field[2]
        if field[1] == "missing required":
            return f"the entry '{entry}' is missing: add it."
        return f"unknown entry '{entry}': correct its name or remove it."
    at = where or "the file"
    expected = _EXPECTED.match(problem)
    if expected is None:
        return f"'{at}' has a value that it cannot have: correct it."
    nouns = " or ".join(_NOUNS.get(kind, kind) for kind in expected[1].split(" | "))
    if "str" in expected[1] and problem.endswith("got `bool`"):
        return f"'{at}' must be {nouns}: put yes, no, true and false in quotes."
    limit = _LIMIT.search(problem)
    return (
        f"'{at}' must be {nouns}{f' {_LIMITS[limit[1]]} {float(limit[2]):g}' if limit else ''}: correct it."
    )

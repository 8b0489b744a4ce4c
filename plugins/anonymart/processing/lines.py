"""`expectations/processing.yml` read and checked: each place that holds people has its purpose, or nothing is
built (GDPR article 30, S-SAFE).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

import msgspec
import yaml

from anonymart.contracts import LOADER
from anonymart.erasure.places import FILE_KINDS, PLACES, FileKind, Place
from anonymart.errors import AnonymartError
from anonymart.home import PROJECT
from anonymart.policy import Policy
from anonymart.shapes import shaped

FILE = PROJECT / "expectations" / "processing.yml"
LANGUAGES = ("fr", "en")
_NOT = "!"
Words = Mapping[str, str]


@dataclass(frozen=True)
class Line:
    """One line of the register: which data, of whom, why, where they lie, how long, and what shows it.

    `terms` are entries of policy.yml, `rules` the other ids of the policy that the line serves, `places` and
    `files` names or patterns of erasure/places.py. `lasts` is a term that no figure tells.
    """

    id: str
    purpose: str
    rules: tuple[str, ...]
    category: Words
    data: Words
    persons: tuple[Words, ...]
    source: Words
    places: tuple[str, ...]
    files: tuple[str, ...]
    terms: tuple[str, ...]
    lasts: Words | None
    measures: tuple[str, ...]
    test: str
    is_held: bool

    def holds(self, place: str) -> bool:
        """Whether a place of erasure/places.py is one of this line's; with a ! before it a place is not."""
        is_out = any(fnmatchcase(place, pattern[1:]) for pattern in self.places if pattern[0] == _NOT)
        return not is_out and any(fnmatchcase(place, pattern) for pattern in self.places)


@dataclass(frozen=True)
class Measure:
    """What protects: the policy id, in words, the test that fails without it, and where it is proven."""

    id: str
    words: Words
    test: str
    proof: tuple[str, ...]


@dataclass(frozen=True)
class Processing:
    """The whole file: lines, measures, and words of terms, purposes, recipients and transfers."""

    lines: tuple[Line, ...]
    measures: Mapping[str, Measure]
    words: Mapping[str, Any]


class _Both(TypedDict):
    """Words in each of LANGUAGES."""

    fr: str
    en: str


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    """A line as it stands in the file."""

    id: str
    purpose: str
    rules: tuple[str, ...]
    category: str
    data: _Both
    persons: tuple[str, ...]
    source: _Both
    places: tuple[str, ...]
    terms: tuple[str, ...]
    measures: tuple[str, ...]
    test: str
    files: tuple[str, ...] = ()
    lasts: _Both | None = None
    nothing_is_held: bool = False


class _Measure(msgspec.Struct, forbid_unknown_fields=True):
    """A measure as it stands in the file."""

    fr: str
    en: str
    test: str
    proof: tuple[str, ...]


class _File(msgspec.Struct):
    """The file, as far as lines and measures go."""

    lines: tuple[_Line, ...]
    categories: dict[str, _Both]
    persons: dict[str, _Both]
    measures: dict[str, _Measure]


@cache
def load(path: Path = FILE) -> Processing:
    """The register as it is written. Raises AnonymartError for a file that is not one."""
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)
    except (OSError, yaml.YAMLError):
        raise AnonymartError(
            f"The processing register {path.name} cannot be read: mend the file, nothing was built."
        ) from None
    found = shaped(raw, _File, path.name)
    measures = {
        name: Measure(name, {"fr": each.fr, "en": each.en}, each.test, each.proof)
        for name, each in found.measures.items()
    }
    return Processing(tuple(_line(found, entry) for entry in found.lines), measures, raw)


def _line(found: _File, entry: _Line) -> Line:
    """The line with the words of its category and persons in their place."""
    unknown = [*({entry.category} - set(found.categories)), *(set(entry.persons) - set(found.persons))]
    if unknown:
        raise _unlike(f"the line {entry.id} names {unknown[0]}, which has no words: add them")
    values = msgspec.structs.asdict(entry)
    return Line(
        **values
        | {
            "category": found.categories[entry.category],
            "persons": tuple(found.persons[name] for name in entry.persons),
            "is_held": not values.pop("nothing_is_held"),
        }
    )


def check(
    policy: Policy,
    processing: Processing | None = None,
    places: Sequence[Place] = PLACES,
    kinds: Sequence[FileKind] = FILE_KINDS,
) -> None:
    """Compare the register with the list of places and the policy.

    Raises AnonymartError for a table, view or folder that holds people and has no purpose or two, for a line
    that names a place that is not there, and for a purpose, term or measure that the policy does not know.
    """
    found = processing or load()
    for place in (place for place in places if place.holds_people):
        _check_place(place, [line for line in found.lines if line.holds(place.name)])
    for kind in kinds:
        is_listed = ".duckdb" in kind.pattern or any(kind.pattern in line.files for line in found.lines)
        if kind.holds_people and not is_listed:
            raise _without_purpose(kind.pattern)
    for line in found.lines:
        _check_line(line, found, policy, [place.name for place in places if place.holds_people])


def _check_place(place: Place, lines: Sequence[Line]) -> None:
    if not lines:
        raise _without_purpose(place.name)
    if len(lines) > 1:
        raise _unlike(f"{place.name} stands in the lines {lines[0].id} and {lines[1].id}: keep it in one")
    if place.policy not in (lines[0].purpose, *lines[0].rules, *lines[0].measures):
        raise _unlike(
            f"{place.name} is kept under {place.policy}, which its line {lines[0].id} does not name: "
            "add it to the rules of the line, or correct places.py"
        )


def _check_line(line: Line, found: Processing, policy: Policy, places: Iterable[str]) -> None:
    if line.purpose not in policy.figure("purposes") or line.purpose not in found.words["purposes"]:
        raise _unlike(f"the line {line.id} has the purpose {line.purpose}, which policy.yml does not have")
    known = set(places)
    for pattern in line.places:
        if not any(fnmatchcase(place, pattern.removeprefix(_NOT)) for place in known):
            raise _unlike(f"the line {line.id} names {pattern}, where no people are: take it out")
    for term in line.terms:
        policy.figure(*term.split("."))
        if term not in found.words["terms"]:
            raise _unlike(f"the term {term} of the line {line.id} has no words: add them under terms")
    for name in line.measures:
        if name not in found.measures:
            raise _unlike(f"the line {line.id} names the measure {name}, which is not described")
    if line.is_held != bool(line.places or line.files):
        raise _unlike(f"the line {line.id} must say where the data are, or that nothing is held")


def _without_purpose(name: str) -> AnonymartError:
    return AnonymartError(
        f"{name} holds people and has no purpose: add it to a line of expectations/processing.yml before "
        "anything is built."
    )


def _unlike(what: str) -> AnonymartError:
    return AnonymartError(f"The processing register does not hold: {what} (expectations/processing.yml).")

"""What an analyst may order a table of: `expectations/tables.yml`, the only words that an order may hold."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from anonymart import config
from anonymart.errors import UsageError
from anonymart.home import PROJECT
from anonymart.shapes import shaped

FILE = PROJECT / "expectations" / "tables.yml"
# Every period that a table may be cut by, finest first.
GRAINS = ("month", "quarter", "half_year", "year")

_Text = Annotated[str, msgspec.Meta(min_length=1)]
_Word = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]*$")]
_Grain = Literal["month", "quarter", "half_year", "year"]


class Dimension(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A dimension: the list of its codes, and what it says of a person."""

    code_list: _Word
    says: _Text


class Measure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A count of persons, of all (`where` is None) or of some, or a rate of two such counts."""

    kind: Literal["count", "rate"]
    says: _Text
    where: _Word | None = None
    of: _Word | None = None
    numerator: _Word | None = None
    denominator: _Word | None = None


class Period(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the period is the period of, its grains, and when it closes, as in the contract of a mart."""

    of: _Text
    grains: tuple[_Grain, ...]
    observation: str = "0"
    last_use_before: str = "0"


class Observation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is counted: the view of its people, its period, dimensions and measures by word.

    `apart_from` names marts of which no cell lies in one of this, each with the reason.
    """

    says: _Text
    people: _Word
    period: Period
    dimensions: dict[_Word, Dimension]
    measures: dict[_Word, Measure]
    apart_from: dict[_Word, _Text] = {}


@functools.lru_cache(maxsize=4)
def offered(file: Path = FILE) -> dict[str, Observation]:
    """Every observation by its word. Raises UsageError for a file that is not of its form, or whose rates
    name no count of it.
    """
    content, _ = config.read(file)
    found = shaped(content, dict[_Word, Observation], file.name)
    for name, observation in found.items():
        for word, measure in observation.measures.items():
            named = {measure.numerator, measure.denominator, measure.of} - {None}
            counts = {each for each, one in observation.measures.items() if one.kind == "count"}
            if not named <= counts or (measure.kind == "rate") != (measure.numerator is not None):
                raise UsageError(f"{file.name}: the measure {word} of {name} names no count: correct it.")
    return found

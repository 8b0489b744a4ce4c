"""`expectations/learning.yml`: which types of activity are which kind, read once and turned into SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import yaml

from anonymart import config
from anonymart.engine import literal
from anonymart.errors import UsageError
from anonymart.objects import FILE, learning, learning_file
from anonymart.shapes import shaped

# The type that a mapped one is stored as, which dbt_project/seeds/object_kinds.csv knows.
TYPES = {
    "path": "http://id.tincanapi.com/activitytype/learning-path",
    "course": "http://adlnet.gov/expapi/activities/course",
    "chapter": "http://adlnet.gov/expapi/activities/module",
    "exercise": "http://adlnet.gov/expapi/activities/assessment",
    "project": "http://id.tincanapi.com/activitytype/school-assignment",
}
_STANDARD = {
    "path": ("learning-path", "path", "curriculum", "program"),
    "course": ("course",),
    "chapter": ("module", "lesson", "chapter", "unit"),
    "exercise": ("cmi.interaction", "interaction", "question", "assessment", "exercise", "quiz", "test"),
    "project": ("project", "school-assignment", "assignment"),
}


class _Event(msgspec.Struct, forbid_unknown_fields=True):
    """What a kind of event of a tracking log becomes."""

    verb: str
    object: str | list[str]
    type: str
    about: str | list[str] | None = None
    raw: str | list[str] | None = None
    max: str | list[str] | None = None
    share: str | list[str] | None = None


class _Edx(msgspec.Struct):
    """The tracking log of Open edX, as far as its events go."""

    events: dict[str, _Event]


class _Progress(msgspec.Struct):
    """Extensions of a result that tell how far somebody is."""

    percent: tuple[str, ...]
    share: tuple[str, ...]


class _File(msgspec.Struct):
    """The shape of learning.yml."""

    kinds: dict[str, list[str | int] | None]
    not_a_whole: list[str | int]
    part_of_an_exercise: list[str | int]
    other: list[str | int]
    progress: _Progress
    open_edx: _Edx
    about_the_object: dict[str, list[str]]
    caliper: dict[str, Any]
    moodle: dict[str, Any]
    moodle_modules: dict[str, str]


@dataclass(frozen=True)
class LearningMap:
    """Types by kind (whole IRIs or last segments, small letters), types that are no whole, and the readers'
    own settings.
    """

    kinds: Mapping[str, tuple[str, ...]]
    not_a_whole: tuple[str, ...]
    part_of_an_exercise: tuple[str, ...]
    percent: tuple[str, ...]
    share: tuple[str, ...]
    open_edx: Mapping[str, Any]
    about: Mapping[str, tuple[str, ...]]
    caliper: Mapping[str, Any]
    moodle: Mapping[str, Any]
    other: tuple[str, ...]
    moodle_modules: Mapping[str, str]

    def is_of(self, column: str, *kinds: str) -> str:
        """SQL: the type in the column is of one of these kinds, whether the file or the standard says so."""
        return _is_in(column, [name for kind in kinds for name in (*_STANDARD[kind], *self.kinds[kind])])

    def is_no_whole(self, column: str) -> str:
        """SQL: an activity of the type in the column holds none of the kinds."""
        return f"coalesce({_is_in(column, self.not_a_whole)}, false)"

    def is_other(self, column: str) -> str:
        """SQL: the type in the column is known, and none of the kinds."""
        return f"coalesce({_is_in(column, self.other)}, false)"

    def is_part(self, column: str) -> str:
        """SQL: an object of the type in the column is a part of an exercise or project."""
        return f"coalesce({_is_in(column, self.part_of_an_exercise)}, false)"

    def tells_about(self, verb: str, *lists: str) -> str:
        """SQL: the verb in the column is in one of the lists of `about_the_object` (all without a name)."""
        names = [name for each in lists or tuple(self.about) for name in self.about[each]]
        return f"coalesce({_is_in(verb, names)}, false)"

    def stored_type(self, column: str) -> str:
        """SQL: the type as it is stored; one that the file maps becomes the kind's own."""
        cases = " ".join(
            f"WHEN {_is_in(column, names)} THEN {literal(TYPES[kind])}"
            for kind, names in self.kinds.items()
            if names
        )
        return f"CASE {cases} ELSE {column} END" if cases else column


def _is_in(column: str, names: Any) -> str:
    """SQL over a type: its whole IRI or its last segment is one of the names."""
    segments = ", ".join(literal(name) for name in names if "/" not in name)
    whole = ", ".join(literal(name) for name in names if "/" in name)
    # No IN: of a long list DuckDB makes a join, and a join gives the rows of a file in another order.
    tests = (
        [f"list_contains([{segments}], lower(regexp_extract({column}, '([^/#]*)[/#]*$', 1)))"]
        if segments
        else []
    )
    tests += [f"list_contains([{whole}], {column})"] if whole else []
    return f"({' OR '.join(tests) or 'false'})"


@config.kept
def load_map(path: Path = FILE) -> LearningMap:
    """The mapping of the file; of the shipped one, with the school's own over it. Raises UsageError when it
    is damaged, names an unknown kind or maps a type twice.
    """
    file = str(learning_file(path))
    try:
        content = learning(path)
    except (OSError, yaml.YAMLError):
        raise UsageError(f"{file} cannot be read as YAML: mend the file.") from None
    found = shaped(content, _File, file)
    if (set(found.kinds) | set(found.moodle_modules.values())) - set(TYPES):
        raise UsageError(f"{file} names kinds that are none: it knows {', '.join(TYPES)}.")
    kinds = {kind: tuple(map(_type, found.kinds.get(kind) or ())) for kind in TYPES}
    named = [name for names in kinds.values() for name in names]
    if len(named) != len(set(named)):
        raise UsageError(f"{file} maps a type of activity to two kinds: keep one.")
    return LearningMap(
        kinds,
        tuple(map(_type, found.not_a_whole)),
        tuple(map(_type, found.part_of_an_exercise)),
        found.progress.percent,
        found.progress.share,
        content["open_edx"],
        {name: tuple(map(_type, verbs)) for name, verbs in found.about_the_object.items()},
        found.caliper,
        found.moodle,
        tuple(map(_type, found.other)),
        found.moodle_modules,
    )


def _type(name: Any) -> str:
    return str(name) if "/" in str(name) else str(name).lower()

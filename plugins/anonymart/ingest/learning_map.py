"""`expectations/learning.yml`: which types of activity are which kind, read once and turned into SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from anonymart import config
from anonymart.engine import literal
from anonymart.errors import UsageError
from anonymart.objects import FILE, learning, learning_file

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
_EVENT_PARTS = {"verb", "object", "type", "about", "raw", "max", "share"}


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
    try:
        content = learning(path)
        kinds = {kind: tuple(map(_type, content["kinds"].get(kind) or ())) for kind in TYPES}
        unknown = set(content["kinds"]) - set(TYPES)
        progress, edx = content["progress"], content["open_edx"]
        made = LearningMap(
            kinds,
            tuple(map(_type, content["not_a_whole"])),
            tuple(map(_type, content["part_of_an_exercise"])),
            tuple(map(str, progress["percent"])),
            tuple(map(str, progress["share"])),
            edx,
            {name: tuple(map(_type, verbs)) for name, verbs in content["about_the_object"].items()},
            content["caliper"],
            content["moodle"],
            tuple(map(_type, content["other"])),
            {str(name): str(kind) for name, kind in content["moodle_modules"].items()},
        )
        events = {name: dict(event) for name, event in edx["events"].items()}
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError):
        raise UsageError(
            f"{learning_file(path)} cannot be read as a mapping of learning activity: mend the file."
        ) from None
    if unknown or set(made.moodle_modules.values()) - set(TYPES):
        raise UsageError(f"{learning_file(path)} names kinds that are none: it knows {', '.join(TYPES)}.")
    named = [name for names in kinds.values() for name in names]
    if len(named) != len(set(named)):
        raise UsageError(f"{learning_file(path)} maps a type of activity to two kinds: keep one.")
    if any({"verb", "object", "type"} - set(event) or set(event) - _EVENT_PARTS for event in events.values()):
        raise UsageError(
            f"{learning_file(path)}: each event of open_edx needs verb, object and type, and may have about, "
            f"raw, max and share."
        )
    return made


def _type(name: Any) -> str:
    return str(name) if "/" in str(name) else str(name).lower()

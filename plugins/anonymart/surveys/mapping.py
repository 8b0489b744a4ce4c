"""The YAML of a survey tool, or of one survey: which column fills which field, and how its values are to be
read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
import yaml

from anonymart import config
from anonymart.contracts import LOADER
from anonymart.errors import UsageError
from anonymart.home import PROJECT
from anonymart.ingest.contracts import TABULAR
from anonymart.shapes import shaped

FOLDER = PROJECT / "expectations" / "sources"
SHARED = ("questions.yml", "salaries.yml")
SOURCES = ("nps", "salary")
LAYOUTS = ("table", "typeform_responses", "limesurvey_rpc")
FREE_SALARY = "salary"
_ORDERS = (None, "dmy", "mdy")
_RULES = ("partial", "test", "other_scale")


@dataclass(frozen=True)
class Field:
    """One field: `columns` are exact names, `questions` patterns on the folded name, `words` the tool's words
    for each value.

    `path` is a member of JSON text in the column. Without columns, the questions of questions.yml are looked
    for. Of several columns of one title all are taken, or the `nth` (from 1); with `takes_all` every one of
    `columns` is, where else the first that is there is.
    """

    name: str
    columns: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    path: str | None = None
    nth: int | None = None
    takes_all: bool = False


@dataclass(frozen=True)
class Rule:
    """Rows that are no answers: the column holds one of `when`, or something else than `unless` (empty counts
    as else).
    """

    columns: tuple[str, ...]
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mapping:
    """One YAML of expectations/sources. `recognised_by` holds groups of names: one of each group must be a
    column. `is_own`: it is of the school's own configuration.
    """

    name: str
    tool: str
    title: str
    recognised_by: tuple[tuple[str, ...], ...] = ()
    layout: str = "table"
    sources: tuple[str, ...] = SOURCES
    survey: str | None = None
    ids_are_per_survey: bool = False
    time_zone: str = "UTC"
    date_order: str | None = None
    languages: tuple[str, ...] = ("en", "fr")
    sentinels: tuple[str, ...] = ()
    scale: str | None = None
    rows_after_header: int = 0
    questions_after_header: bool = False
    derived_columns: tuple[str, ...] = ()
    one_answer_within_days: int = 30
    currency: str | None = None
    period: str | None = None
    basis: str | None = None
    own_columns: tuple[str, ...] = ()
    constants: dict[str, str] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    fields: dict[str, Field] = field(default_factory=dict)
    is_own: bool = False

    def field(self, name: str) -> Field:
        return self.fields.get(name, Field(name))


# What may stand alone or in a list.
Listed = list[str | int | float] | str | int | float | None


class _Field(msgspec.Struct, forbid_unknown_fields=True):
    """A field as it stands in a YAML; a name or a list in its place are its columns."""

    column: Listed = None
    columns: Listed = None
    questions: Listed = None
    words: dict[Any, Listed] | None = None
    path: str | None = None
    nth: Annotated[int, msgspec.Meta(ge=1)] | None = None
    all: bool = False


class _Rule(msgspec.Struct, forbid_unknown_fields=True):
    """A rule as it stands in a YAML."""

    columns: list[str | int | float] | str | int | float
    when: Listed = None
    unless: Listed = None

    def __post_init__(self) -> None:
        if self.columns in ([], ""):
            raise ValueError("a rule names no column: list those that tell it.")
        if (self.when in (None, [])) == (self.unless in (None, [])):
            raise ValueError("a rule needs either 'when' or 'unless', with a value.")


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """A YAML with what it extends: Mapping says what each entry means."""

    tool: Annotated[str, msgspec.Meta(min_length=1)]
    title: Annotated[str, msgspec.Meta(min_length=1)]
    recognised_by: list[Listed] | None = None
    layout: str = "table"
    sources: Listed = None
    survey: str | int | None = None
    ids_are_per_survey: bool = False
    time_zone: str = "UTC"
    date_order: str | None = None
    languages: Listed = None
    sentinels: Listed = None
    scale: str | None = None
    rows_after_header: Annotated[int, msgspec.Meta(ge=0)] = 0
    questions_after_header: bool = False
    derived_columns: Listed = None
    one_answer_within_days: Annotated[int, msgspec.Meta(ge=0)] = 30
    currency: str | None = None
    period: str | None = None
    basis: str | None = None
    own_columns: Listed = None
    constants: dict[str, Any] | None = None
    rules: dict[str, Any] | None = None
    fields: dict[str, Any] | None = None


def load(path: Path, folder: Path = FOLDER) -> Mapping:
    """One mapping. Raises UsageError, naming the file and the entry, for what cannot be understood."""
    content = _content(path)
    base = {}
    if "extends" in content:
        parent = _named(f"{content.pop('extends')}.yml", folder, path)
        if parent is None:
            raise UsageError(
                f"{path.name}: extends names no file of {folder.name}/: give the name of a tool's file "
                f"without .yml."
            )
        base = _content(parent)
    merged = {**base, **content}
    for part in ("fields", "rules", "constants"):
        merged[part] = {**(base.get(part) or {}), **(content.get(part) or {})}
    return _mapping(path, merged)


def load_all(folder: Path = FOLDER) -> list[Mapping]:
    """Every mapping of the folder, in the order of their names; of the shipped folder, with those of the
    school over it: a file of the same name takes the shipped one's place.

    Raises UsageError as `load`.
    """
    own = _own() if folder == FOLDER else {}
    found = {path.name: path for path in folder.glob("*.yml")} | own
    return [
        replace(load(path, folder), is_own=name in own)
        for name, path in sorted(found.items())
        if name not in SHARED
    ]


def shared(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """questions.yml or salaries.yml; of the shipped ones, with the school's own over them. Raises UsageError
    for what cannot be read, and for an entry of the school that no shipped file has.
    """
    content, own = _content(folder / name), _own().get(name) if folder == FOLDER else None
    return content if own is None else config.over(content, own)


def recognise(columns: Iterable[str], mappings: Iterable[Mapping], source: str) -> list[Mapping]:
    """The mappings whose columns these are: those that know most of them by name, of the school's own ones
    where one of them fits. Several when nothing tells them apart.
    """
    names = {plain(name) for name in columns}
    found: dict[tuple[bool, int], list[Mapping]] = {}
    for mapping in mappings:
        groups = mapping.recognised_by
        if (
            source in mapping.sources
            and groups
            and all(names & {plain(name) for name in group} for group in groups)
        ):
            found.setdefault((mapping.is_own, len(groups)), []).append(mapping)
    return found[max(found)] if found else []


def plain(name: str) -> str:
    """A column's name as names are compared: without case, accents and doubled blanks."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    return " ".join(
        "".join(sign for sign in apart if not unicodedata.combining(sign)).replace("’", "'").split()
    )


def _own() -> dict[str, Path]:
    """The school's own files of this kind, by name."""
    begin = f"{config.SOURCES}/"
    return {name[len(begin) :]: path for name, path in config.files().items() if name.startswith(begin)}


def _named(name: str, folder: Path, asking: Path) -> Path | None:
    """The file that `extends` names: the school's own, or the shipped one where that one asks."""
    own = _own().get(name)
    if own is not None and own.resolve() != asking.resolve():
        return own
    return folder / name if (folder / name).is_file() else None


def _content(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise UsageError(f"{path.name} cannot be read as YAML: mend the file.") from None
    if not isinstance(content, dict):
        raise UsageError(f"{path.name} holds no entries: begin it with `tool:`.")
    return content


def _mapping(path: Path, content: dict[str, Any]) -> Mapping:
    found = shaped(content, _File, path.name)
    lists = ("languages", "sentinels", "own_columns", "derived_columns", "sources")
    values: dict[str, Any] = {name: getattr(found, name) for name in content if name != "extends"}
    values |= {name: _listed(values[name]) for name in lists if name in values}
    if found.survey is not None:
        values["survey"] = str(found.survey)
    values["recognised_by"] = tuple(_listed(group) for group in found.recognised_by or ())
    values["constants"] = {name: str(value) for name, value in (found.constants or {}).items()}
    values["rules"] = {name: _rule(path, name, rule) for name, rule in (found.rules or {}).items()}
    values["fields"] = {name: _field(path, name, given) for name, given in (found.fields or {}).items()}
    return _checked(path, Mapping(name=path.stem, **values))


def _checked(path: Path, mapping: Mapping) -> Mapping:
    try:
        ZoneInfo(mapping.time_zone)
    except (KeyError, ValueError, OSError):
        raise UsageError(
            f"{path.name}: time_zone is none that is known: write it like Europe/Paris."
        ) from None
    for entry, allowed in (("date_order", _ORDERS), ("layout", LAYOUTS)):
        if getattr(mapping, entry) not in allowed:
            raise UsageError(
                f"{path.name}: {entry} must be one of {', '.join(word or 'nothing' for word in allowed)}."
            )
    if not set(mapping.sources) <= set(SOURCES):
        raise UsageError(f"{path.name}: sources are {' and '.join(SOURCES)}: name one or both.")
    if mapping.scale is not None and not re.fullmatch(r"\d{1,3}-\d{1,3}", mapping.scale):
        raise UsageError(f"{path.name}: scale is written like 0-10: the lowest and the highest score.")
    names = {column.name for source in mapping.sources for column in TABULAR[source].columns} | {FREE_SALARY}
    for name in (*mapping.fields, *mapping.constants):
        if name not in names:
            raise UsageError(
                f"{path.name}: there is no field {name}: choose among {', '.join(sorted(names))}."
            )
    return replace(mapping, sentinels=tuple(plain(word) for word in mapping.sentinels))


def _field(path: Path, name: str, given: Any) -> Field:
    given = given if isinstance(given, dict) else {"columns": given}
    found = shaped(given, _Field, path.name, f"fields.{name}")
    questions = _listed(found.questions)
    for pattern in questions:
        try:
            re.compile(pattern)
        except re.error:
            raise UsageError(
                f"{path.name}: a question of the field {name} is no regular expression: mend it."
            ) from None
    words = {
        str(value): tuple(plain(word) for word in _listed(texts))
        for value, texts in (found.words or {}).items()
    }
    columns = _listed(found.columns) + _listed(found.column)
    return Field(name, columns, questions, words, found.path, found.nth, found.all)


def _rule(path: Path, name: str, given: Any) -> Rule:
    if name not in _RULES:
        raise UsageError(f"{path.name}: there is no rule {name}: choose among {', '.join(_RULES)}.")
    found = shaped(given, _Rule, path.name, f"rules.{name}")
    texts = ([plain(word) for word in _listed(part)] for part in (found.when, found.unless))
    return Rule(_listed(found.columns), *map(tuple, texts))


def _listed(given: Listed) -> tuple[str, ...]:
    if given is None:
        return ()
    return tuple(str(value) for value in given) if isinstance(given, list) else (str(given),)

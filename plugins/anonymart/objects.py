"""What a platform's id of an object says, in SQL: one key for all its spellings, shorter names of it, and the
course that stands in it.

`anonymart_object`(text) gives a struct: `key`, the same for every spelling of one id; `tails`, shorter names
that catalogues use, the longest first; `tail_kinds`, the kinds that the platform's path allows for them
(empty: any); `course`, the key of the course that the id names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import msgspec
import yaml

from anonymart import config, iri
from anonymart.contracts import LOADER
from anonymart.engine import literal
from anonymart.errors import UsageError
from anonymart.home import PROJECT
from anonymart.shapes import shaped

FILE = PROJECT / "expectations" / "learning.yml"
# Lists of types of activity beside those of the kinds.
_TYPES = ("not_a_whole", "part_of_an_exercise", "other")
KINDS = ("path", "course", "chapter", "exercise", "project")
_PART = r"[^/:+@?#&=\s]+"
_RUN = rf"{_PART}\+{_PART}\+{_PART}(?:\+ccx@[0-9]+)?"
_BLOCK = rf"({_RUN}(?:\+(?:branch|version)@[^+/?#&\s]+)*\+type@[A-Za-z0-9_-]+\+block@[^/?#&\s]+)"
_COURSE = rf"(?:course|ccx)-v1:({_RUN})"
# A page of the course itself; what stands deeper is another thing within it.
_COURSE_ITSELF = rf"(?:{_COURSE}|(?:^|/){_RUN})/?(?:(?:info|about|course|home|courseware)/?)?$"
_BARE_COURSE = rf"(?:^|/)({_RUN})$"
_SLASHES = r"^([\w.~-]+)/([\w.~-]+)/([\w.~-]+)$"
_OLD_PAGE = (
    r"^https?://[^/]+/courses/([\w.~-]+)/([\w.~-]+)/([\w.~-]+)(?:/(?:info|about|course|home|courseware)?)?$"
)
# A school's own code or a plain address, as most are: nothing is spelled in two ways.
_SIMPLE = r"^(https://[a-z0-9-]+([.][a-z0-9-]+)*(/[A-Za-z0-9_-]{1,30})*/)?[A-Za-z0-9_-]{1,30}$"
_HEX = r"(?i)(?:^|[/:])([0-9a-f]{32})$"
_UUID = r"(?i)(?:^|[/:{])([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})[}]?$"


class Stands(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The page and parameter that another page stands for."""

    page: str | None = None
    parameter: str | None = None


class QueryRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A page whose query holds the identity: the end of its path, the parameters, the kinds of items, and
    what it stands for.
    """

    path: str
    parameters: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    same_as: Stands = Stands()

    def __post_init__(self) -> None:
        if not set(self.kinds) <= set(KINDS):
            raise ValueError(f"identity_in_query names a kind that is none: it knows {', '.join(KINDS)}.")


def learning(path: Path = FILE) -> dict[str, Any]:
    """The entries of `learning.yml`; of the shipped file, with the school's own over it: its lists add to the
    shipped ones, and a type that it maps is no longer what it was.

    Raises UsageError for a file that cannot be read and for an entry of the school that no shipped file has,
    OSError or YAMLError for a damaged shipped one.
    """
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)
    own = config.file(config.LEARNING) if path == FILE else None
    if own is None:
        return content
    merged = config.over(content, own)
    kinds = config.read(own)[0].get("kinds") or {}
    moved = {str(name).lower() for names in kinds.values() for name in names}
    return config.over(_without(content, moved), own) if moved else merged


def _without(content: dict[str, Any], moved: set[str]) -> dict[str, Any]:
    """The shipped entries without the types that the school maps itself."""

    def kept(names: Any) -> list[Any]:
        return [name for name in names or () if str(name).lower() not in moved]

    lists = {name: kept(content[name]) for name in _TYPES if isinstance(content.get(name), list)}
    return {**content, **lists, "kinds": {kind: kept(names) for kind, names in content["kinds"].items()}}


@config.kept
def query_rules(path: Path = FILE) -> tuple[QueryRule, ...]:
    """The rules of `identity_in_query`, in their order. Raises UsageError when the file does not hold them
    rightly.
    """
    try:
        platforms = learning(path).get("identity_in_query") or {}
    except (OSError, yaml.YAMLError):
        raise UsageError(f"{learning_file(path)} cannot be read: mend the file.") from None
    rules = dict[str, tuple[QueryRule, ...]]
    found = shaped(platforms, rules, str(learning_file(path)), "identity_in_query")
    return tuple(rule for each in found.values() for rule in each)


def learning_file(path: Path = FILE) -> Path:
    """The file to name when what was read is wrong: the shipped one is right."""
    return (config.file(config.LEARNING) or path) if path == FILE else path


def _bound(value: str, name: str, body: str) -> str:
    """SQL of `body` in which `name` stands for `value`."""
    return f"list_transform([{value}], lambda {name}: {body})[1]"


def _ends(rule: QueryRule) -> str:
    pattern = "(^|/)" + "[^/]+".join(_escaped(part) for part in rule.path.split("*")) + "$"
    return f"regexp_matches(lower(w.path), {literal(pattern)})"


def _escaped(text: str) -> str:
    return text.replace(".", "[.]").lower()


def _value(parameter: str) -> str:
    return f"regexp_extract(w.query, {literal('(?:^|[?&;])' + _escaped(parameter) + '=([^&;#]*)')}, 1)"


def _identity(rule: QueryRule) -> str:
    """SQL: page and query that hold the identity, as '?name=value', or NULL where the query holds none of the
    parameters.
    """
    renamed = rule.same_as.parameter
    parts = [
        f"CASE WHEN {_value(name)} <> '' THEN {literal((renamed or name) + '=')} || {_value(name)} END"
        for name in sorted(rule.parameters)
    ]
    query = f"nullif(concat_ws('&', {', '.join(parts)}), '')"
    page = (
        f"regexp_replace(w.path, '[^/]*$', {literal(rule.same_as.page)})" if rule.same_as.page else "w.path"
    )
    kinds = "[" + ", ".join(literal(kind) for kind in rule.kinds) + "]::VARCHAR[]"
    return (
        f"CASE WHEN {_ends(rule)} AND {query} IS NOT NULL THEN {{'page': {page}, 'query': '?' || {query}, "
        f"'kinds': {kinds}}} END"
    )


def _macro() -> str:
    none = "{'page': w.path, 'query': '', 'kinds': []::VARCHAR[]}"
    identity = (
        f"coalesce({', '.join(_identity(rule) for rule in query_rules())}, {none})" if query_rules() else none
    )
    # Pluses, colons and at signs of an Open edX key, however they are written; a plus that was decoded is a
    # space.
    plain = (
        r"regexp_replace(regexp_replace(regexp_replace(trim(t), '%(25)?2[Bb]', '+', 'g'), '%(25)?3[Aa]', "
        r"':', 'g'), '%(25)?40', '@', 'g')"
    )
    plain = _bound(
        plain,
        "p",
        r"CASE WHEN regexp_matches(p, '(course|ccx|block)-v1:') THEN regexp_replace(p, ' +', '+', 'g') "
        r"ELSE p END",
    )
    normal = "regexp_replace(anonymart_normal_iri(t), '^http://', 'https://')"
    parts = """{
        'plain': regexp_replace(regexp_extract(r.plain, '^[^?#]*', 0), '(.)/+$', '\\1'), 'all': r.plain,
        'path': regexp_replace(regexp_extract(r.normal, '^[^?#]*', 0), '^/+(.)', '\\1'),
        'query': regexp_extract(r.normal, '[?][^#]*', 0), 'fragment': regexp_extract(r.normal, '#.+$', 0)}"""
    read = f"""{{
        'block': regexp_replace(lower(regexp_extract(w.all, {literal(_BLOCK)}, 1)),
            '[+](branch|version)@[^+/]+', '', 'g'),
        'course': lower(coalesce(nullif(regexp_extract(w.all, {literal(_COURSE)}, 1), ''),
            nullif(regexp_extract(w.plain, {literal(_BARE_COURSE)}, 1), ''),
            nullif(regexp_replace(regexp_extract(w.plain, {literal(_SLASHES)}, 0), '/', '+', 'g'), ''), '')),
        'is_course': regexp_matches(w.plain, {literal(_COURSE_ITSELF)}) OR regexp_matches(w.plain,
            {literal(_SLASHES)}),
        'old': nullif(regexp_replace(regexp_replace(regexp_extract(lower(w.plain), 'i4x:.*$', 0), ';_', '/',
            'g'), '@[^/]*$', ''), ''),
        'old_course': lower(regexp_replace(w.plain, {literal(_OLD_PAGE)}, '\\1+\\2+\\3')),
            'is_old': regexp_matches(w.plain, {literal(_OLD_PAGE)}),
        'uuid': lower(coalesce(nullif(regexp_extract(w.plain, {literal(_UUID)}, 1), ''),
            nullif(regexp_extract(w.plain, {literal(_HEX)}, 1), ''), '')),
        'identity': {identity}, 'fragment': w.fragment}}"""
    segments = (
        "list_filter(string_split(regexp_replace(o.identity.page, '^[A-Za-z][A-Za-z0-9+.-]*://', ''), "
        "'/'), lambda s: s <> '')"
    )
    last = "regexp_extract(regexp_extract(r.normal, '^[^?]*', 0), '([^/#:]+)[/#:]*$', 1)"
    suffixes = _bound(
        segments,
        "s",
        "list_transform(range(1, len(s) + 1), lambda i: array_to_string(s[i:], '/') || o.identity.query)",
    )
    ccx = r"regexp_replace(o.block, '[+]ccx@[0-9]+', '')"
    struct = f"""{{
        'key': CASE WHEN o.block <> '' THEN 'edx:' || o.block WHEN o.is_course AND o.course <> ''
            THEN 'edx:' || o.course
            WHEN o.old IS NOT NULL THEN 'edx:' || o.old WHEN o.uuid <> '' THEN 'id:' || o.uuid
            ELSE o.identity.page || o.identity.query || if(o.identity.query = '', o.fragment, '') END,
        'tails': CASE WHEN o.block <> '' THEN ['edx:' || {ccx}, 'id:' || regexp_extract(o.block,
            'block@(.*)$', 1), regexp_extract(o.block, 'block@(.*)$', 1)]
            WHEN o.is_course AND o.course <> '' THEN []::VARCHAR[]
            WHEN o.identity.query <> '' THEN {suffixes}
            WHEN o.is_old THEN ['edx:' || o.old_course, {last}]
            ELSE [{last}] END,
        'tail_kinds': CASE WHEN o.is_old AND o.block = '' THEN ['course'] ELSE o.identity.kinds END,
        'course': CASE WHEN o.block <> '' THEN 'edx:' || regexp_extract(o.block, '^(.*)[+]type@',
            1) WHEN o.course <> '' THEN 'edx:' || o.course
            WHEN o.is_old THEN 'edx:' || o.old_course END}}"""
    body = _bound(
        f"{{'plain': {plain}, 'normal': {normal}}}", "r", _bound(parts, "w", _bound(read, "o", struct))
    )
    simple = (
        "{'key': t, 'tails': [regexp_extract(t, '([^/:]+)$', 1)], 'tail_kinds': []::VARCHAR[], 'course': "
        "NULL::VARCHAR}"
    )
    return f"""CREATE OR REPLACE TEMP MACRO anonymart_object(t) AS
        CASE WHEN t IS NULL THEN NULL WHEN regexp_matches(t, {literal(_SIMPLE)})
            AND NOT contains(t, '/courses/') THEN {simple} ELSE {body} END"""


def install(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the macro `anonymart_object`(text) of this connection; NULL for NULL. Use it once for each
    distinct text: it costs some 100 µs.
    """
    iri.install(connection)
    connection.execute(_macro())

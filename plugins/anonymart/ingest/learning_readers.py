"""Learning activity as other tools write it, brought into the paths of an xAPI statement: one FROM item for
each format.

xAPI 1.0.3 and 2.0 statements; Caliper 1.2 events, alone or in envelopes; Open edX tracking logs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from anonymart import iri
from anonymart.engine import literal
from anonymart.files import parquet
from anonymart.files.landed import FileRefused, Landed
from anonymart.ingest import moodle_log
from anonymart.ingest.files import elements, json_format, logged, reader
from anonymart.ingest.learning_map import LearningMap
from anonymart.temp_tables import PLATFORM_PAIRS

# TEMP tables that another module makes.
READS = (PLATFORM_PAIRS,)

TOP_LEVEL = ("id", "timestamp", "stored", "actor", "verb", "object", "result", "context")
# What may stand at the top of each format; other names are shown in the ledger. Of these only the paths below
# are read.
KNOWN = {
    "xapi": (*TOP_LEVEL, "version", "authority", "attachments"),
    "caliper": (
        *(
            "@context",
            "id",
            "type",
            "profile",
            "actor",
            "action",
            "object",
            "eventTime",
            "target",
            "generated",
            "edApp",
            "group",
            "membership",
        ),
        *(
            "session",
            "federatedSession",
            "referrer",
            "extensions",
            "sensor",
            "sendTime",
            "dataVersion",
            "data",
        ),
    ),
    "open_edx": (
        *(
            "username",
            "event_type",
            "event_source",
            "name",
            "time",
            "context",
            "event",
            "session",
            "ip",
            "agent",
            "host",
            "page",
            "referer",
        ),
        *("accept_language", "user_id"),
    ),
}
_CALIPER = "http://purl.imsglobal.org/caliper/"
_CALIPER_ACTION = "http://purl.imsglobal.org/vocab/caliper/action#"
PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"
_LEAF = "VARCHAR"
_AGENT = {
    "mbox": "VARCHAR",
    "mbox_sha1sum": "VARCHAR",
    "openid": "VARCHAR",
    "account": {"homePage": "VARCHAR", "name": "VARCHAR"},
}
_WHOLE = [{"id": _LEAF, "definition": {"type": _LEAF}}]


def format_of(landed: Landed) -> str:
    """'xapi', 'caliper', 'open_edx' or 'moodle_log', by the names at the top of its first rows."""
    names = set(landed.columns)
    if landed.kind in ("csv", "parquet") and moodle_log.form_of(landed.columns):
        return "moodle_log"
    if "verb" in names or landed.kind not in ("ndjson", "lines", "array"):
        return "xapi"
    if {"action", "eventTime"} <= names or {"sensor", "data"} <= names:
        return "caliper"
    return "open_edx" if {"event_type", "event_source", "time"} <= names else "xapi"


def paths(mapping: LearningMap) -> dict[str, Any]:
    """The allow-list of paths of a statement, with their types: nothing else is read (D-IDENT)."""
    return {
        "id": _LEAF,
        "timestamp": _LEAF,
        "stored": _LEAF,
        "actor": {"objectType": _LEAF, **_AGENT},
        "verb": {"id": _LEAF, "display": "JSON"},
        # An agent as object, and an instructor, say whom a statement is about and who acted
        # (`about_the_object`): used, never stored beside.
        "object": {"objectType": _LEAF, "id": _LEAF, "definition": {"type": _LEAF, "name": "JSON"}, **_AGENT},
        "result": {
            "success": _LEAF,
            "completion": _LEAF,
            "duration": _LEAF,
            "score": {"scaled": _LEAF, "raw": _LEAF, "min": _LEAF, "max": _LEAF},
            "extensions": {iri: _LEAF for iri in (*mapping.percent, *mapping.share)},
        },
        "context": {"contextActivities": {"parent": _WHOLE, "grouping": _WHOLE}, "instructor": _AGENT},
    }


def statements(landed: Landed, mapping: LearningMap) -> str:
    """A FROM item with one column for each allowed top-level path of a statement, a row for each statement or
    event. Raises FileRefused.
    """
    known = format_of(landed)
    if known == "caliper":
        return _transformed(
            _caliper(mapping.caliper), f"(SELECT unnest({_EVENTS}) AS e FROM {_lines(landed)})", mapping
        )
    if known == "moodle_log":
        return _transformed(
            moodle_log.parts(mapping.moodle), moodle_log.rows(landed, mapping.moodle), mapping
        )
    if known == "open_edx":
        events = OpenEdx(mapping.open_edx)
        return _transformed(events.parts(), events.rows(_lines(landed)), mapping)
    path, shape = literal(str(landed.path)), paths(mapping)
    if landed.kind == "ndjson":
        columns = ", ".join(f"{literal(name)}: {literal(_sql_type(inner))}" for name, inner in shape.items())
        return f"read_json({path}, {json_format()}, columns = {{{columns}}})"
    structure = literal(json.dumps(shape))
    if landed.kind in ("array", "lines"):
        return (
            f"(SELECT unnest(json_transform(coalesce(json, '{{}}'::JSON), {structure})) FROM "
            f"{_lines(landed)})"
        )
    if not set(landed.columns) & {"actor", "verb", "object"}:
        raise FileRefused("it has none of the columns actor, verb and object of a statement")
    # CSV and Parquet hold the same paths as columns, as texts of JSON or as structures.
    rows = reader(landed, TOP_LEVEL) if landed.kind == "csv" else parquet.scan(landed.path)
    fields = ", ".join(
        f"{literal(name)}, {_as_json(name, landed)}" for name in TOP_LEVEL if name in landed.columns
    )
    return f"(SELECT unnest(json_transform(json_object({fields}), {structure})) FROM {rows})"


def _lines(landed: Landed) -> str:
    if landed.kind == "array":
        return elements(landed.path)
    # A logger may put its own words before an event on some lines only.
    if landed.kind == "lines" or format_of(landed) == "open_edx":
        return logged(landed.path)
    return f"read_json_objects({literal(str(landed.path))}, {json_format()})"


def _transformed(parts: Mapping[str, str], rows: str, mapping: LearningMap) -> str:
    """SQL for each part of a statement, over the JSON value `e`, as the columns that a file of statements
    gives, and `is_use`.
    """
    fields = ", ".join(f"{literal(name)}, {sql}" for name, sql in parts.items())
    shape = paths(mapping) | {"is_use": "BOOLEAN"}
    return f"(SELECT unnest(json_transform(json_object({fields}), {literal(json.dumps(shape))})) FROM {rows})"


# An envelope holds its events in `data`; a bare event is one of itself.
_EVENTS = (
    "CASE WHEN json_type((json -> '$.data')) = 'ARRAY' THEN from_json((json -> '$.data'), '[\"JSON\"]') "
    "ELSE [json] END"
)


def _id_of(entity: str) -> str:
    """The id of a Caliper entity, which may stand for itself as a text."""
    return f"CASE json_type({entity}) WHEN 'VARCHAR' THEN ({entity} ->> '$') ELSE ({entity} ->> '$.id') END"


def _caliper_agent(who: str, settings: Mapping[str, Any]) -> str:
    """SQL of an agent of xAPI: an address is an account, unless the mapping says otherwise; software is
    nobody.
    """
    name = f"({_id_of(who)})"
    folders = "|".join(settings["account_folders"]) or "(?!)"
    is_uuid = "'[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}'"
    page = f"regexp_extract({name}, '^(.*)/[^/]+/?$', 1)"
    shortened = (
        f"CASE WHEN regexp_full_match(regexp_extract({name}, '([^/]+)/?$', 1), {is_uuid}) THEN "
        f"regexp_replace({page}, '/({folders})$', '') ELSE {page} END"
    )
    bare = "json_object('openid', {name})"
    if settings["account_home_page"]:
        bare = (
            f"json_object('account', json_object('homePage', {literal(settings['account_home_page'])}, "
            f"'name', {{name}}))"
        )
    return f"""CASE WHEN coalesce(({who} ->> '$.type'), 'Person') <> 'Person' OR {name} IS NULL THEN NULL
        WHEN {name} LIKE 'mailto:%' THEN json_object('mbox', {name})
        WHEN regexp_matches({name}, '^https?://[^/]+/(.*/)?[^/]+/?$') THEN json_object('account', json_object(
            'homePage', {shortened}, 'name', regexp_extract({name}, '([^/]+)/?$', 1)))
        ELSE {bare.format(name=name)} END"""


# What Open edX's Caliper says of a problem: a grade that was worked out, an answer that was checked, one that
# the browser has sent.
_PROBLEM = """
    CASE WHEN (e -> '$.object.extensions.weighted_possible') IS NOT NULL
        THEN 'http://adlnet.gov/expapi/verbs/attempted'
    WHEN coalesce((e -> '$.object.extensions.success'), (e -> '$.object.extensions.max_grade')) IS NOT NULL
        THEN 'https://w3id.org/xapi/acrossx/verbs/evaluated' END"""


def _caliper(settings: Mapping[str, Any]) -> dict[str, str]:
    """Caliper 1.2 (IMS/1EdTech): the person whom an event is about, who is graded or a member; the object,
    with its course as grouping.
    """
    is_grade = "coalesce((e ->> '$.type') = 'GradeEvent', false)"
    is_member = "coalesce((e ->> '$.object.type') = 'Membership', false)"
    graded = "(e -> '$.object.assignee')"
    member = "coalesce((e -> '$.object.member'), (e -> '$.actor'))"
    who = f"(CASE WHEN {is_grade} THEN {graded} WHEN {is_member} THEN {member} ELSE (e -> '$.actor') END)"
    joined = "coalesce((e -> '$.object.organization'), (e -> '$.object'))"
    acting = _id_of("(e -> '$.actor')")
    what = (
        f"(CASE WHEN {is_grade} THEN (e -> '$.object.assignable') WHEN {is_member} THEN {joined} ELSE (e "
        f"-> '$.object') END)"
    )
    kind = f"CASE WHEN {is_member} THEN 'CourseOffering' ELSE ({what} ->> '$.type') END"
    action = "regexp_extract((e ->> '$.action'), '([^#/]+)$', 1)"
    registers = [
        f"WHEN {is_member} AND list_contains([{', '.join(map(literal, settings[name]))}], "
        f"lower({action})) THEN {literal(verb)}"
        for name, verb in _MEMBERSHIP.items()
    ]
    verb = f"""CASE {" ".join(registers)}
        WHEN (e ->> '$.type') = 'AssessmentEvent' AND {action} = 'Submitted' AND {_PROBLEM} IS NOT NULL
            THEN {_PROBLEM}
        WHEN (e ->> '$.type') = 'MediaEvent' AND {action} IN ('Started', 'Resumed',
            'Restarted') THEN 'https://w3id.org/xapi/video/verbs/played'
        ELSE {literal(_CALIPER_ACTION)} || {action} END"""
    whole = (
        "json_array(json_object('id', {id}, 'definition', json_object('type', {literal} || ({entity} ->> "
        "'$.type'))))"
    )
    # event-routing-backends keeps the course in an extension, older versions as a bare key.
    grouping = (
        "coalesce((e -> '$.group'), (e -> '$.object.extensions.isPartOf'), (e -> "
        "'$.object.extensions.course_id'))"
    )
    context = {
        key: whole.format(id=_id_of(entity), literal=literal(_CALIPER), entity=entity)
        for key, entity in (("parent", f"({what} -> '$.isPartOf')"), ("grouping", grouping))
    }
    extension = "(e ->> '$.object.extensions.{}')"
    raw = (
        f"coalesce(e ->> '$.generated.scoreGiven', {extension.format('weighted_earned')}, "
        f"{extension.format('grade')})"
    )
    highest = (
        f"coalesce(e ->> '$.generated.maxScore', {extension.format('weighted_possible')}, "
        f"{extension.format('max_grade')})"
    )
    success = (
        f"CASE {extension.format('success')} WHEN 'correct' THEN 'true' WHEN 'incorrect' THEN 'false' END"
    )
    return {
        "id": "regexp_replace((e ->> '$.id'), '^urn:uuid:', '')",
        "timestamp": "e ->> '$.eventTime'",
        "actor": _caliper_agent(who, settings),
        "is_use": f"NOT ({is_grade} OR {is_member}) OR coalesce(({_id_of(who)}) = ({acting}), false)",
        "verb": f"json_object('id', {verb})",
        "object": f"json_object('id', {_id_of(what)}, 'definition', json_object('type', "
        f"{literal(_CALIPER)} || ({kind})))",
        "result": f"json_object('success', {success}, 'score', json_object('raw', {raw}, 'max', {highest}))",
        "context": f"json_object('contextActivities', json_object('parent', {context['parent']}, 'grouping', "
        f"{context['grouping']}))",
    }


_MEMBERSHIP = {
    "registered": "http://adlnet.gov/expapi/verbs/registered",
    "unregistered": "http://id.tincanapi.com/verb/unregistered",
}


class OpenEdx:
    """SQL over the JSON value `e` of an event of Open edX's tracking log, by the mapping `open_edx` of
    `expectations/learning.yml`.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        self.events: dict[str, Mapping[str, Any]] = settings["events"]
        self.has_event = "json_type(e) = 'OBJECT' AND (e ->> '$.event_type') IS NOT NULL"
        page = settings["account_home_page"]
        self.page = (
            literal(iri.normal(page)) if page else "('https://' || nullif(lower(trim(e ->> '$.host')), ''))"
        )
        self.username = f"nullif(trim({self.at(settings['account_name'])}), '')"
        self.user_id = self.number(settings["user_id"])

    def at(self, path: str) -> str:
        """The text at a path; `event` is an object, or a text that holds one."""
        event = (
            "CASE WHEN json_type(e -> '$.event') = 'VARCHAR' THEN try_cast((e ->> '$.event') AS JSON) "
            "ELSE (e -> '$.event') END"
        )
        return (
            f"(({event}) ->> {literal('$' + path.removeprefix('$.event'))})"
            if path.startswith("$.event.")
            else f"(e ->> {literal(path)})"
        )

    def number(self, path: str) -> str:
        """The user id at a path, else NULL: who is not logged in has none."""
        return f"regexp_extract({self.at(path)}, '^[1-9][0-9]*$', 0)"

    def chosen(self, part: str, as_sql: Any, otherwise: str) -> str:
        cases = " ".join(
            f"WHEN {literal(name)} THEN {as_sql(told[part])}"
            for name, told in self.events.items()
            if part in told
        )
        return f"CASE (e ->> '$.event_type') {cases} ELSE {otherwise} END"

    @property
    def with_about(self) -> str:
        names = ", ".join(literal(name) for name, told in self.events.items() if "about" in told)
        return f"coalesce(list_contains([{names}], (e ->> '$.event_type')), false)"

    def pairs(self) -> str:
        """Username and user id, as identifiers, of who acted: of events that can be about nobody else."""
        return f"""
            CASE WHEN {self.has_event} AND NOT {self.with_about}
                THEN 'account:' || {self.page} || '|' || {self.username} END AS identifier,
            'account:' || {self.page} || '|' || nullif({self.user_id}, '') AS alias"""

    def _about(self, paths: Any, is_name: bool) -> str:
        listed = [path for path in _listed(paths) if path.endswith("name") == is_name]
        found = [f"nullif({self.at(path) if is_name else self.number(path)}, '')" for path in listed]
        return f"coalesce({', '.join(found)}, NULL)" if found else "NULL"

    def person(self) -> tuple[str, str]:
        """Name of the account that the event is about, and whether that person acted.

        Who acted is named by username. Another person is named as the event names them, mostly by a number: a
        register or the log itself (`identities.link`) says whose it is. An event whose own context may name
        the learner says nothing of who acted.
        """
        name = f"({self.chosen('about', lambda paths: self._about(paths, True), 'NULL')})"
        number = f"({self.chosen('about', lambda paths: self._about(paths, False), 'NULL')})"
        user_id, username = f"nullif({self.user_id}, '')", self.username
        hidden = [
            event
            for event, told in self.events.items()
            if self.settings["user_id"] in _listed(told.get("about", ()))
        ]
        is_hidden = (
            f"list_contains([{', '.join(map(literal, hidden))}], (e ->> '$.event_type'))"
            if hidden
            else "false"
        )
        inside = "nullif({}, '')"
        acted = (
            f"coalesce({username}, {user_id}, {inside.format(self.at('$.event.username'))}, "
            f"{inside.format(self.number('$.event.user_id'))})"
        )
        is_self = f"({username} IS NOT NULL AND {number} = {user_id} AND NOT ({is_hidden}))"
        person = (
            f"CASE WHEN {name} IS NOT NULL THEN {name} WHEN {number} IS NULL OR {is_self} THEN {acted} "
            f"ELSE {number} END"
        )
        is_use = f"""
            CASE WHEN {name} IS NOT NULL THEN coalesce({name} = {username},
                false) WHEN {number} IS NULL OR {is_self} THEN true
            WHEN {is_hidden} THEN {username} IS NULL OR is_own_id
                ELSE coalesce({username} IS NULL AND {number} = {user_id}, false) END"""
        return person, is_use

    def rows(self, lines: str) -> str:
        """A FROM item with the events as `e`, each with whether username and user id in it are known to be
        one account.
        """
        return f"""
            (SELECT e, coalesce((alias, identifier) IN (SELECT (alias, identifier)
            FROM platform_pairs), false) AS is_own_id FROM (
            SELECT json AS e, 'account:' || {self.page} || '|' || {self.username} AS identifier,
                'account:' || {self.page} || '|' || nullif({self.user_id}, '') AS alias
                    FROM (SELECT json, json AS e FROM {lines})))"""

    def parts(self) -> dict[str, str]:
        """Each part of a statement: what `expectations/learning.yml` names, everything else as use of its
        course.
        """
        course = (
            "coalesce(nullif((e ->> '$.context.course_id'), ''), nullif("
            + self.at("$.event.course_id")
            + ", ''), 'urn:open-edx:platform')"
        )
        # A browser sends a problem_check of its own, without the problem: it counts as use of the course.
        thing = f"({self.chosen('object', self.at, 'NULL')})"
        kind = self.chosen("type", literal, "NULL")
        # A video is named by the last part of its block only.
        named = f"""
            CASE WHEN regexp_full_match({thing}, '[0-9a-f]{{32}}') AND starts_with({course}, 'course-v1:')
            THEN replace({course}, 'course-v1:', 'block-v1:') || '+type@' || ({kind}) || '+block@' || {thing}
                ELSE {thing} END"""
        segment = literal("http://adlnet.gov/expapi/activities/")
        person, is_use = self.person()
        share = f"try_cast({self.chosen('share', self.at, 'NULL')} AS DOUBLE)"
        return {
            "id": "NULL",
            "timestamp": "e ->> '$.time'",
            "actor": f"CASE WHEN {self.has_event} THEN json_object('account', json_object('homePage', "
            f"{self.page}, 'name', {person})) END",
            "is_use": is_use,
            "verb": f"CASE WHEN {self.has_event} THEN json_object('id', CASE WHEN {thing} IS NULL THEN "
            f"'urn:open-edx:use' ELSE {self.chosen('verb', literal, 'NULL')} END) END",
            "object": f"""CASE WHEN {self.has_event} THEN json_object('id', coalesce({named}, {course}),
                'definition', json_object('type',
                    CASE WHEN {thing} IS NULL THEN {literal("http://adlnet.gov/expapi/activities/course")}
                    ELSE {segment} || {kind} END)) END""",
            "result": f"""
                json_object('success',
                    CASE {self.at("$.event.success")} WHEN 'correct' THEN 'true' WHEN 'incorrect'
                    THEN 'false' END,
                'completion', CASE WHEN {share} >= 1 THEN 'true' END, 'extensions',
                    json_object({literal(PROGRESS)}, {share} * 100),
                'score', json_object('raw', {self.chosen("raw", self.at, "NULL")},
                    'max', {self.chosen("max", self.at, "NULL")}))""",
            "context": f"json_object('contextActivities', json_object('grouping', "
            f"json_array(json_object('id', {course}))))",
        }


def _listed(paths: Any) -> list[str]:
    return [paths] if isinstance(paths, str) else list(paths)


def pairs(landed: Landed, mapping: LearningMap) -> str | None:
    """A query of (identifier, alias): usernames and user ids that the platform's own log says are one
    account. None: the format tells none.
    """
    if format_of(landed) != "open_edx":
        return None
    return f"""SELECT identifier, any_value(alias) AS alias FROM (
        SELECT DISTINCT identifier, alias FROM (SELECT {OpenEdx(mapping.open_edx).pairs()}
        FROM (SELECT json AS e FROM {_lines(landed)}))
        WHERE identifier IS NOT NULL AND alias IS NOT NULL) GROUP BY identifier HAVING count(*) = 1"""


def _sql_type(shape: dict | list | str) -> str:
    if isinstance(shape, dict):
        return "STRUCT(" + ", ".join(f'"{name}" {_sql_type(inner)}' for name, inner in shape.items()) + ")"
    if isinstance(shape, list):
        return _sql_type(shape[0]) + "[]"
    return shape


def _as_json(name: str, landed: Landed) -> str:
    if landed.kind == "csv":
        return f'coalesce(try_cast("{name}" AS JSON), to_json("{name}"))'
    return (
        f'CASE WHEN typeof("{name}") = \'VARCHAR\' THEN coalesce(try_cast("{name}"::VARCHAR AS JSON), '
        f'to_json("{name}")) ELSE to_json("{name}") END'
    )

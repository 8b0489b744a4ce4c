"""Events of Open edX's tracking log: SQL for each part of an xAPI statement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anonymart import iri
from anonymart.engine import literal

PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"


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

"""Caliper 1.2 events (IMS/1EdTech), alone or in envelopes: SQL for each part of an xAPI statement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anonymart.engine import literal

_CALIPER = "http://purl.imsglobal.org/caliper/"
_CALIPER_ACTION = "http://purl.imsglobal.org/vocab/caliper/action#"


# An envelope holds its events in `data`; a bare event is one of itself.
EVENTS = (
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


def parts(settings: Mapping[str, Any]) -> dict[str, str]:
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

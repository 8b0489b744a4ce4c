"""Whole exports of Moodle's log: the report (Site administration > Reports > Logs, as CSV, in any language)
and the table mdl_logstore_standard_log.

Names, "Event context", "Affected user" and addresses are never read (D-IDENT). In the report Moodle writes
the column Description in English whatever the language is, so verbs and ids are read from it. A person is the
account <user id> of the site, an object the address of its page.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from anonymart.engine import literal
from anonymart.files.landed import FileRefused, Landed
from anonymart.ingest.files import reader

REPORT, TABLE = "moodle_report", "moodle_table"
_TIMES = {"time", "heure", "date", "date et heure", "hora", "fecha", "zeit", "tijd", "ora", "data"}
_DESCRIPTIONS = {"description", "descripcion", "beschreibung", "descrizione", "beschrijving", "descricao"}
_CONTEXTS = {
    "event context",
    "contexte de l'evenement",
    "contexte d'evenement",
    "contexto del evento",
    "ereigniskontext",
    "event-kontext",
    "contesto dell'evento",
    "contesto evento",
    "gebeurteniscontext",
    "context",
    "contexto do evento",
}
_OF_TABLE = (
    "eventname",
    "component",
    "contextlevel",
    "contextinstanceid",
    "userid",
    "courseid",
    "relateduserid",
    "other",
    "timecreated",
)
_ADL = "http://adlnet.gov/expapi/verbs/"
_UNREGISTERED = "http://id.tincanapi.com/verb/unregistered"
_VIEWED = "http://id.tincanapi.com/verb/viewed"
_SUBMITTED = "http://activitystrea.ms/schema/1.0/submit"
_LOGGED_IN = "https://w3id.org/xapi/adl/verbs/logged-in"
_USER, _OTHER_USER = (
    "user with id '([1-9][0-9]*)'",
    "(?:for|enrolled|unenrolled|of|to) the user with id '([1-9][0-9]*)'",
)
_MODULE = "course module (?:with )?id '([0-9]+)'"
# What the descriptions call a module, where it is not its name.
_NAMES = {
    "assignment": "assign",
    "h5p activity": "h5pactivity",
    "database": "data",
    "external tool": "lti",
    "url": "url",
}
_MONTHS = {
    "january": "janvier|janv|jan|january",
    "february": "fevrier|fevr|fev|feb|february",
    "march": "mars|mar|march",
    "april": "avril|avr|apr|april",
    "may": "mai|may",
    "june": "juin|jun|june",
    "july": "juillet|juil|jul|july",
    "august": "aout|aug|august",
    "september": "septembre|sept|sep|september",
    "october": "octobre|oct|october",
    "november": "novembre|nov|november",
    "december": "decembre|dec|december",
}


def form_of(columns: tuple[str, ...]) -> str | None:
    """REPORT or TABLE, by the names of the columns; None: no log of Moodle."""
    folded = {_folded(name) for name in columns}
    if set(_OF_TABLE) - {"other", "component"} <= folded:
        return TABLE
    return (
        REPORT
        if columns and _folded(columns[0]) in _TIMES and folded & _DESCRIPTIONS and folded & _CONTEXTS
        else None
    )


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("\u2019", "'")).encode("ascii", "ignore").decode()
    return re.sub(r"\s+", " ", plain.strip().lower())


def rows(landed: Landed, settings: Mapping[str, Any]) -> str:
    """A FROM item: person and acting (user ids), is_use, verb, module, module_name, course, occurred_at (a
    text in UTC). Raises FileRefused without a site.
    """
    if not settings["site"]:
        raise FileRefused(
            "a log of Moodle does not say of which site it is: name its address as `site` under "
            "`moodle` in learning.yml of the school's configuration"
        )
    found = _report(landed, settings) if form_of(landed.columns) == REPORT else _table(landed)
    return f"""(SELECT * REPLACE (coalesce(module_name, names[module]) AS module_name) FROM (SELECT *, (
        SELECT map_from_entries(list((module, module_name))) FROM (
            SELECT module, min(module_name) AS module_name FROM {found}
            WHERE module IS NOT NULL AND module_name IS NOT NULL GROUP BY module)
        ) AS names FROM {found}))"""


def parts(settings: Mapping[str, Any]) -> dict[str, str]:
    """Each part of a statement, over the columns of `rows`."""
    site = literal(str(settings["site"]).rstrip("/"))
    course = f"{site} || '/course/view.php?id=' || course"
    is_course = f"verb IN ({literal(_ADL + 'registered')}, {literal(_UNREGISTERED)}) OR module IS NULL"
    thing = (
        f"CASE WHEN {is_course} THEN coalesce({course}, {site}) ELSE {site} || '/mod/' || "
        f"coalesce(module_name, 'module') || '/view.php?id=' || module END"
    )
    kind = (
        f"CASE WHEN {is_course} THEN if(course IS NULL, 'site', 'course') ELSE CASE module_name WHEN "
        f"'assign' THEN 'assignment' ELSE coalesce(module_name, 'module-page') END END"
    )
    return {
        "id": "NULL",
        "timestamp": "occurred_at",
        "actor": f"json_object('account', json_object('homePage', {site}, 'name', person))",
        "is_use": "is_use",
        "verb": "json_object('id', verb)",
        "object": f"json_object('id', {thing}, 'definition', json_object('type', "
        f"'http://adlnet.gov/expapi/activities/' || {kind}))",
        "result": "json_object()",
        "context": f"json_object('contextActivities', json_object('grouping', json_array(json_object('id', "
        f"{course}))))",
    }


def _report(landed: Landed, settings: Mapping[str, Any]) -> str:
    named = {_folded(name): name for name in landed.columns}
    description = next(named[name] for name in named if name in _DESCRIPTIONS)
    moment = landed.columns[0]

    def got(pattern: str) -> str:
        return f"nullif(regexp_extract(d, {literal(pattern)}, 1), '')"

    told = (
        (" enrolled the user with id", _ADL + "registered"),
        (" unenrolled the user with id", _UNREGISTERED),
        (" completed the course with id", _ADL + "completed"),
        ("updated the completion state", _ADL + "completed"),
        (" graded the ", _ADL + "scored"),
        (" updated the grade ", _ADL + "scored"),
        ("started the attempt", _ADL + "attempted"),
        ("submitted the attempt", _ADL + "completed"),
        ("submitted the submission", _SUBMITTED),
        (" logged in", _LOGGED_IN),
    )
    verb = (
        f"CASE "
        f"{' '.join(f'WHEN contains(d, {literal(words)}) THEN {literal(iri)}' for words, iri in told)} "
        f"ELSE {literal(_VIEWED)} END"
    )
    about_others = " OR ".join(
        f"contains(d, {literal(words)})" for words, _ in (told[0], told[1], told[3], told[4], told[5])
    )
    name = got("(?:the )?'([a-z0-9_]+)' activity with course module")
    spelled = got("(?:for|of|in|from|to) the ([a-z0-9 ]+?) with course module id")
    names = " ".join(f"WHEN {literal(words)} THEN {literal(module)}" for words, module in _NAMES.items())
    return f"""(SELECT acting, CASE WHEN is_about_other THEN other ELSE acting END AS person,
        coalesce(CASE WHEN contains(d, ' completed the course with id') THEN false WHEN is_about_other
            THEN other = acting ELSE true END, false) AS is_use,
        verb, module, coalesce(quoted, CASE spelled {names} ELSE replace(spelled, ' ',
            '') END) AS module_name, course, occurred_at
    FROM (SELECT d, {got(_USER)} AS acting, {got(_OTHER_USER)} AS other, ({about_others}) AS is_about_other,
        {verb} AS verb, {got(_MODULE)} AS module,
        {name} AS quoted, {spelled} AS spelled, {got("course with id '([0-9]+)'")} AS course,
            {_time("t", settings)} AS occurred_at
    FROM (SELECT "{moment}" AS t, "{description}" AS d FROM {reader(landed, (moment, description))})))"""


def _time(column: str, settings: Mapping[str, Any]) -> str:
    """The report's time, in the language and order of the site, as a text in UTC; NULL where it cannot be
    read or names no year.
    """
    text = f"regexp_replace(lower(strip_accents(trim({column}))), '^[a-z]+[.,]* +', '')"
    for month, words in _MONTHS.items():
        text = f"regexp_replace({text}, '\\b({words})\\b[.]?', '{month}')"
    day = "%m/%d" if settings.get("date_order") == "month" else "%d/%m"
    days = [f"{day}/%y", f"{day}/%Y", "%d %B %Y", "%B %d %Y", "%B %d, %Y", "%d.%m.%Y", "%Y-%m-%d", "%Y/%m/%d"]
    hours = ["%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p"]
    formats = ", ".join(
        literal(f"{each}{comma}{hour}") for each in days for comma in (", ", " ") for hour in hours
    )
    zone = literal(settings["time_zone"])
    return (
        f"strftime((try_strptime({text}, [{formats}]) AT TIME ZONE {zone}) AT TIME ZONE 'UTC', "
        f"'%Y-%m-%dT%H:%M:%SZ')"
    )


def _table(landed: Landed) -> str:
    present = {name.lower(): name for name in landed.columns}
    columns = ", ".join(
        f'"{present[name]}" AS {name}' if name in present else f"NULL::VARCHAR AS {name}"
        for name in _OF_TABLE
    )
    wanted = tuple(present[name] for name in _OF_TABLE if name in present)
    event = "regexp_extract(eventname, '[^\\\\]+$', 0)"
    state = "regexp_extract(other, 'completionstate[^0-9]{1,6}([0-3])', 1)"
    told = {
        "user_enrolment_created": _ADL + "registered",
        "user_enrolment_deleted": _UNREGISTERED,
        "course_completed": _ADL + "completed",
        "user_graded": _ADL + "scored",
        "submission_graded": _ADL + "scored",
        "attempt_started": _ADL + "attempted",
        "attempt_submitted": _ADL + "completed",
        "assessable_submitted": _SUBMITTED,
        "user_loggedin": _LOGGED_IN,
    }
    verb = " ".join(f"WHEN {literal(name)} THEN {literal(iri)}" for name, iri in told.items())
    others = (
        "('user_enrolment_created', 'user_enrolment_deleted', 'course_completed', "
        "'course_module_completion_updated', 'user_graded', 'submission_graded')"
    )
    number = "CASE WHEN regexp_full_match({0}, '[1-9][0-9]*') THEN {0} END"
    return f"""
        (SELECT {number.format("userid")} AS acting,
            CASE WHEN event IN {others} THEN {number.format("relateduserid")}
            ELSE {number.format("userid")} END AS person,
        coalesce(CASE WHEN event = 'course_completed' THEN false WHEN event IN {others}
            THEN relateduserid = userid ELSE true END, false) AS is_use,
        CASE event WHEN 'course_module_completion_updated' THEN if({state} = '0', {literal(_VIEWED)},
            {literal(_ADL + "completed")}) {verb} ELSE {literal(_VIEWED)} END AS verb,
        CASE WHEN contextlevel = '70' THEN contextinstanceid END AS module,
        CASE WHEN contextlevel = '70' THEN nullif(regexp_extract(component, '^mod_([a-z0-9]+)$', 1),
            '') END AS module_name,
        CASE WHEN courseid NOT IN ('0', '1') THEN courseid END AS course,
        strftime(to_timestamp(try_cast(timecreated AS BIGINT)) AT TIME ZONE 'UTC',
            '%Y-%m-%dT%H:%M:%SZ') AS occurred_at
    FROM (SELECT *, {event} AS event FROM (SELECT {columns} FROM {reader(landed, wanted)})))"""

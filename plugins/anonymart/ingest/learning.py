"""What makes a statement right, by the specification of xAPI 1.0.3 and 2.0 and no stricter, and the one query
that loads a file.

Where Anonymart asks for more it says why: no actor that is several people, no object named by an address, no
time ahead.
"""

from __future__ import annotations

from datetime import date

import duckdb

from anonymart import times
from anonymart.engine import literal
from anonymart.files.landed import Landed
from anonymart.ingest import headers
from anonymart.ingest.contracts import shown
from anonymart.ingest.files import json_format
from anonymart.ingest.learning_map import TYPES, LearningMap, load_map
from anonymart.ingest.learning_readers import KNOWN, format_of
from anonymart.ingest.learning_readers import pairs as pairs_of
from anonymart.ingest.learning_readers import statements as read
from anonymart.temp_tables import BAD

# TEMP tables that another module makes.
READS = (BAD,)

VOIDED = "http://adlnet.gov/expapi/verbs/voided"
NOT_A_STATEMENT = "not a statement"
VOIDS_NO_UUID = "what it voids is no UUID"
# A part of something that has a statement of its own: use, and no result.
PART = "http://adlnet.gov/expapi/verbs/interacted"
# Objects that are no activity say whom or what a statement is about by names of people or ids: none of them
# is kept.
_OTHER_OBJECTS = {
    "Agent": "urn:xapi:agent",
    "Group": "urn:xapi:agent",
    "SubStatement": "urn:xapi:sub-statement",
    "StatementRef": "urn:xapi:statement",
}
_N = r"[0-9]+([.,][0-9]+)?"
_DURATION = rf"P({_N}W|({_N}Y)?({_N}M)?({_N}D)?(T({_N}H)?({_N}M)?({_N}S)?)?)"
_LANGUAGE_MAP = r'\{(\s*"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*"\s*:\s*"([^"\\]|\\.)*"\s*,?)*\s*\}'
# Keys of Open edX have @ in their parts; an address of a person has it between a name and a host with a dot,
# or after mailto.
_KEY_PARTS = r"(?i)(^|[+/]|%2B)(type|block|ccx|branch|version)(@|%40)"
_MAIL = (
    r"(?i)(^mailto:|[^\s/:;,?&=#@<>()\[\]]+(@|%40)[\pL\pN]([\pL\pN-]*[\pL\pN])"
    r"?([.][\pL\pN]([\pL\pN-]*[\pL\pN])?)+)"
)
_SHAPES = 5


def statements(landed: Landed) -> str:
    """A FROM item with one column for each allowed top-level path of a statement."""
    return read(landed, load_map())


def pairs(landed: Landed) -> str | None:
    """A query of (identifier, alias) that the file says are one account; None where its format tells none."""
    return pairs_of(landed, load_map())


def known_names(landed: Landed) -> tuple[str, ...]:
    """The names that may stand at the top of a row of this file."""
    known = format_of(landed)
    return landed.columns if known == "moodle_log" else KNOWN[known]


def select(landed: Landed, load_no: int, as_of: date) -> str:
    """The one query that turns a file into rows of raw.learning, each with its reason if it is not right."""
    mapping = load_map()
    percent = " ,".join(f'result.extensions."{iri}"' for iri in mapping.percent)
    share = " ,".join(f'result.extensions."{iri}"' for iri in mapping.share)
    moment = _time('"timestamp"'), _time('"stored"')
    score = "result.score"
    return f"""
    WITH parsed AS (
        SELECT
            lower(id) AS id_text,
            actor, object AS thing, context.instructor AS instructor, {_own_use(landed)} AS own_use,
                verb.id AS verb_id, verb.display::VARCHAR AS verb_display,
                object.definition.name::VARCHAR AS object_name,
            object.id AS named_id, object.definition.type AS named_type, object."objectType" AS object_form,
            context."contextActivities".parent AS parents,
                context."contextActivities"."grouping" AS groupings,
            CASE WHEN "timestamp" IS NOT NULL THEN {moment[0]} ELSE {moment[1]} END AS occurred_at,
            coalesce("timestamp", "stored") IS NULL AS has_no_time,
            result.success AS success_text, result.completion AS completion_text,
                result.duration AS duration_text,
            {score}.scaled AS scaled_text, {score}.raw AS raw_text, {score}.min AS min_text,
                {score}.max AS max_text,
            coalesce({percent}) AS percent_text, coalesce({share}) AS share_text
        FROM {statements(landed)}
    ),
    typed AS (
        SELECT *,
            {_identifier("actor")} AS acting_identifier,
            {_n_identifiers("actor")} AS n_identifiers,
            CASE WHEN object_form IN ('Agent', 'Group') THEN {mapping.tells_about("verb_id")} ELSE false END
                AS is_about_object,
            {_object()} AS object_of_statement,
            {_whole(mapping, "chapter", "parents")} AS parent_id,
            {_whole(mapping, "course", "groupings")} AS grouping_id,
            CASE WHEN {mapping.is_part("named_type")} THEN list_filter(
                list_concat(parents, groupings), lambda whole:
                    {mapping.is_of("whole.definition.type", "exercise", "project")})[1]
            END AS exercise,
            try_cast(scaled_text AS DOUBLE) AS scaled, try_cast(raw_text AS DOUBLE) AS raw,
            try_cast(min_text AS DOUBLE) AS lowest, try_cast(max_text AS DOUBLE) AS highest,
            coalesce(try_cast(percent_text AS DOUBLE), CASE WHEN share_text IS NOT NULL
                THEN try_cast(share_text AS DOUBLE) * if(try_cast(share_text AS DOUBLE) <= 1, 100,
                    1) END) AS progress_value,
            coalesce(percent_text, share_text) AS progress_text
        FROM parsed
    ),
    told AS (
        SELECT * REPLACE (
                CASE WHEN is_about_object THEN CASE WHEN {mapping.tells_about("verb_id", "registered")}
                    THEN NULL ELSE {_exercise(mapping)} END
                    ELSE exercise END AS exercise),
            CASE WHEN is_about_object THEN {_identifier("thing")} ELSE acting_identifier END
                AS actor_identifier,
            CASE WHEN is_about_object THEN coalesce(grouping_id, parent_id, 'urn:xapi:agent')
                WHEN {_is_input("object_of_statement")} THEN {_problem("object_of_statement")}
                    ELSE object_of_statement END AS object_id,
            {_is_input("object_of_statement")} AS is_input,
            CASE WHEN raw_text IS NOT NULL AND highest > coalesce(lowest, 0) AND raw BETWEEN coalesce(lowest,
                0) AND highest
                THEN (raw - coalesce(lowest, 0)) / (highest - coalesce(lowest, 0)) END AS share_of_points
        FROM typed
    ),
    identified AS (
        SELECT *,
            CASE
                WHEN id_text IS NOT NULL THEN try_cast(id_text AS UUID)
                ELSE sha256(concat_ws('|', actor_identifier, verb_id, named_id, occurred_at, success_text,
                    completion_text, scaled_text, raw_text, progress_text, parents[1].id))[:32]::UUID
            END AS statement_uuid,
            CASE WHEN is_about_object THEN coalesce(actor_identifier = acting_identifier, false)
                WHEN instructor IS NOT NULL THEN CASE WHEN
                    {mapping.tells_about("verb_id", "registered", "graded")}
                    THEN own_use AND coalesce({_identifier("instructor")} = acting_identifier,
                        {_n_identifiers("instructor")} = 0) ELSE own_use END
                ELSE own_use END AS is_use,
            CASE WHEN is_about_object AND exercise IS NULL THEN {literal(TYPES["course"])}
                ELSE coalesce(exercise.definition.type, named_type) END AS told_type
        FROM told
    )
    SELECT
        {load_no} AS load_no,
        row_hash(coalesce(statement_uuid::VARCHAR, id_text)) AS row_hash,
        CASE
            WHEN actor IS NULL AND verb_id IS NULL AND object_id IS NULL THEN {literal(NOT_A_STATEMENT)}
            WHEN statement_uuid IS NULL THEN 'id is not a UUID'
            WHEN actor."objectType" = 'Group' THEN 'actor is a group'
            WHEN n_identifiers > 1 THEN 'actor has more than one identifier'
            WHEN acting_identifier IS NULL AND NOT is_about_object
                THEN 'actor has no identifier that can be read'
            WHEN actor_identifier IS NULL
                THEN 'the person or group that it is about has no identifier of one person'
            WHEN verb_id IS NULL THEN 'verb is missing'
            WHEN verb_id = {literal(VOIDED)} AND object_id IS NULL AND named_id IS NOT NULL
                THEN {literal(VOIDS_NO_UUID)}
            WHEN object_id IS NULL THEN 'object is missing'
            WHEN {_has_address("object_id")} THEN 'object is named by an address'
            WHEN has_no_time THEN 'timestamp and stored are missing'
            WHEN occurred_at IS NULL THEN 'timestamp is not a time'
            WHEN occurred_at >= DATE {literal(str(as_of))} + INTERVAL 2 DAY
                THEN 'timestamp is after the date of the run'
            WHEN success_text IS NOT NULL AND success_text NOT IN ('true',
                'false') THEN 'success is not a boolean'
            WHEN completion_text IS NOT NULL AND completion_text NOT IN ('true',
                'false') THEN 'completion is not a boolean'
            WHEN scaled_text IS NOT NULL AND share_of_points IS NULL AND (scaled IS NULL
                OR NOT scaled BETWEEN -1 AND 1) THEN 'score is not between -1 and 1'
            WHEN (raw_text IS NOT NULL AND raw IS NULL) OR (min_text IS NOT NULL AND lowest IS NULL)
                OR (max_text IS NOT NULL AND highest IS NULL)
                THEN 'score is not a number'
            WHEN (lowest >= highest AND NOT (lowest = 0 AND highest = 0)) OR raw < lowest OR raw > highest
                THEN 'score is not between its min and max'
            WHEN duration_text IS NOT NULL AND NOT ({_is_duration("duration_text")})
                THEN 'duration is not one of ISO 8601'
            WHEN NOT regexp_full_match(verb_display, {literal(_LANGUAGE_MAP)})
                THEN 'display of the verb is no language map'
            WHEN NOT regexp_full_match(object_name, {literal(_LANGUAGE_MAP)})
                THEN 'name of the object is no language map'
        END AS reason,
        statement_uuid AS statement_id, actor_identifier AS actor, if(is_input, {literal(PART)},
            verb_id) AS verb_id,
        coalesce(exercise.id, object_id) AS object_id,
        {mapping.stored_type("told_type")} AS object_type,
        CASE WHEN NOT {_has_address("parent_id")} THEN parent_id END AS parent_id,
        CASE WHEN NOT {_has_address("grouping_id")} THEN grouping_id END AS grouping_id,
        occurred_at, CASE WHEN NOT is_input THEN try_cast(success_text AS BOOLEAN) END AS success,
        CASE WHEN NOT is_input THEN try_cast(completion_text AS BOOLEAN) END AS completion,
        CASE WHEN NOT is_input AND coalesce(highest, 1) <> coalesce(lowest, 0) THEN CASE
            WHEN share_of_points IS NULL OR abs(scaled - share_of_points) < 0.01
                OR abs(scaled - raw / highest) < 0.01 THEN scaled
            ELSE share_of_points END END AS score_scaled,
        CASE WHEN progress_value BETWEEN 0 AND 100 THEN progress_value END AS progress,
        is_use, {literal(format_of(landed))} AS form
    FROM identified
    """


def _identifier(agent: str) -> str:
    """The normalized identifier of an agent; an address is what stands around one @, as in RFC 6068, with or
    without a dot.
    """
    address = f"lower(regexp_replace(trim({agent}.mbox), '^[Mm][Aa][Ii][Ll][Tt][Oo]:', ''))"
    return f"""CASE
                WHEN {agent}.account.name <> '' AND {agent}.account."homePage" <> ''
                    THEN 'account:' || {agent}.account."homePage" || '|' || {agent}.account.name
                WHEN {agent}.account.name IS NOT NULL THEN NULL
                WHEN {agent}.mbox IS NOT NULL THEN CASE WHEN regexp_matches({address},
                    '^[^@\\s,;<>"]+@[^@\\s,;<>"]+$') THEN 'email:' || {address} END
                WHEN regexp_full_match({agent}.mbox_sha1sum,
                    '[0-9a-fA-F]{{40}}') THEN 'sha1:' || lower({agent}.mbox_sha1sum)
                WHEN {agent}.openid <> '' THEN 'openid:' || {agent}.openid
            END"""


def _n_identifiers(agent: str) -> str:
    return f"""(({agent}.account.name IS NOT NULL)::INT + ({agent}.mbox IS NOT NULL)::INT
                + ({agent}.mbox_sha1sum IS NOT NULL)::INT + ({agent}.openid IS NOT NULL)::INT)"""


def _own_use(landed: Landed) -> str:
    """A reader that knows says whether the person whom a row is about did it; of a statement its actor
    did.
    """
    return "true" if format_of(landed) == "xapi" else "coalesce(is_use, true)"


def _exercise(mapping: LearningMap) -> str:
    """The exercise or project that the context names."""
    return (
        f"list_filter(list_concat(parents, groupings), lambda whole: "
        f"{mapping.is_of('whole.definition.type', 'exercise', 'project')})[1]"
    )


# Open edX tells each field of a problem as a statement of its own beside the one about the problem.
_INPUT = r"(.*[+]block(?:@|%40)[0-9A-Za-z]+)_[0-9]+_[0-9]+"


def _is_input(column: str) -> str:
    return (
        f"CASE WHEN contains({column}, '+block') THEN regexp_full_match({column}, {literal(_INPUT)}) "
        "ELSE false END"
    )


def _problem(column: str) -> str:
    return f"regexp_extract({column}, {literal(f'^{_INPUT}$')}, 1)"


def _object() -> str:
    """SQL: the id of the object; of a voiding statement the plain UUID of what it voids (RFC 4122), NULL
    where there is none.
    """
    others = " ".join(f"WHEN {literal(form)} THEN {literal(name)}" for form, name in _OTHER_OBJECTS.items())
    voided = "try_cast(regexp_replace(lower(trim(named_id)), '^urn:uuid:', '') AS UUID)::VARCHAR"
    return (
        f"CASE WHEN verb_id = {literal(VOIDED)} THEN {voided} "
        f"ELSE CASE coalesce(object_form, 'Activity') {others} ELSE named_id END END"
    )


def _whole(mapping: LearningMap, kind: str, place: str) -> str:
    """The context activity of this kind, wherever it stands; else the first at its place that can be a whole.

    Most statements name one whole without its type in each place: they are not looked through.
    """
    both = "list_concat(parents, groupings)"
    of_kind = f"list_filter({both}, lambda whole: {mapping.is_of('whole.definition.type', kind)})[1].id"
    first = f"list_filter({place}, lambda whole: NOT {mapping.is_no_whole('whole.definition.type')})[1].id"
    is_plain = (
        "coalesce(len(parents), 0) <= 1 AND coalesce(len(groupings), 0) <= 1 AND "
        "coalesce(parents[1].definition.type, groupings[1].definition.type) IS NULL"
    )
    return f"CASE WHEN {is_plain} THEN {place}[1].id ELSE coalesce({of_kind}, {first}) END"


def _has_address(column: str) -> str:
    """SQL: the id holds an e-mail address; an @ alone makes none.

    A CASE, not AND: the engine asks both sides of an AND for every row, and here one row in a million counts.
    """
    return f"""
        CASE WHEN contains({column}, '@') OR contains({column}, '%40')
            OR (starts_with({column}, 'm') OR starts_with({column}, 'M')) AND lower({column}) LIKE 'mailto:%'
        THEN regexp_matches(regexp_replace({column}, {literal(_KEY_PARTS)}, '+', 'g'), {literal(_MAIL)})
        ELSE false END"""


def _is_duration(column: str) -> str:
    return (
        f"regexp_full_match({column}, {literal(_DURATION)}) AND {column} <> 'P' AND NOT "
        f"ends_with({column}, 'T')"
    )


def _time(column: str) -> str:
    """UTC of any time that ISO 8601 knows: what DuckDB does not read at once is spelled out first."""
    spelled = f"upper(replace({column}, ',', '.'))"
    for pattern, to in (
        (r"^([0-9]{4})([0-9]{2})([0-9]{2})T", r"\1-\2-\3T"),
        (r"^([0-9]{4})([0-9]{3})T", r"\1-\2T"),
        (r"^([0-9]{4})W([0-9]{2})([0-9])T", r"\1-W\2-\3T"),
        (r"T([0-9]{2})([0-9]{2})([0-9]{2})", r"T\1:\2:\3"),
        (r"T([0-9]{2}):?([0-9]{2})([Z+-]|$)", r"T\1:\2:00\3"),
        (r"T([0-9]{2})([Z+-]|$)", r"T\1:00:00\2"),
        (r"(T[0-9]{2}:[0-9]{2}):60", r"\1:59"),
    ):
        spelled = f"regexp_replace({spelled}, {literal(pattern)}, {literal(to)})"
    day, rest = f"split_part({spelled}, 'T', 1)", f"'T' || split_part({spelled}, 'T', 2)"
    spelled = f"""
        CASE WHEN contains({day}, 'W') THEN try_strptime({day}, '%G-W%V-%u')::DATE::VARCHAR || {rest}
        WHEN length({day}) = 8 AND left({day}, 4) = left(try_strptime({day}, '%Y-%j')::DATE::VARCHAR, 4)
            THEN try_strptime({day}, '%Y-%j')::DATE::VARCHAR || {rest} ELSE {spelled} END"""
    return (
        f"coalesce({times.sql_common(column)}, {times.sql_spelled(column, f'({spelled})')}, "
        f"{times.sql_rare(column)})"
    )


def shapes(connection: duckdb.DuckDBPyConnection, landed: Landed) -> None:
    """In the TEMP table `bad`, tell the shape of what is no statement: names and types at the top, never a
    value.
    """
    if landed.kind not in ("ndjson", "array") or format_of(landed) == "caliper":
        return
    options = json_format() if landed.kind == "ndjson" else "format = 'array', maximum_object_size = 67108864"
    found = connection.execute(f"""
        SELECT lines.ordinal, CASE WHEN json_type(json) = 'OBJECT' THEN json_keys(json) END AS names,
            CASE WHEN json_type(json) = 'OBJECT' THEN list_transform(json_keys(json),
                lambda name: json_type(json -> ('/' || replace(replace(name, '~', '~0'), '/',
                '~1')))) END AS types
        FROM (SELECT row_number() OVER () AS ordinal, json
        FROM read_json_objects({literal(str(landed.path))}, {options})) AS lines
        SEMI JOIN (SELECT ordinal FROM bad WHERE reason = {literal(NOT_A_STATEMENT)}) AS odd USING (ordinal)
        WHERE json IS NOT NULL
    """).fetchall()
    told: dict[str, list[int]] = {}
    asked = {name for _, names, _ in found for name in names or ()}
    if set(landed.columns) & set(known_names(landed)):
        hidden = dict.fromkeys(headers.somebodys(connection, asked), headers.SOMEBODYS)
    else:
        hidden = dict.fromkeys(asked, headers.NOT_KNOWN)
    for ordinal, names, types in found:
        if names:
            told.setdefault(_shape(names, types, hidden), []).append(ordinal)
    # The most frequent are told; a file of a thousand shapes does not fill the ledger.
    for shape, ordinals in sorted(told.items(), key=lambda item: (-len(item[1]), item[0]))[:_SHAPES]:
        connection.execute(
            "UPDATE bad SET reason = $1 WHERE ordinal IN (SELECT unnest($2::BIGINT[]))",
            [f"{NOT_A_STATEMENT}: {shape}", ordinals],
        )


_WORDS = {"OBJECT": "object", "ARRAY": "array", "VARCHAR": "text", "BOOLEAN": "boolean", "NULL": "null"}


def _shape(names: list[str], types: list[str], hidden: dict[str, str]) -> str:
    told = [
        f"column {n} ({hidden[name]})" if name in hidden else shown(name, n)
        for n, name in enumerate(names, 1)
    ]
    parts = sorted(f"{name} {_WORDS.get(kind, 'number')}" for name, kind in zip(told, types, strict=True))
    return ", ".join(parts[:12]) + (f" and {len(parts) - 12} more" if len(parts) > 12 else "")

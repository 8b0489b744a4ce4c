"""Learning statements (xAPI 1.0.3 and 2.0): the allow-list of paths, and what makes a statement right.

Only the paths of `_PATHS` are read; names, authorities, instructors, teams and free responses never are (D-IDENT).
"""

from __future__ import annotations

import json
from datetime import date

from anonymart.engine import literal
from anonymart.ingest import parsers
from anonymart.ingest.files import Landed, elements, json_format, reader

TOP_LEVEL = ("id", "timestamp", "stored", "actor", "verb", "object", "result", "context")
# Paths of a statement that may stand there and are never read; others are named in the ledger.
KNOWN_UNREAD = ("version", "authority", "attachments")
PROGRESS = (
    "https://w3id.org/xapi/cmi5/result/extensions/progress",
    "https://w3id.org/xapi/video/extensions/progress",
    "http://w3id.org/xapi/cmi5/result/extensions/progress",
)

_LEAF = "VARCHAR"
_PATHS: dict = {
    "id": _LEAF,
    "timestamp": _LEAF,
    "stored": _LEAF,
    "actor": {
        "objectType": _LEAF,
        "mbox": _LEAF,
        "mbox_sha1sum": _LEAF,
        "openid": _LEAF,
        "account": {"homePage": _LEAF, "name": _LEAF},
    },
    "verb": {"id": _LEAF},
    "object": {"id": _LEAF, "definition": {"type": _LEAF}},
    "result": {
        "success": _LEAF,
        "completion": _LEAF,
        "score": {"scaled": _LEAF, "raw": _LEAF, "min": _LEAF, "max": _LEAF},
        "extensions": {iri: _LEAF for iri in PROGRESS},
    },
    "context": {"contextActivities": {"parent": [{"id": _LEAF}], "grouping": [{"id": _LEAF}]}},
}


def statements(landed: Landed) -> str:
    """A FROM item with one column for each allowed top-level path of a statement."""
    path = literal(str(landed.path))
    if landed.kind == "ndjson":
        columns = ", ".join(f"{literal(name)}: {literal(_sql_type(shape))}" for name, shape in _PATHS.items())
        return f"read_json({path}, {json_format()}, columns = {{{columns}}})"
    structure = literal(json.dumps(_PATHS))
    if landed.kind == "array":
        return f"(SELECT unnest(json_transform(json, {structure})) FROM {elements(landed.path)})"
    # CSV and Parquet hold the same paths as columns, as texts of JSON or as structures.
    rows = reader(landed, TOP_LEVEL) if landed.kind == "csv" else f"read_parquet({path})"
    fields = ", ".join(f"{literal(name)}, {_as_json(name, landed)}" for name in TOP_LEVEL if name in landed.columns)
    return f"(SELECT unnest(json_transform(json_object({fields}), {structure})) FROM {rows})"


def select(landed: Landed, load_no: int, as_of: date) -> str:
    """The one query that turns a file into rows of raw.learning, each with its reason if it is not right."""
    progress = " ,".join(f'result.extensions."{iri}"' for iri in PROGRESS)
    moment = parsers.timestamp('"timestamp"'), parsers.timestamp('"stored"')
    score = "result.score"
    return f"""
    WITH parsed AS (
        SELECT
            lower(id) AS id_text,
            actor, verb.id AS verb_id, object.id AS object_id, object.definition.type AS object_type,
            context."contextActivities".parent[1].id AS parent_id,
            context."contextActivities"."grouping"[1].id AS grouping_id,
            CASE WHEN "timestamp" IS NOT NULL THEN {moment[0]} ELSE {moment[1]} END AS occurred_at,
            coalesce("timestamp", "stored") IS NULL AS has_no_time,
            result.success AS success_text, result.completion AS completion_text,
            {score}.scaled AS scaled_text, {score}.raw AS raw_text, {score}.min AS min_text, {score}.max AS max_text,
            coalesce({progress}) AS progress_text
        FROM {statements(landed)}
    ),
    typed AS (
        SELECT *,
            CASE
                WHEN actor.account.name <> '' AND actor.account."homePage" <> '' THEN 'account:' || actor.account."homePage" || '|' || actor.account.name
                WHEN actor.account.name IS NOT NULL THEN NULL
                WHEN actor.mbox IS NOT NULL THEN 'email:' || {parsers.email("trim(actor.mbox)")}
                WHEN regexp_full_match(actor.mbox_sha1sum, '[0-9a-fA-F]{{40}}') THEN 'sha1:' || lower(actor.mbox_sha1sum)
                WHEN actor.openid IS NOT NULL THEN 'openid:' || actor.openid
            END AS actor_identifier,
            (actor.account.name IS NOT NULL)::INT + (actor.mbox IS NOT NULL)::INT
                + (actor.mbox_sha1sum IS NOT NULL)::INT + (actor.openid IS NOT NULL)::INT AS n_identifiers,
            try_cast(scaled_text AS DOUBLE) AS scaled, try_cast(raw_text AS DOUBLE) AS raw,
            try_cast(min_text AS DOUBLE) AS lowest, try_cast(max_text AS DOUBLE) AS highest,
            try_cast(progress_text AS DOUBLE) AS progress_value
        FROM parsed
    ),
    identified AS (
        SELECT *,
            CASE
                WHEN id_text IS NOT NULL THEN try_cast(id_text AS UUID)
                ELSE sha256(concat_ws('|', actor_identifier, verb_id, object_id, occurred_at, success_text,
                    completion_text, scaled_text, raw_text, progress_text, parent_id))[:32]::UUID
            END AS statement_uuid
        FROM typed
    )
    SELECT
        {load_no} AS load_no,
        row_hash(coalesce(id_text, statement_uuid::VARCHAR)) AS row_hash,
        CASE
            WHEN actor IS NULL AND verb_id IS NULL AND object_id IS NULL AND id_text IS NULL THEN 'not a statement'
            WHEN statement_uuid IS NULL THEN 'id is not a UUID'
            WHEN n_identifiers > 1 THEN 'actor has more than one identifier'
            WHEN actor_identifier IS NULL THEN 'actor has no identifier that can be read'
            WHEN actor."objectType" = 'Group' THEN 'actor is a group'
            WHEN verb_id IS NULL THEN 'verb is missing'
            WHEN object_id IS NULL THEN 'object is missing'
            WHEN contains(object_id, '@') OR contains(object_id, '%40') THEN 'object is named by an address'
            WHEN has_no_time THEN 'timestamp and stored are missing'
            WHEN occurred_at IS NULL THEN 'timestamp is not a time'
            WHEN occurred_at >= DATE {literal(str(as_of))} + INTERVAL 2 DAY THEN 'timestamp is after the date of the run'
            WHEN success_text IS NOT NULL AND success_text NOT IN ('true', 'false') THEN 'success is not a boolean'
            WHEN completion_text IS NOT NULL AND completion_text NOT IN ('true', 'false') THEN 'completion is not a boolean'
            WHEN scaled_text IS NOT NULL AND (scaled IS NULL OR NOT scaled BETWEEN -1 AND 1) THEN 'score is not between -1 and 1'
            WHEN raw_text IS NOT NULL AND raw IS NULL THEN 'score is not a number'
            WHEN progress_text IS NOT NULL AND (progress_value IS NULL OR NOT progress_value BETWEEN 0 AND 100)
                THEN 'progress is not between 0 and 100'
        END AS reason,
        statement_uuid, actor_identifier, verb_id, object_id, object_type, parent_id, grouping_id, occurred_at,
        try_cast(success_text AS BOOLEAN), try_cast(completion_text AS BOOLEAN),
        coalesce(scaled, CASE WHEN highest > coalesce(lowest, 0) AND raw BETWEEN coalesce(lowest, 0) AND highest
            THEN (raw - coalesce(lowest, 0)) / (highest - coalesce(lowest, 0)) END),
        progress_value
    FROM identified
    """


def _sql_type(shape: dict | list | str) -> str:
    if isinstance(shape, dict):
        return "STRUCT(" + ", ".join(f'"{name}" {_sql_type(inner)}' for name, inner in shape.items()) + ")"
    if isinstance(shape, list):
        return _sql_type(shape[0]) + "[]"
    return shape


def _as_json(name: str, landed: Landed) -> str:
    if landed.kind == "csv":
        return f'coalesce(try_cast("{name}" AS JSON), to_json("{name}"))'
    return f'CASE WHEN typeof("{name}") = \'VARCHAR\' THEN coalesce(try_cast("{name}"::VARCHAR AS JSON), to_json("{name}")) ELSE to_json("{name}") END'

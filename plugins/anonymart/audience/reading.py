"""Access logs and exports of Matomo as rows of page views, in SQL. What a row must not keep stands here in
passing only: address, target, user agent (D-AUDIENCE).

Formats: the combined log format of Apache and nginx; access logs of one JSON object a line, as nginx and
Caddy write them; the array of Matomo's `Live.getLastVisitsDetails`. Referrers, user ids and cookies are not
read.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from anonymart.engine import literal
from anonymart.files.landed import FileRefused, Landed

_IP = r"(?:\d{1,3}\.){3}\d{1,3}|(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|[0-9A-Fa-f:]*::[0-9A-Fa-f:.]*"
# Address, two names that are not read, time, request, status; then size, referrer and user agent. Before the
# address may stand the name of the server, which may be an address too, or what syslog writes; after it the
# proxies of X-Forwarded-For. A mark of UTF-8 may begin the file.
_LINE = (
    rf'^(?:\xef\xbb\xbf)?(?:(?:[^"]*[^," ] +)?({_IP})(?:, *[^ ,"]+)* - |(\S+) )[^"]*\[([^\]"]+)\] '
    r'"([A-Z]+) (\S+)[^"]*" (\d{3}) \S+ "(?:[^"\\]|\\.)*" "((?:[^"\\]|\\.)*)"'
)
_NAMES = "['address', 'other', 'moment', 'method', 'target', 'status', 'agent']"
# Lines that are longer, by number; DuckDB leaves them out.
TOO_LONG = "long_lines"
_LOG_TIME = "%d/%b/%Y:%H:%M:%S %z"
# Where the JSON of a logger has each of them: the first that is there counts.
_JSON = {
    "address": (
        "remote_addr",
        "remote_ip",
        "client_ip",
        "clientip",
        "request.client_ip",
        "request.remote_ip",
    ),
    "moment": ("time_iso8601", "@timestamp", "timestamp", "time_local", "time", "ts", "msec"),
    "method": ("request_method", "method", "request.method"),
    "target": ("request_uri", "uri", "request.uri"),
    "status": ("status", "response_status", "status_code"),
    "agent": ("http_user_agent", "user_agent", "agent", "request.headers.User-Agent[0]"),
}
# What each kind of file is called for people.
FORMATS = {
    "access_log": "an access log in the combined format",
    "json_log": "an access log in JSON",
    "matomo": "visits of Matomo",
}
_REQUEST = r"^([A-Z]+) (\S+)"
_SAMPLE = 200


def land(path: Path, head: bytes) -> Landed:
    """Tell by its content what a delivered file is. Raises FileRefused for what is none of the formats."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if b"\x00" in head:
        raise FileRefused("binary content")
    if text.rstrip() == b"[]":
        # A day without visits.
        return Landed(path, "audience", "matomo", ())
    if text[:1] == b"[":
        if b'"actionDetails"' not in head:
            raise FileRefused("JSON, but no visits with actionDetails as Matomo writes them")
        return Landed(path, "audience", "matomo", ())
    lines = [line for line in text.split(b"\n")[:_SAMPLE] if line.strip()]
    if text[:1] == b"{":
        if not any(_is_logged(line) for line in lines):
            raise FileRefused("JSON, but no access log with address, time, request and status")
        return Landed(path, "audience", "json_log", ())
    if not any(re.match(_LINE, line.decode("latin-1")) for line in lines):
        raise FileRefused("no access log in the combined format, none in JSON, and no export of Matomo")
    return Landed(path, "audience", "access_log", ())


def _is_logged(line: bytes) -> bool:
    try:
        event = json.loads(line)
    except ValueError:
        return False
    return isinstance(event, dict) and any(name.partition(".")[0] in event for name in _JSON["address"])


def rows(landed: Landed) -> str:
    """A query of one row for each line or page view, in order: `ordinal`, and as texts address, moment (UTC),
    method, target, status and agent; a line that cannot be read has NULL for an address.
    """
    return {"access_log": _of_lines, "json_log": _of_json, "matomo": _of_matomo}[landed.kind](landed.path)


def _of_lines(path: Path) -> str:
    return f"""
        SELECT ordinal, coalesce(nullif(part.address, ''), nullif(part.other, '')) AS address,
            {_moment("part.moment")} AS moment, part.method, part.target, part.status, part.agent
        FROM (
            SELECT row_number() OVER () AS ordinal, regexp_extract(line, {literal(_LINE)}, {_NAMES}) AS part
            FROM {_lines(path)}
        )"""


def _lines(path: Path) -> str:
    """A FROM item of the lines as they are. Bytes of no encoding are no reason to refuse a log: a page with
    such a path is `other`.
    """
    return (
        f"read_csv({_named(path)}, auto_detect = false, header = false, delim = '\x1f', quote = '', "
        "escape = '', strict_mode = false, encoding = 'latin-1', columns = {'line': 'VARCHAR'}, "
        f"max_line_size = 16777216, store_rejects = true, rejects_table = '{TOO_LONG}', "
        f"rejects_scan = 'scans_of_{TOO_LONG}', rejects_limit = 0)"
    )


def _named(path: Path) -> str:
    """The path of this file alone, as SQL: DuckDB takes *, ? and [ for patterns."""
    return literal(re.sub(r"[*?\[]", r"[\g<0>]", str(path)))


def _of_json(path: Path) -> str:
    found = {
        name: "coalesce(" + ", ".join(f"json ->> {literal(_json_path(key))}" for key in keys) + ")"
        for name, keys in _JSON.items()
    }
    request = "coalesce(json ->> '$.request', '')"
    return f"""
        SELECT ordinal, nullif(address, '') AS address, {_moment("moment")} AS moment,
            coalesce(method, regexp_extract(request, {literal(_REQUEST)}, 1)) AS method,
            coalesce(target, regexp_extract(request, {literal(_REQUEST)}, 2)) AS target,
            coalesce(status, '') AS status, coalesce(agent, '') AS agent
        FROM (
            SELECT row_number() OVER () AS ordinal, {request} AS request,
                {", ".join(f"{sql} AS {name}" for name, sql in found.items())}
            FROM (SELECT if(json_valid(text), text, NULL)::JSON AS json
                FROM (SELECT regexp_replace(line, '^\\xef\\xbb\\xbf', '') AS text FROM {_lines(path)}
                    WHERE trim(line) <> ''))
        )"""


def _of_matomo(path: Path) -> str:
    """A row for each action of each visit, and one that cannot be read for a visit without any. Matomo leaves
    crawlers out itself and names no user agent here.
    """
    return f"""
        SELECT row_number() OVER () AS ordinal,
            CASE WHEN action IS NOT NULL THEN
                coalesce('visitor:' || nullif(visit ->> '$.visitorId', ''), visit ->> '$.visitIp')
            END AS address,
            {_moment("coalesce(action ->> '$.timestamp', visit ->> '$.serverTimestamp')")} AS moment,
            if(action ->> '$.type' = 'action', 'GET', 'OTHER') AS method,
            coalesce(action ->> '$.url', '') AS target, '200' AS status, 'Matomo' AS agent
        FROM (
            SELECT json AS visit, unnest(CASE
                WHEN json_array_length(json, '$.actionDetails') > 0
                    THEN json_extract(json, '$.actionDetails[*]')
                WHEN len(json_keys(json, '$.actionDetails')) > 0 THEN json_extract(json, '$.actionDetails.*')
                ELSE [NULL] END) AS action
            FROM read_json_objects({_named(path)}, format = 'array', maximum_object_size = 67108864)
        )"""


def _moment(text: str) -> str:
    """SQL for a time of UTC: of a log, ISO 8601 with its offset, or seconds or
    milliseconds since 1970; else NULL."""
    return f"""coalesce(
        try_strptime({text}, {literal(_LOG_TIME)})::TIMESTAMPTZ AT TIME ZONE 'UTC',
        CASE WHEN regexp_full_match({text}, '\\d{{9,10}}([.]\\d+)?')
            THEN make_timestamp((try_cast({text} AS DOUBLE) * 1000000)::BIGINT) END,
        CASE WHEN regexp_full_match({text}, '\\d{{12,13}}')
            THEN make_timestamp((try_cast({text} AS BIGINT) * 1000)) END,
        CASE WHEN regexp_matches({text}, '([zZ]|[+-]\\d\\d:?\\d\\d)$')
            THEN try_cast({text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END)"""


def _json_path(key: str) -> str:
    """`request.headers.User-Agent[0]` as a JSON path."""
    parts = [re.fullmatch(r"([^\[]+)(\[\d+\])?", part) for part in key.split(".")]
    return "$" + "".join(f'."{part[1]}"{part[2] or ""}' for part in parts if part)

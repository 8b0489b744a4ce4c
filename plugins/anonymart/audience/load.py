"""One file of visits into the vault: page views by day, type of page or course, and keyed hash of the
visitor; nothing else of a line is stored (P-AUDIENCE, D-AUDIENCE).
"""

from __future__ import annotations

import secrets
from datetime import date

import duckdb

from anonymart.audience import reading
from anonymart.audience.pages import OTHER, Pages, pages
from anonymart.audience.term import KEYS, VISITS, is_closed, over_term
from anonymart.engine import literal
from anonymart.erasure import purged
from anonymart.files.landed import FileRefused, Landed, safe_name
from anonymart.ingest.counts import Counts
from anonymart.policy import Policy
from anonymart.rows import one_row

_BLOCK = 64
_LONG_LINE = "a line of more than 16 MiB"
_NO_LINE = "a line that cannot be read as one of this format"
_NO_TIME = "a time that cannot be read, or without an offset"
_NO_ADDRESS = "no address and no visitor"
_AHEAD = "a time after the date of the run"
_NO_VIEW = "no page view: another method or status (P-AUDIENCE)"
_NO_PAGE = "a file beside a page (P-AUDIENCE)"
_CRAWLER = "a program that says so (P-AUDIENCE)"
_TOO_OLD = "older than its term (P-AUDIENCE)"
_CLOSED = "of a month that is closed and published (P-AUDIENCE)"
_QUARANTINED = (_LONG_LINE, _NO_LINE, _NO_TIME, _NO_ADDRESS, _AHEAD)


def load(
    connection: duckdb.DuckDBPyConnection, landed: Landed, load_no: int, as_of: date, policy: Policy
) -> Counts:
    """Load one file within the transaction that the caller has begun, and give what became of its lines.
    Raises FileRefused for a log of which no line can be read.

    Each line ends as a page view, a duplicate, refused (no page view of a person) or quarantined by its
    number alone. Equal lines are one, in whatever file they come: while a month is open, for with its key
    goes what could tell. What comes after that is refused and told as late.
    """
    counts = Counts("audience", safe_name(landed.path))
    _read(connection, landed, as_of, policy)
    _add_long_lines(connection, landed)
    _refuse_what_nobody_can_read(connection, landed)
    _count(connection, load_no, counts)
    _make_keys(connection)
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE page_views AS
        SELECT hashed.* FROM (
            SELECT visited_on, page_type, slug, {_hash("'line|' || line")}[:16] AS line_hash,
                {_hash("'visitor|' || visitor_text")}[:32] AS visitor
            FROM page_lines INNER JOIN month_pads ON month_pads.month = date_trunc('month', visited_on)
            WHERE reason IS NULL
        ) AS hashed;
        DROP TABLE page_lines; DROP TABLE month_pads
    """)
    before = one_row(connection.execute(f"SELECT count(*) FROM {VISITS}"))[0]
    connection.execute(f"""
        INSERT INTO {VISITS} BY NAME
        SELECT {load_no} AS load_no, row_hash, visited_on, page_type, courses.item_key AS course_id, visitor
        FROM (
            SELECT ('0x' || line_hash)::UBIGINT AS row_hash, min(visited_on) AS visited_on,
                min(page_type) AS page_type, min(slug) AS slug, min(visitor) AS visitor
            FROM page_views GROUP BY line_hash
        ) AS seen
        LEFT JOIN ({_COURSES}) AS courses ON courses.named = seen.slug
        WHERE NOT EXISTS (FROM {VISITS} AS known
            WHERE known.row_hash = seen.row_hash AND known.visited_on = seen.visited_on);
        DROP TABLE page_views
    """)
    stored = one_row(connection.execute(f"SELECT count(*) FROM {VISITS}"))[0] - before
    counts.duplicate = counts.delivered - counts.quarantined - counts.refused - stored
    for keep_out in (purged.keep_out, purged.keep_rows_out):
        keep_out(connection, "audience", VISITS, f"load_no = {load_no}", load_no, counts)
    counts.loaded = counts.delivered - counts.quarantined - counts.refused - counts.duplicate
    return counts


def settle(connection: duckdb.DuckDBPyConnection) -> None:
    """Let pages whose type the configuration no longer knows be `other`: a type is published because it is
    declared.
    """
    known = ", ".join(literal(name) for name in pages().types)
    unknown = f"page_type NOT IN ({known})"
    if one_row(connection.execute(f"SELECT EXISTS (FROM {VISITS} WHERE {unknown})"))[0]:
        connection.execute(f"UPDATE {VISITS} SET page_type = {literal(OTHER)} WHERE {unknown}")


# A part of a path names a course by the names that the catalogue has for it, where one course alone has it.
_COURSES = """
    SELECT named, min(item_key) AS item_key FROM (
        SELECT code AS named, item_key FROM vault.catalogue.items WHERE item_kind = 'course'
        UNION SELECT item_key, item_key FROM vault.catalogue.items WHERE item_kind = 'course'
        UNION SELECT alias, item_key FROM vault.catalogue.aliases WHERE item_kind = 'course'
    ) WHERE named IS NOT NULL GROUP BY named HAVING count(DISTINCT item_key) = 1"""


def _read(connection: duckdb.DuckDBPyConnection, landed: Landed, as_of: date, policy: Policy) -> None:
    """Make the TEMP table page_lines: ordinal, reason, and of page views day, type, part that may name a
    course, and the texts to be hashed.
    """
    known = pages()
    zone = literal(policy.figure("window", "time_zone"))
    path = (
        "regexp_replace(regexp_extract(target, '^(?:[A-Za-z]+://[^/?#]*)?([^?#;]*)', 1), '/{2,}', '/', 'g')"
    )
    for table in (reading.TOO_LONG, f"scans_of_{reading.TOO_LONG}"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE page_lines AS
        WITH lines AS ({reading.rows(landed)}),
        parts AS (
            SELECT *, coalesce(nullif({path}, ''), '/') AS path, {_coarse(policy)} AS coarse,
                ((moment AT TIME ZONE 'UTC') AT TIME ZONE {zone})::DATE AS visited_on
            FROM lines
        ),
        judged AS (SELECT *, {_reason(known, as_of, policy)} AS reason FROM parts)
        SELECT ordinal, reason, visited_on, coarse IS NOT NULL AND moment IS NOT NULL AS is_read,
            CASE WHEN reason IS NULL THEN {known.type_of("path")} END AS page_type,
            CASE WHEN reason IS NULL THEN {known.course_of("path")} END AS slug,
            CASE WHEN reason IS NULL THEN concat_ws('|', coarse, agent) END AS visitor_text,
            CASE WHEN reason IS NULL
                THEN concat_ws('|', coarse, moment::VARCHAR, method, path, status, agent) END AS line
        FROM judged
    """)


def _add_long_lines(connection: duckdb.DuckDBPyConnection, landed: Landed) -> None:
    """Lines that DuckDB has left out are lines too, and those after them have their number."""
    if landed.kind == "matomo":
        return
    found = connection.execute(f"SELECT DISTINCT line FROM {reading.TOO_LONG} ORDER BY line").fetchall()
    for (number,) in found:
        connection.execute("UPDATE page_lines SET ordinal = ordinal + 1 WHERE ordinal >= ?", [number])
        connection.execute(
            "INSERT INTO page_lines (ordinal, reason, is_read) VALUES (?, ?, false)", [number, _LONG_LINE]
        )


def _refuse_what_nobody_can_read(connection: duckdb.DuckDBPyConnection, landed: Landed) -> None:
    """A log of which no line gives address and time is of another format than it looks."""
    if (
        landed.kind != "matomo"
        and not one_row(connection.execute("SELECT coalesce(bool_or(is_read), false) FROM page_lines"))[0]
    ):
        raise FileRefused("no line of it has an address and a time that can be read")


def _reason(known: Pages, as_of: date, policy: Policy) -> str:
    """SQL for why a line is no page view that is kept."""
    day = f"DATE '{as_of}'"
    cases = {
        "address IS NULL": _NO_LINE,
        "moment IS NULL": _NO_TIME,
        f"moment >= {day} + INTERVAL 2 DAY": _AHEAD,
        "method <> 'GET' OR NOT (status BETWEEN '200' AND '299' OR status = '304')": _NO_VIEW,
        known.is_no_page("path"): _NO_PAGE,
        known.is_crawler("agent"): _CRAWLER,
        "coarse IS NULL": _NO_ADDRESS,
        over_term("visited_on", policy, day): _TOO_OLD,
        is_closed("visited_on"): _CLOSED,
    }
    return "CASE " + " ".join(f"WHEN {test} THEN {literal(why)}" for test, why in cases.items()) + " END"


def _coarse(policy: Policy) -> str:
    """SQL for who visits, before anything is hashed: an address without its last parts, or Matomo's visitor;
    NULL for anything else.
    """
    octets = int(policy.figure("audience", "ipv4_bytes"))
    groups = int(policy.figure("audience", "ipv6_bytes")) // 2
    mapped = "regexp_replace(lower(address), '^::ffff:', '')"
    # `::` stands for as many zeros as are missing of eight parts.
    first, last = (
        f"list_filter(string_split(split_part(lower(address), '::', {side}), ':'), lambda part: part <> '')"
        for side in (1, 2)
    )
    whole = f"list_concat(list_resize({first}, greatest(8 - len({last}), len({first})), '0'), {last})"
    return f"""CASE
        WHEN starts_with(address, 'visitor:') THEN address
        WHEN regexp_full_match({mapped}, '(\\d{{1,3}}[.]){{3}}\\d{{1,3}}')
            THEN list_aggregate(string_split({mapped}, '.')[:{octets}], 'string_agg', '.')
        WHEN regexp_full_match(lower(address), '[0-9a-f:]*:[0-9a-f:]*')
            THEN list_aggregate(list_transform({whole}[:{groups}],
                lambda part: coalesce(nullif(ltrim(part, '0'), ''), '0')), 'string_agg', ':') || ':'
        END"""


def _hash(text: str) -> str:
    """SQL for HMAC-SHA256 (RFC 2104) of a text by the key of its month, as hexadecimal digits."""
    return f"sha256(outer_pad || unhex(sha256(inner_pad || encode({text}))))"


def _make_keys(connection: duckdb.DuckDBPyConnection) -> None:
    """Draw a key for each month that has page views and none yet, and lend all to this connection."""
    missing = connection.execute(f"""
        SELECT DISTINCT date_trunc('month', visited_on)::DATE AS month FROM page_lines
        WHERE reason IS NULL AND month NOT IN (SELECT month FROM {KEYS}) ORDER BY month
    """).fetchall()
    for (month,) in missing:
        connection.execute(f"INSERT INTO {KEYS} VALUES (?, ?)", [month, secrets.token_bytes(32)])
    pads = []
    for month, key in connection.execute(f"SELECT month, visitor_key FROM {KEYS}").fetchall():
        padded = key.ljust(_BLOCK, b"\0")
        pads.append((month, *(bytes(byte ^ pad for byte in padded) for pad in (0x36, 0x5C))))
    connection.execute("CREATE OR REPLACE TEMP TABLE month_pads (month DATE, inner_pad BLOB, outer_pad BLOB)")
    if pads:
        connection.executemany("INSERT INTO month_pads VALUES (?, ?, ?)", pads)


def _count(connection: duckdb.DuckDBPyConnection, load_no: int, counts: Counts) -> None:
    """Delivered, refused and quarantined lines; of the last the ledger keeps number and reason."""
    counts.delivered = one_row(connection.execute("SELECT count(*) FROM page_lines"))[0]
    rows = connection.execute(
        "SELECT reason, count(*) FROM page_lines WHERE reason IS NOT NULL GROUP BY reason ORDER BY reason"
    ).fetchall()
    for reason, n_rows in rows:
        counts.reasons[reason] = n_rows
        if reason in _QUARANTINED:
            counts.quarantined += n_rows
        else:
            counts.refused += n_rows
        if reason == _CLOSED:
            counts.late_rows, counts.late = n_rows, {"month": n_rows}
    listed = ", ".join(literal(reason) for reason in _QUARANTINED)
    connection.execute(
        f"INSERT INTO vault.ledger.quarantine SELECT {load_no}, ordinal, reason FROM page_lines "
        f"WHERE reason IN ({listed}) ORDER BY ordinal"
    )

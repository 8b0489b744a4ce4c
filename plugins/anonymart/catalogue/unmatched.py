"""Statements that name a course or object that no catalogue knows: counted, and told by the shape of their
ids, never by a value.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

import duckdb

from anonymart import objects
from anonymart.engine import literal
from anonymart.rows import one_row
from anonymart.temp_tables import MISSING, NAMED, RESOLVED

# TEMP tables that another module makes.
READS = (NAMED, RESOLVED)

_MOST_SHAPES = 20
# Words of platforms that may stand in a shape; every other part of an id is masked.
_WORDS = [
    "about",
    "activities",
    "activity",
    "api",
    "assign",
    "assignment",
    "blocks",
    "block",
    "book",
    "chapter",
    "chapters",
    "content",
    "contents",
    "course",
    "courses",
    "courseware",
    "feedback",
    "forum",
    "goto",
    "h5pactivity",
    "handler",
    "hint",
    "home",
    "info",
    "jump_to",
    "learn",
    "lesson",
    "lessons",
    "lti",
    "mod",
    "module",
    "modules",
    "page",
    "path",
    "paths",
    "player",
    "problem",
    "program",
    "programs",
    "project",
    "projects",
    "quiz",
    "quizzes",
    "resource",
    "scorm",
    "section",
    "sections",
    "sequential",
    "unit",
    "units",
    "url",
    "vertical",
    "video",
    "videos",
    "view",
    "watch",
    "wiki",
    "workshop",
    "xapi",
    "xblock",
    "exercise",
    "exercises",
    "question",
    "questions",
    "discussion",
    "progress",
    "answer",
    "html",
    "openassessment",
]


@dataclass(frozen=True)
class Unmatched:
    """Statements of one kind and shape: how many, and by how many different ids."""

    item_kind: str
    shape: str
    n_statements: int
    n_ids: int

    def as_dict(self) -> dict:
        """Plain data for `--json`."""
        return asdict(self)

    @property
    def sentence(self) -> str:
        """For a line of a log: counts, shape, and the column of the catalogue that such ids go into."""
        column = (
            f"{self.item_kind}_aliases" if self.item_kind in objects.KINDS else "the aliases of what it is"
        )
        return f"{self.n_statements} statements, {self.n_ids} ids like {self.shape}: to {column}"


def note(
    connection: duckdb.DuckDBPyConnection, last: int, newest: int, as_of: date
) -> tuple[int, list[Unmatched]]:
    """Count what names nothing among the loads after `last`, and write it into the ledger, within the
    caller's transaction.
    """
    make(connection, f"load_no > {int(last)}")
    total = one_row(connection.execute("SELECT count(DISTINCT row_no) FROM missing"))[0]
    if not total:
        return 0, []
    found = shaped(connection)
    for each in found:
        connection.execute(
            "INSERT INTO vault.ledger.unmatched VALUES (?, ?, ?, ?, ?, ?)",
            [as_of, newest, each.item_kind, each.shape, each.n_statements, each.n_ids],
        )
    return total, found


def make(connection: duckdb.DuckDBPyConnection, which: str) -> None:
    """Make the TEMP table `missing` (row_no, named, item_kind, course_key): what the chosen raw statements
    name and no item is.

    An object counts where its type, or the platform's path, says that it is a thing of the catalogue; a whole
    that holds it where no course is known otherwise. It reads the TEMP tables `named` and `resolved` of
    matching.find.
    """
    # Most loads name nothing unknown: their rows are then not looked through.
    unknown = {
        role: one_row(
            connection.execute(
                f"SELECT EXISTS (FROM named ANTI JOIN (FROM resolved WHERE item_key IS NOT NULL) AS "
                f"known USING "
                f"(named, named_type, role) WHERE role = '{role}')"
            )
        )[0]
        for role in ("object", "whole")
    }
    nothing = (
        "SELECT named FROM named ANTI JOIN (FROM resolved WHERE item_key IS NOT NULL) AS known USING "
        "(named, named_type, role) WHERE role ="
    )
    tests = [f"object_id IN ({nothing} 'object')"] if unknown["object"] else []
    tests += (
        [f"{column} IN ({nothing} 'whole')" for column in ("parent_id", "grouping_id")]
        if unknown["whole"]
        else []
    )
    connection.execute(
        MISSING.made_of(f"""
        WITH rows AS (
            SELECT rowid AS row_no, object_id, coalesce(object_type, '') AS object_type, parent_id,
                grouping_id FROM vault.raw.learning
            WHERE {which} AND ({" OR ".join(tests) or "false"})
        ),
        expected AS (
            SELECT named, named_type, role, coalesce(kind_by_type,
                CASE WHEN len(object.tail_kinds) = 1 THEN object.tail_kinds[1] END,
                {_kind_of_block()}, CASE WHEN len(object.tail_kinds) > 1 THEN 'other' END) AS item_kind
            FROM named
        ),
        objects AS (
            SELECT named.named, named.named_type, expected.item_kind, resolved.item_key, resolved.course_key
            FROM named INNER JOIN expected USING (named, named_type, role)
            LEFT JOIN resolved USING (named, named_type, role) WHERE named.role = 'object'
        ),
        wholes AS (
            SELECT named.named, expected.item_kind, resolved.item_key, resolved.course_key
            FROM named INNER JOIN expected USING (named, named_type, role)
            LEFT JOIN resolved USING (named, named_type, role) WHERE named.role = 'whole'
        ),
        placed_rows AS (
            SELECT rows.row_no, rows.object_id, rows.parent_id, rows.grouping_id,
                objects.item_kind AS object_kind, objects.item_key AS object_key,
                parents.item_kind AS parent_kind, parents.item_key AS parent_key,
                    groupings.item_kind AS grouping_kind,
                groupings.item_key AS grouping_key, coalesce(objects.course_key, parents.course_key,
                    groupings.course_key) AS course_key
            FROM rows
            LEFT JOIN objects ON objects.named = rows.object_id AND objects.named_type = rows.object_type
            LEFT JOIN wholes AS parents ON parents.named = rows.parent_id
            LEFT JOIN wholes AS groupings ON groupings.named = rows.grouping_id
        )
        SELECT row_no, object_id AS named, object_kind AS item_kind, course_key FROM placed_rows
        WHERE object_key IS NULL AND object_kind IS NOT NULL
        UNION
        SELECT row_no, parent_id, coalesce(parent_kind, 'course'), course_key FROM placed_rows
        WHERE parent_id IS NOT NULL AND parent_key IS NULL AND course_key IS NULL AND parent_id IS DISTINCT
        FROM object_id
        UNION
        SELECT row_no, grouping_id, coalesce(grouping_kind, 'course'), course_key FROM placed_rows
        WHERE grouping_id IS NOT NULL AND grouping_key IS NULL AND course_key IS NULL
            AND grouping_id IS DISTINCT FROM object_id""")
    )


def _kind_of_block() -> str:
    """SQL: the kind that the key of an Open edX block or course says of itself."""
    from anonymart.catalogue.matching import kind_of

    block = "regexp_extract(object.key, '[+]type@([a-z0-9_-]+)[+]block@', 1)"
    return f"CASE WHEN {block} <> '' THEN {kind_of(block)} WHEN object.key = object.course THEN 'course' END"


def shaped(connection: duckdb.DuckDBPyConnection) -> list[Unmatched]:
    """The content of `missing` by kind and shape, the most frequent first; beyond the first 20 shapes all
    together.
    """
    rows = connection.execute(f"""
        WITH ids AS (SELECT named, item_kind, count(*) AS n_statements FROM missing GROUP BY ALL),
        shapes AS (SELECT item_kind, {_shape(connection)} AS shape, sum(n_statements)::BIGINT AS n_statements,
            count(*) AS n_ids FROM ids GROUP BY ALL)
        FROM shapes ORDER BY n_statements DESC, item_kind, shape""").fetchall()
    found = [Unmatched(*row) for row in rows[:_MOST_SHAPES]]
    if rest := rows[_MOST_SHAPES:]:
        found.append(
            Unmatched(
                "other", f"{len(rest)} more shapes", sum(row[2] for row in rest), sum(row[3] for row in rest)
            )
        )
    return found


def _shape(connection: duckdb.DuckDBPyConnection) -> str:
    """SQL over `named`: scheme, a host that is known, words of platforms, names of parameters; all else is #
    (figures) or *.
    """
    hosts = [row[0] for row in connection.execute(_HOSTS).fetchall() if row[0]]
    known_hosts = f"[{', '.join(literal(host) for host in hosts)}]::VARCHAR[]"
    rules = objects.query_rules()
    pages = {part for rule in rules for part in rule.path.lower().split("/") if "*" not in part} | {
        rule.same_as.page for rule in rules if rule.same_as.page
    }
    words = f"[{', '.join(literal(word) for word in sorted({*_WORDS, *pages}))}]"
    named = sorted({name for rule in rules for name in rule.parameters})
    parameters = f"[{', '.join(literal(name) for name in named)}]"
    block = r"regexp_extract(named, '(?i)type(?:@|%40)([a-z0-9_-]+)(?:\+|%2B)block', 1)"
    part = (
        f"CASE WHEN list_contains({words}, lower(s)) THEN s WHEN regexp_full_match(s, '[0-9]+') THEN '#' "
        f"WHEN s = '' THEN '' ELSE '*' END"
    )
    path = "regexp_extract(named, '^[^:/]+://[^/?#]*([^?#]*)', 1)"
    host = "lower(regexp_extract(named, '^[^:/]+://([^/?#]*)', 1))"
    query = "regexp_extract(named, '[?]([^#]*)', 1)"
    masked_path = f"array_to_string(list_transform(string_split({path}, '/'), lambda s: {part}), '/')"
    names = (
        f"list_transform(string_split({query}, '&'), lambda q: if(list_contains({parameters}, "
        f"split_part(q, '=', 1)), split_part(q, '=', 1) || '=#', '*'))"
    )
    masked_query = f"if({query} = '', '', '?' || array_to_string(list_sort(list_distinct({names})), '&'))"
    return f"""CASE
        WHEN regexp_matches(named,
            '(?i)type(@|%40)[a-z0-9_-]+([+]|%2B)block(@|%40)')
            THEN 'block-v1:*+type@' || if(list_contains({words}, lower({block})), lower({block}),
            '*') || '+block@*'
        WHEN regexp_matches(named, '(?i)course-v1(:|%3A)') THEN 'course-v1:*'
        WHEN regexp_matches(named, '(?i)ccx-v1(:|%3A)') THEN 'ccx-v1:*'
        WHEN regexp_matches(named, '(?i)i4x:') THEN 'i4x://*'
        WHEN regexp_matches(named, '(?i)^https?://') THEN lower(regexp_extract(named, '^[^:]+', 0)) || '://'
            || if(list_contains({known_hosts}, {host}), {host}, '*') || {masked_path} || {masked_query}
        WHEN regexp_matches(named, '(?i)^urn:uuid:') THEN 'urn:uuid:*'
        WHEN regexp_full_match(named, '[0-9]+') THEN '#'
        WHEN regexp_matches(named, '[?/]') THEN array_to_string(list_transform(string_split(split_part(named,
            '?', 1), '/'), lambda s: {part}), '/') || {masked_query}
        ELSE '*' END"""


# Hosts that the school itself has named: in its catalogue and as home page of its learners' accounts.
_HOSTS = """
    SELECT DISTINCT lower(regexp_extract(address, '^[^:/]+://([^/?#]*)', 1)) AS host FROM (
        SELECT alias AS address FROM vault.catalogue.aliases UNION ALL SELECT account_home_page
        FROM vault.register.learners)
    WHERE NOT contains(address, '@') ORDER BY 1 LIMIT 1000
"""

"""From an id in a statement to the item of the catalogue that it names: one query for reports, histories and
late catalogues alike.

An id is compared by its key (see anonymart.objects), else by its shorter names, the longest first, as far as
the kind that the statement or the platform's path says allows it. What could be two things is neither.
"""

from __future__ import annotations

import duckdb

from anonymart.rows import one_row
from anonymart.temp_tables import BUILT, NAMED, RESOLVED

# TEMP tables that another module makes.
READS = (BUILT,)

# Under which load dbt takes a statement.
# NULL while the person of the row waits for the register.
ADMITTED = "admitted_no"


def kind_of(column: str) -> str:
    """SQL: the kind that a type of activity says, NULL where it says none."""
    from anonymart.ingest.learning_map import TYPES, load_map

    mapping = load_map()
    return "CASE " + " ".join(f"WHEN {mapping.is_of(column, kind)} THEN '{kind}'" for kind in TYPES) + " END"


def find(
    connection: duckdb.DuckDBPyConnection,
    aliases: list[tuple[str, str, str]],
    placed: list[tuple[str, str, str | None]],
    last: int,
    everything: bool,
) -> None:
    """Make the TEMP tables `named` (what statements and surveys of the loads after `last`, or all, name) and
    `resolved` (what that is).

    `aliases` are kind, object key and item key; `placed` kind, item key and the key of its course.
    """
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE aliases (item_kind VARCHAR, object_key VARCHAR, item_key VARCHAR);
        CREATE OR REPLACE TEMP TABLE placed (item_kind VARCHAR, item_key VARCHAR, course_key VARCHAR)""")
    for table, rows in (("aliases", aliases), ("placed", placed)):
        if rows:
            connection.execute(
                f"INSERT INTO {table} SELECT unnest(?), unnest(?), unnest(?)",
                [list(column) for column in zip(*rows, strict=True)],
            )
    new = "true" if everything else f"load_no > {int(last)}"
    connection.execute(
        NAMED.made_of(f"""
        WITH texts AS (
            SELECT object_id AS named, coalesce(object_type, '') AS named_type, 'object' AS role
            FROM vault.raw.learning WHERE {new} GROUP BY ALL
            UNION ALL SELECT parent_id, '', 'whole' FROM vault.raw.learning
            WHERE {new} AND parent_id IS NOT NULL GROUP BY ALL
            UNION ALL SELECT grouping_id, '', 'whole' FROM vault.raw.learning
            WHERE {new} AND grouping_id IS NOT NULL GROUP BY ALL
            UNION ALL SELECT path_id, '', 'path' FROM vault.raw.enrolments WHERE {new} AND path_id IS NOT NULL
            GROUP BY ALL
            UNION ALL SELECT path_id, '', 'path' FROM vault.answers.nps WHERE {new} AND path_id IS NOT NULL
            GROUP BY ALL
        ),
        objects AS (SELECT named, anonymart_object(named) AS object FROM (SELECT DISTINCT named FROM texts))
        SELECT DISTINCT texts.named, texts.named_type, texts.role, objects.object,
            CASE texts.role WHEN 'path' THEN 'path' ELSE {kind_of("texts.named_type")} END AS kind_by_type
        FROM texts INNER JOIN objects USING (named)""")
    )
    connection.execute(
        RESOLVED.made_of("""
        WITH names AS (
            SELECT named, named_type, role, kind_by_type, [] AS kinds, object.key AS name, 0 AS name_no
            FROM named
            UNION ALL
            SELECT named, named_type, role, kind_by_type, object.tail_kinds, unnest(object.tails),
                generate_subscripts(object.tails, 1) FROM named
        ),
        found AS (
            SELECT names.named, names.named_type, names.role, names.name_no, aliases.item_kind,
                aliases.item_key,
                coalesce(aliases.item_kind = names.kind_by_type, false) AS is_of_kind
            FROM names INNER JOIN aliases ON aliases.object_key = names.name
            WHERE (names.role <> 'path' OR aliases.item_kind = 'path') AND (
                names.name_no = 0
                OR CASE WHEN len(names.kinds) > 0 THEN list_contains(names.kinds, aliases.item_kind)
                    AND (names.kind_by_type IS NULL OR names.kind_by_type = aliases.item_kind
                        OR NOT list_contains(names.kinds, names.kind_by_type))
                ELSE names.kind_by_type IS NULL OR names.kind_by_type = aliases.item_kind END)
        ),
        best AS (
            SELECT * FROM found
            QUALIFY dense_rank() OVER (PARTITION BY named, named_type, role
            ORDER BY name_no, is_of_kind DESC) = 1
        ),
        items AS (
            SELECT named, named_type, role, min(item_kind) AS item_kind, min(item_key) AS item_key FROM best
            GROUP BY named, named_type, role HAVING count(DISTINCT (item_kind, item_key)) = 1
        )
        SELECT named.named, named.named_type, named.role, items.item_kind, items.item_key,
            coalesce(placed.course_key, courses.item_key) AS course_key
        FROM named
        LEFT JOIN items USING (named, named_type, role)
        LEFT JOIN placed ON placed.item_kind = items.item_kind AND placed.item_key = items.item_key
        LEFT JOIN aliases AS courses ON courses.item_kind = 'course'
            AND courses.object_key = named.object.course
        WHERE items.item_key IS NOT NULL OR courses.item_key IS NOT NULL""")
    )


def count_again(connection: duckdb.DuckDBPyConnection, load_no: int) -> int:
    """Give statements that gain their object or course by a newer catalogue to dbt once more, under the
    newest load; how many.

    Within the caller's transaction, before the matches are written. Only those that the histories have taken:
    `built_no`, the newest load in int_events, stands in the TEMP table `built`. They are flagged as repeats,
    with what was counted of them before.
    """
    built_no = one_row(connection.execute("SELECT max(load_no) FROM built"))[0]
    if not built_no:
        return 0
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE gained AS
        SELECT resolved.named, resolved.named_type, resolved.role,
            resolved.item_key IS NOT NULL AND matches.item_key IS NULL AS gains_item
        FROM resolved LEFT JOIN vault.catalogue.matches AS matches USING (named, named_type, role)
        WHERE resolved.role <> 'path' AND (
            (resolved.item_key IS NOT NULL AND matches.item_key IS NULL)
                OR (resolved.course_key IS NOT NULL AND matches.course_key IS NULL))""")
    again = connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE again AS
        WITH rows AS (
            SELECT rowid AS row_no, object_id, coalesce(object_type, '') AS object_type, parent_id,
                grouping_id FROM vault.raw.learning
            WHERE {ADMITTED} <= {int(built_no)}
        ),
        touched AS (
            SELECT row_no FROM rows INNER JOIN gained ON role = 'object' AND named = object_id
                AND named_type = object_type
            UNION SELECT row_no FROM rows INNER JOIN gained ON role = 'whole' AND named = parent_id
            UNION SELECT row_no FROM rows INNER JOIN gained ON role = 'whole' AND named = grouping_id
        )
        SELECT rows.row_no,
            coalesce(objects.course_key, parents.course_key, groupings.course_key) IS NOT NULL AS had_course,
            objects.item_key IS NOT NULL AS had_object
        FROM rows SEMI JOIN touched USING (row_no)
        LEFT JOIN vault.catalogue.matches AS objects
            ON objects.role = 'object' AND objects.named = rows.object_id
                AND objects.named_type = rows.object_type
        LEFT JOIN vault.catalogue.matches AS parents ON parents.role = 'whole'
            AND parents.named = rows.parent_id
        LEFT JOIN vault.catalogue.matches AS groupings ON groupings.role = 'whole'
            AND groupings.named = rows.grouping_id""").fetchone()
    connection.execute(f"""
        UPDATE vault.raw.learning AS rows SET admitted_no = {int(load_no)}, is_repeat = true,
            had_course = again.had_course, had_object = again.had_object
        FROM again WHERE rows.rowid = again.row_no""")
    again = one_row(connection.execute("SELECT count(*) FROM again"))[0]
    return again


def write(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep what was resolved, within the caller's transaction; dbt reads it. Ids that name nothing are not
    kept: they might name a person.
    """
    connection.execute("""
        DELETE FROM vault.catalogue.matches AS matches USING named
        WHERE matches.named = named.named AND matches.named_type = named.named_type
            AND matches.role = named.role;
        INSERT INTO vault.catalogue.matches SELECT named, named_type, role, item_kind, item_key, course_key
            FROM resolved""")

"""Rows of people whom the register of learners does not know: they wait in the vault and are in no figure
(POLICY: unknown means out).

Staff, bots, test accounts, an openid or mbox that nobody claimed: nobody can ask their age, consent or
objection. `admitted_no` of a row is the load under which the warehouse takes it, NULL while it waits. The
load that makes its person known admits it, after the checks of a new row; a row that waits longer than
`raw.keep_days` goes and is counted. Only counts are shown, by the hosts that the school itself named.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from anonymart import iri
from anonymart.engine import literal
from anonymart.ingest import activity_periods, refusals
from anonymart.ingest.counts import Counts
from anonymart.policy import Policy
from anonymart.rows import one_row
from anonymart.temp_tables import INCOMING, RESTRICTED

# TEMP tables that another module makes.
READS = (INCOMING, RESTRICTED)

OTHER = "other"
EXPIRED = "waited for the register longer than raw.keep_days (P-STAT)"
# Whose present row names the person that an identifier belongs to.
KNOWN = """
    SELECT identities.identifier FROM vault.register.identities AS identities
    SEMI JOIN vault.register.learners AS learners ON learners.identifier = identities.anchor
"""
_HOST = "regexp_extract({0}, '^[a-z][a-z0-9+.-]*://([a-z0-9.-]+(:[0-9]+)?)(/|$)', 1)"


@dataclass(frozen=True)
class _Table:
    """One table whose rows may wait: the column that names the person, the time of the event, and SQL of
    whether it is a use of the site.
    """

    name: str
    identifier: str
    moment: str
    is_use: str


TABLES = {
    "learning": _Table("vault.raw.learning", "actor", "occurred_at", "coalesce(is_use, true)"),
    "enrolments": _Table("vault.raw.enrolments", "identifier", "started_on", "false"),
    "connections": _Table("vault.register.connections", "identifier", "connected_at", "true"),
}


@dataclass
class Waiting:
    """How many rows wait, of how many identifiers; statements also by account home page (scheme and host),
    `other` for hosts nobody named.
    """

    statements: int = 0
    actors: int = 0
    enrolments: int = 0
    connections: int = 0
    home_pages: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for `--json`: counts and home pages of the school's own platforms, no identifier."""
        return dataclasses.asdict(self)

    @property
    def sentences(self) -> list[str]:
        """For a log; none where nobody waits."""
        lines = []
        if self.statements:
            where = ", ".join(
                f"{each['home_page']}: {each['statements']} of {each['actors']}" for each in self.home_pages
            )
            lines.append(
                f"{self.statements} statements of {self.actors} people unknown to the register wait "
                f"({where})."
            )
        if self.enrolments or self.connections:
            lines.append(
                f"{self.enrolments} enrolments and {self.connections} connections of people unknown to "
                f"the register wait."
            )
        return lines


def hold(connection: duckdb.DuckDBPyConnection, source: str, table: str, ours: str) -> int:
    """Let the rows of `table` under `ours` wait whose person the register does not know, and give their
    number.

    `admitted_no` of the rows holds the load's number until then.
    """
    column = TABLES[source].identifier
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE unknown AS
        SELECT identifier FROM (SELECT DISTINCT {column} AS identifier FROM {table} WHERE {ours}) AS named
        ANTI JOIN ({KNOWN}) AS known USING (identifier)
    """)
    if not one_row(connection.execute("SELECT EXISTS (FROM unknown)"))[0]:
        return 0
    return one_row(
        connection.execute(
            f"UPDATE {table} SET admitted_no = NULL WHERE {ours} AND {column} IN (FROM unknown)"
        )
    )[0]


def admit(connection: duckdb.DuckDBPyConnection, load_no: int, policy: Policy, as_of: date) -> None:
    """Admit what waits for people who are known now, under the number of the present load, which is greater
    than all before.

    Rows of the erased and of minors are refused as at any load; uses are noted only now. The ledger's reasons
    tell how many.
    """
    for source, table in TABLES.items():
        if not one_row(connection.execute(f"SELECT EXISTS (FROM {table.name} WHERE admitted_no IS NULL)"))[0]:
            continue
        connection.execute(f"""
            CREATE OR REPLACE TEMP TABLE now_known AS
            SELECT identifier FROM (SELECT DISTINCT {table.identifier} AS identifier FROM {table.name}
            WHERE admitted_no IS NULL) AS named
            SEMI JOIN ({KNOWN}) AS known USING (identifier)
        """)
        n_rows = one_row(
            connection.execute(f"""
            UPDATE {table.name} SET admitted_no = {load_no}
            WHERE admitted_no IS NULL AND {table.identifier} IN (FROM now_known)
        """)
        )[0]
        if n_rows:
            _check(connection, source, table, load_no, n_rows, policy, as_of)


def _check(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    table: _Table,
    load_no: int,
    n_rows: int,
    policy: Policy,
    as_of: date,
) -> None:
    ours, counts = f"admitted_no = {load_no} AND load_no <> {load_no}", Counts(source, "")
    refusals.refuse_erased(connection, table.name, table.identifier, table.moment, ours, load_no, counts)
    refusals.refuse_minors(
        connection,
        refusals.Rows(table.name, table.identifier, table.moment, ours),
        policy,
        load_no,
        counts,
        as_of,
    )
    activity_periods.note(
        connection,
        f"SELECT {table.identifier}, {table.moment} FROM {table.name} WHERE {ours} AND {table.is_use}",
        policy,
    )
    told = {f"{source} that waited for the register": n_rows - counts.refused, **counts.reasons}
    for reason, n in told.items():
        disposition = "refused" if reason in counts.reasons else "admitted"
        connection.execute(
            "INSERT INTO vault.ledger.reasons (load_no, disposition, reason, n_rows) VALUES (?, ?, ?, ?)",
            [load_no, disposition, reason, n],
        )


def count(connection: duckdb.DuckDBPyConnection) -> Waiting:
    """What waits in the vault now."""
    found = Waiting()
    for source, name in (("enrolments", "enrolments"), ("connections", "connections")):
        query = f"SELECT count(*) FROM {TABLES[source].name} WHERE admitted_no IS NULL"
        setattr(found, name, one_row(connection.execute(query))[0])
    address = iri.ADDRESS.format("actor")
    found.home_pages = [
        {"home_page": home_page, "statements": statements, "actors": actors}
        for home_page, statements, actors in connection.execute(f"""
            WITH hosts AS (
                SELECT host FROM vault.ledger.account_hosts
                UNION
                SELECT {_HOST.format("lower(item)")} FROM (
                    SELECT unnest([path_id, course_id, chapter_id, exercise_id, project_id]) AS item
                    FROM vault.raw.catalogue
                    UNION ALL
                    SELECT alias FROM vault.catalogue.aliases
                )
            ),
            actors AS (SELECT actor, count(*) AS n FROM vault.raw.learning WHERE admitted_no IS NULL
            GROUP BY actor),
            addressed AS (
                SELECT n, split_part({address}, '://', 1) AS scheme,
                    {_HOST.format(f"lower({address})")} AS host FROM actors
            )
            SELECT if(hosts.host <> '', scheme || '://' || hosts.host, {literal(OTHER)}) AS home_page,
                sum(n)::BIGINT AS statements, count(*) AS actors
            FROM addressed LEFT JOIN hosts USING (host) GROUP BY home_page ORDER BY statements DESC, home_page
        """).fetchall()
    ]
    found.statements = sum(each["statements"] for each in found.home_pages)
    found.actors = sum(each["actors"] for each in found.home_pages)
    return found


def note_hosts(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep the hosts of the account home pages in `incoming`, of refused learners too: they tell where
    unknown accounts come from.
    """
    connection.execute(f"""
        INSERT INTO vault.ledger.account_hosts (host)
        SELECT DISTINCT {_HOST.format("lower(account_home_page)")} AS host FROM incoming
        WHERE host <> '' AND host NOT IN (SELECT host FROM vault.ledger.account_hosts)
    """)


def over_term(policy: Policy, as_of: date) -> str:
    """SQL: the loads whose raw rows have been kept for `raw.keep_days`."""
    kept = policy.figure("raw", "keep_days")
    return f"(SELECT load_no FROM vault.ledger.loads WHERE as_of + {kept} < DATE '{as_of}')"


def expired(connection: duckdb.DuckDBPyConnection, policy: Policy, as_of: date) -> dict[str, int]:
    """Rows by source that have waited for their whole term, and whose people asked for no restriction (TEMP
    table `restricted`).
    """
    found = {}
    for source, table in TABLES.items():
        n_rows = one_row(
            connection.execute(f"SELECT count(*) FROM {table.name} WHERE {_is_expired(table, policy, as_of)}")
        )[0]
        if n_rows:
            found[source] = n_rows
    return found


def note_expired(connection: duckdb.DuckDBPyConnection, policy: Policy, as_of: date) -> dict[str, int]:
    """Before the rows of `expired` are removed: count them in the ledger, load by load, and let their hashes
    go.

    Delivered again, when the register knows them, they are new rows. Within the caller's transaction; gives
    the numbers by source.
    """
    found = expired(connection, policy, as_of)
    for source in found:
        table = TABLES[source]
        which = _is_expired(table, policy, as_of)
        connection.execute(f"""
            INSERT INTO vault.ledger.reasons (load_no, disposition, reason, n_rows)
            SELECT load_no, 'expired', {literal(EXPIRED)}, count(*) FROM {table.name} WHERE {which}
            GROUP BY load_no ORDER BY load_no;
            DELETE FROM vault.ledger.row_hashes WHERE source = {literal(source)}
                AND row_hash IN (SELECT row_hash FROM {table.name} WHERE {which})
        """)
    return found


def _is_expired(table: _Table, policy: Policy, as_of: date) -> str:
    return (
        f"admitted_no IS NULL AND load_no IN {over_term(policy, as_of)} "
        f"AND {table.identifier} NOT IN (SELECT identifier FROM restricted WHERE identifier IS NOT NULL)"
    )

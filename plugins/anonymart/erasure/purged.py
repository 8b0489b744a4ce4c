"""What should never have come: its tombstones, which rows and cells of vault and warehouse it is, and how it
stays out (S-SAFE).

A purge names a source and a column, a time, a column in a time, or delivered files. Its tombstone is there
before anything goes, so that a kill at any step, or an older copy of the vault, is made good by the next
removal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

import duckdb

from anonymart.engine import literal, table_exists
from anonymart.errors import UsageError
from anonymart.ingest.contracts import TABULAR
from anonymart.ingest.counts import Counts
from anonymart.ingest.identities import first_64_bits
from anonymart.policy import Policy
from anonymart.rows import one_row
from anonymart.temp_tables import RESTRICTED

# TEMP tables that another module makes.
READS = (RESTRICTED,)

PURGED = "purged as what should never have come (S-SAFE)"
_ROW = "row:"
_HISTORY = "warehouse.intermediate"
# Of each source the columns that can be blanked, and what of the history was made from each: table column to
# the SQL of what it then is. Others say who or which row a row is: these are purged by time or by file. And
# of learners, who is a child, who is of the staff, and since when somebody is known: without that children
# would be counted, and people kept for longer (R-MINOR, P-STAT).
# What a situation set apart, and what it says of a job, cannot be told from what `employed` says; nor, of an
# answer set apart, whether by its contract: these count nowhere any more, as answers without a diploma.
_TOLD_SITUATION = {
    name: f"if(is_set_apart IS NULL, {name}, NULL)"
    for name in ("diploma_id", "is_employed", "is_in_field", "job_family", "salary_eur_year", "salary_reason")
}
COLUMNS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "learners": {name: {} for name in ("given_name", "family_name", "left_at")},
    "enrolments": {name: {name: "NULL"} for name in ("ended_on", "outcome", "diploma_id", "graduated_on")}
    | {"route": {"is_by_vae": "NULL"}},
    "learning": {
        "success": {"is_success": "NULL"},
        "completion": {"is_completion": "NULL"},
        "score_scaled": {"score_scaled": "NULL"},
        "progress": {"progress": "NULL"},
    },
    "nps": {"path_id": {"path_id": "NULL"}, "comment": {"themes": "[]"}},
    "salary": {
        "diploma_id": {"diploma_id": "NULL"},
        "graduated_on": {"graduated_on": "NULL"},
        "employed": {"is_employed": "NULL"},
        "job_in_field": {"is_in_field": "NULL"},
        "job_title": {"job_family": "if(is_employed, 'other', NULL)"},
        "employer": {},
        "contract_type": {
            "contract_class": "NULL",
            "diploma_id": "if(is_set_apart, NULL, diploma_id)",
            "is_set_apart": "NULL",
        },
        "country": {"country_class": "NULL"},
        "situation": {**_TOLD_SITUATION, "is_set_apart": "NULL"},
        "salary_amount": {"salary_eur_year": "NULL", "salary_reason": "NULL"},
    },
}
# What goes from a row of the vault along with a column that it has: the answer counts nowhere.
_ALONG = {("salary", "situation"): "diploma_id"}
NOT_COUNTED: Mapping[tuple[str, str], str] = {
    ("salary", "situation"): "Answers that told a situation count in no figure any more, as who studied "
    "would count as without a job.",
    ("salary", "contract_type"): "Answers of people set apart count in no figure any more, as nothing tells "
    "whether their contract said it.",
}
# Sources whose rows can be purged by time or by file: the vault's table, the time that a row tells of.
ROWS = {
    "learning": ("vault.raw.learning", "occurred_at"),
    "enrolments": ("vault.raw.enrolments", "started_on"),
    "connections": ("vault.register.connections", "connected_at"),
    "nps": ("vault.answers.nps", "coalesce(answered_at, asked_at)"),
    "salary": ("vault.raw.salary", "answered_at"),
    "audience": ("vault.audience.visits", "visited_on"),
}
# The history of each of them, the column that names its rows, and SQL of the same on a row of the vault.
_OF_RESPONSE = (
    "coalesce('id|' || response_id, 'at|' || identifier || '|' || coalesce(({moment})::VARCHAR, ''))"
)
HISTORY = {
    "learning": "int_events",
    "enrolments": "int_enrolments",
    "nps": "int_nps_responses",
    "salary": "int_salary_responses",
}
# What names a row of the history, the same of a row of the vault that the history has taken it from, and what
# the vault's rows of one event, enrolment or answer have in common.
_KEYS = {
    "learning": (
        "hash(identity_key, occurred_at)",
        "hash({identity_key}, occurred_at)",
        "hash(actor, occurred_at)",
    ),
    "enrolments": (
        "hash(identity_key, started_on, load_no)",
        "hash({identity_key}, started_on, admitted_no)",
        "hash(identifier, path_id, started_on)",
    ),
    "nps": ("hash(response_key, load_no)", "hash({response_key}, load_no)", "{response_key}"),
    "salary": ("hash(response_key, load_no)", "hash({response_key}, load_no)", "{response_key}"),
}

# How a correction names a row of the vault (rights/rectify.py).
_CORRECTED = {
    "enrolments": "concat_ws('|', path_id, started_on::VARCHAR)",
    "nps": "response_id",
    "salary": "response_id",
}


@dataclass(frozen=True)
class Purge:
    """What is to go, of one source: a column, what tells of a time (from, until; UTC), or the deliveries of
    these marks; of these the keyed hashes of their rows too, by which a vault of before knows them again.
    """

    source: str
    column: str | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None
    file_marks: tuple[str, ...] = ()
    row_hashes: tuple[int, ...] = ()

    @property
    def table(self) -> str:
        """The vault's table of the source."""
        return ROWS[self.source][0] if self.source in ROWS else f"vault.{TABULAR[self.source].table}"

    @property
    def window(self) -> str:
        """SQL: whether a row of the vault tells of the time; `true` without one."""
        return self._within(ROWS[self.source][1]) if self.from_at else "true"

    @property
    def rows(self) -> str:
        """SQL: the rows of the vault's table that it is about."""
        if not self.file_marks:
            return self.window
        marks = ", ".join(map(literal, self.file_marks))
        return (
            f"load_no IN (SELECT load_no FROM vault.ledger.loads WHERE source = {literal(self.source)} "
            f"AND file_mark IN ({marks}))"
        )

    @property
    def corrected(self) -> str:
        """SQL: the corrections of the column; of a column in a time all but those of rows that tell of
        another one.
        """
        ours = f"source = {literal(self.source)} AND column_name = {literal(self.column or '')}"
        if not self.from_at or self.source not in _CORRECTED:
            return ours
        key = _CORRECTED[self.source]
        return (
            f"{ours} AND row_key NOT IN (SELECT {key} FROM {self.table} WHERE {key} IS NOT NULL "
            f"AND ({self.rows}) IS NOT TRUE)"
        )

    @property
    def named_in_history(self) -> tuple[str, str]:
        """SQL: what names a row of the history, and a query of those that the vault's rows name."""
        of_rows, of_vault, _ = _KEYS[self.source]
        return of_rows, f"SELECT {_filled(of_vault, self.source)} FROM {self.table} WHERE {self.rows}"

    @property
    def stays(self) -> str:
        """SQL: the vault's rows that stay, and that the history loses along with what goes."""
        key = _filled(_KEYS[self.source][2], self.source)
        return f"NOT ({self.rows}) AND {key} IN (SELECT {key} FROM {self.table} WHERE {self.rows})"

    def in_history(self, policy: Policy) -> str:
        """SQL: the rows of the history that tell of the time; of days, only those that lie wholly in it."""
        if not self.from_at:
            return "true" if self.column else "false"
        if self.source in ("learning", "nps"):
            return self._within(ROWS[self.source][1])
        day = "answered_on" if self.source == "salary" else "started_on"
        zone = literal(policy.figure("window", "time_zone")) if self.source == "salary" else "'UTC'"
        begins, ends = (
            f"(({each})::TIMESTAMP AT TIME ZONE {zone}) AT TIME ZONE 'UTC'" for each in (day, f"{day} + 1")
        )
        return f"{begins} >= {_moment(self.from_at)} AND {ends} <= {_moment(self.until_at)}"

    def _within(self, moment: str) -> str:
        return f"({moment} >= {_moment(self.from_at)} AND {moment} < {_moment(self.until_at)})"


@dataclass(frozen=True)
class TakenBack(Purge):
    """Learning statements that another one, or a correction, has taken back (xAPI 1.0.3 part two, 2.3.2):
    those whose hash the ledger notes as voided and that the vault still holds.
    """

    source: str = "learning"

    @property
    def rows(self) -> str:
        """SQL: the vault's rows of these statements."""
        return "row_hash IN (SELECT row_hash FROM vault.ledger.row_hashes WHERE source = 'voided')"

    @property
    def named_in_history(self) -> tuple[str, str]:
        """As of any purge, by the load too: of another load the raw row may have left, and the event stays.
        A row that was counted again stands in the history from its own load on.
        """
        loads = "if(coalesce(is_repeat, false), range(load_no, admitted_no + 1), [admitted_no])"
        return (
            "hash(identity_key, occurred_at, load_no)",
            f"SELECT hash({_key('actor')}, occurred_at, unnest({loads})) FROM ({self._touched})",
        )

    @property
    def stays(self) -> str:
        """SQL: the vault's rows of the same loads that stay."""
        return f"NOT ({self.rows}) AND rowid IN (SELECT row_no FROM ({self._touched}))"

    @property
    def _touched(self) -> str:
        """A query of the vault's rows of the same person, moment and load; where a row was counted again (by
        a later catalogue), of any load.
        """
        return f"""
            WITH beside AS (
                SELECT rowid AS row_no, actor, occurred_at, load_no, admitted_no, is_repeat,
                    ({self.rows}) AS goes
                FROM {self.table} WHERE (actor, occurred_at) IN (
                    SELECT (actor, occurred_at) FROM {self.table} WHERE {self.rows})
            )
            FROM beside QUALIFY bool_or(goes) OVER (PARTITION BY actor, occurred_at, admitted_no)
                OR bool_or(is_repeat) OVER (PARTITION BY actor, occurred_at)"""

    def in_history(self, policy: Policy) -> str:
        """Nothing but what the vault's rows tell: the history has no ids of statements."""
        return "false"


def checked(purge: Purge) -> Purge:
    """The purge as asked for. Raises UsageError for a column or rows that cannot be purged, with what can."""
    if purge.column is not None:
        known = COLUMNS.get(purge.source, {})
        if purge.column not in known:
            raise UsageError(
                f"Of {purge.source} these columns can be purged: {', '.join(known) or 'none'}. Others say "
                "who or which row a row is, or who counts: purge by --from and --to, or by --file."
            )
        if purge.from_at and purge.source not in ROWS:
            raise UsageError(f"Rows of {purge.source} tell of no time: leave --from and --to out.")
    elif purge.source not in ROWS:
        raise UsageError(
            f"Rows of {purge.source} are not purged by time or file: these are, {', '.join(ROWS)}; for a "
            "person use `anonymart rights`."
        )
    if purge.from_at and purge.until_at and purge.from_at >= purge.until_at:
        raise UsageError("--from must be before --to.")
    if purge.source == "audience" and any(
        at and at.time() != time() for at in (purge.from_at, purge.until_at)
    ):
        raise UsageError(
            "Of visits the day alone is kept, in the school's time: give --from and --to as days "
            "(2026-06-01), --to without the day itself."
        )
    return purge


def write(connection: duckdb.DuckDBPyConnection, purge: Purge) -> None:
    """Set the tombstone, once; `tombstones` is attached to write."""
    with connection.cursor() as cursor:
        # Beside the marks, so that tombstones of before need no other column.
        marks = [*purge.file_marks, *(f"{_ROW}{each}" for each in purge.row_hashes)]
        values = [purge.source, purge.column, purge.from_at, purge.until_at, marks]
        is_same = " AND ".join(
            f"{name} IS NOT DISTINCT FROM ${number}"
            for number, name in enumerate(("source", "column_name", "from_at", "until_at", "file_marks"), 1)
        )
        cursor.execute("BEGIN")
        cursor.execute(f"DELETE FROM tombstones.purged WHERE {is_same}", values)
        cursor.execute("INSERT INTO tombstones.purged VALUES ($1, $2, $3, $4, $5, false)", values)
        cursor.execute("COMMIT")


def all_of(connection: duckdb.DuckDBPyConnection, is_open: bool = False) -> list[Purge]:
    """Every tombstone of a purge, or those whose rows have not all gone yet. Tombstones of an earlier version
    have none.
    """
    if not table_exists(connection, "main", "purged", database="tombstones"):
        return []
    rows = connection.execute(
        "SELECT source, column_name, from_at, until_at, file_marks FROM tombstones.purged "
        + ("WHERE NOT is_swept " if is_open else "")
        + "ORDER BY ALL"
    ).fetchall()
    return [
        Purge(
            source,
            column,
            begins,
            ends,
            tuple(mark for mark in marks or () if not mark.startswith(_ROW)),
            tuple(int(mark.removeprefix(_ROW)) for mark in marks or () if mark.startswith(_ROW)),
        )
        for source, column, begins, ends, marks in rows
    ]


def reported(connection: duckdb.DuckDBPyConnection) -> list[dict[str, str | int | None]]:
    """What the open tombstones name, for a receipt: source, column, time, number of deliveries."""
    return [
        {
            "source": purge.source,
            "column": purge.column,
            "from": str(purge.from_at) if purge.from_at else None,
            "until": str(purge.until_at) if purge.until_at else None,
            "deliveries": len(purge.file_marks),
        }
        for purge in all_of(connection, is_open=True)
    ]


def count(connection: duckdb.DuckDBPyConnection, purge: Purge, policy: Policy) -> dict[str, int]:
    """Rows, or cells of a column, that go, by place; `vault` and maybe `warehouse` are attached."""
    found = {}
    if purge.column:
        named = f'{purge.rows} AND "{purge.column}" IS NOT NULL'
        found[f"{purge.table}.{purge.column}"] = _number(connection, purge.table, named)
        found["vault.rights.corrections"] = _number(connection, "vault.rights.corrections", purge.corrected)
    else:
        found[purge.table] = _number(connection, purge.table, purge.rows)
    for table, _, condition in _of_warehouse(connection, purge, policy):
        found[table] = _number(connection, table, condition)
    return {name: n_rows for name, n_rows in found.items() if n_rows}


def count_restricted(connection: duckdb.DuckDBPyConnection, purge: Purge) -> int:
    """Of the vault's rows, or cells, that go, those of people in the TEMP table `restricted` (R-RESTRICT); of
    visitors nobody can ask for it.
    """
    if purge.source == "audience":
        return 0
    person = "actor" if purge.source == "learning" else "identifier"
    named = f' AND "{purge.column}" IS NOT NULL' if purge.column else ""
    return _number(connection, purge.table, f"{purge.rows}{named} AND {person} IN (FROM restricted)")


def delete(connection: duckdb.DuckDBPyConnection, zone: str, policy: Policy) -> dict[str, int]:
    """Within the caller's transaction on a zone: remove what open tombstones of purges name; gives rows or
    cells by place. The warehouse goes first: its rows are found by those of the vault.
    """
    return delete_of(connection, zone, all_of(connection, is_open=True), policy)


def delete_of(
    connection: duckdb.DuckDBPyConnection, zone: str, purges: Sequence[Purge], policy: Policy
) -> dict[str, int]:
    """As `delete`, of these purges."""
    found: dict[str, int] = {}
    for purge in purges:
        if zone == "warehouse":
            for table, statement, _ in _of_warehouse(connection, purge, policy):
                n_rows = one_row(connection.execute(statement))[0]
                found[table] = found.get(table, 0) + n_rows
        else:
            for table, n_rows in _of_vault(connection, purge).items():
                found[table] = found.get(table, 0) + n_rows
    if zone == "warehouse" and any(found.values()):
        _make_anew(connection)
    return {name: n_rows for name, n_rows in found.items() if n_rows}


def keep_out(
    connection: duckdb.DuckDBPyConnection, source: str, table: str, ours: str, load_no: int, counts: Counts
) -> None:
    """Rows of a delivered file, in `table`, that tell of a purged time are refused."""
    from anonymart.ingest.refusals import refuse

    for purge in all_of(connection):
        if purge.source == source and purge.from_at and not purge.column:
            refuse(connection, table, f"{ours} AND {purge.window}", PURGED, load_no, counts)


def keep_rows_out(
    connection: duckdb.DuckDBPyConnection, source: str, table: str, ours: str, load_no: int, counts: Counts
) -> None:
    """Rows of a delivered file, in `table`, that stood in a purged delivery are refused: a vault from before
    that delivery does not know them as duplicates.
    """
    from anonymart.ingest.refusals import refuse

    hashes = [each for purge in all_of(connection) if purge.source == source for each in purge.row_hashes]
    if hashes:
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE purged_rows AS SELECT unnest($1::UBIGINT[]) AS row_hash", [hashes]
        )
        refuse(connection, table, f"{ours} AND row_hash IN (FROM purged_rows)", PURGED, load_no, counts)


def blank(connection: duckdb.DuckDBPyConnection, source: str, table: str, ours: str) -> None:
    """Purged columns of a delivered file, in `table`, are emptied; after all that may fill them, such as a
    correction.
    """
    for purge in all_of(connection):
        if purge.source == source and purge.column:
            connection.execute(
                f"UPDATE {table} SET {_blanked(purge)} "
                f'WHERE {ours} AND {purge.window} AND "{purge.column}" IS NOT NULL'
            )


def _blanked(purge: Purge) -> str:
    """SQL: the column, and what goes along with it, empty."""
    along = _ALONG.get((purge.source, purge.column or ""))
    return ", ".join(f'"{name}" = NULL' for name in (purge.column, along) if name)


def _of_warehouse(
    connection: duckdb.DuckDBPyConnection, purge: Purge, policy: Policy
) -> list[tuple[str, str, str]]:
    """Of the history: table, statement, and the condition of the rows."""
    name = HISTORY.get(purge.source)
    if name is None or not table_exists(connection, "intermediate", name, database="warehouse"):
        return []
    table = f"{_HISTORY}.{name}"
    of_rows, of_vault = purge.named_in_history
    condition = f"({of_rows} IN ({of_vault}) OR {purge.in_history(policy)})"
    if purge.column is None:
        return [(table, f"DELETE FROM {table} WHERE {condition}", condition)]
    made = COLUMNS[purge.source][purge.column]
    if not made:
        return []
    differs = " OR ".join(f"{column} IS DISTINCT FROM {value}" for column, value in made.items())
    condition = f"{condition} AND ({differs})"
    changes = ", ".join(f"{column} = {value}" for column, value in made.items())
    return [(table, f"UPDATE {table} SET {changes} WHERE {condition}", condition)]


def _filled(sql: str, source: str) -> str:
    person = "actor" if source == "learning" else "identifier"
    moment = ROWS[source][1]
    named = f"'{source}|' || " + _OF_RESPONSE.format(moment=moment)
    return sql.format(identity_key=_key(person), response_key=_key(named))


def _key(text: str) -> str:
    return first_64_bits(f"pseudonym_hash({text})")


def _make_anew(connection: duckdb.DuckDBPyConnection) -> None:
    """What the history sums up is made from its events by the next build, which takes an empty table as one
    that has seen nothing; and no candidate may be made before it.
    """
    from anonymart.rights import state

    tables = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'warehouse' "
        "AND schema_name = 'intermediate' AND starts_with(table_name, 'int_activity__')"
    ).fetchall()
    for (table,) in tables:
        connection.execute(f"DELETE FROM {_HISTORY}.{table}")
    state.drop_built(connection)


def _of_vault(connection: duckdb.DuckDBPyConnection, purge: Purge) -> dict[str, int]:
    if purge.column:
        n_cells = one_row(
            connection.execute(
                f"UPDATE {purge.table} SET {_blanked(purge)} "
                f'WHERE {purge.rows} AND "{purge.column}" IS NOT NULL'
            )
        )[0]
        n_corrections = one_row(
            connection.execute(f"DELETE FROM vault.rights.corrections WHERE {purge.corrected}")
        )[0]
        return {f"{purge.table}.{purge.column}": n_cells, "vault.rights.corrections": n_corrections}
    _note_uses(connection, purge)
    _retake(connection, purge)
    n_rows = one_row(connection.execute(f"DELETE FROM {purge.table} WHERE {purge.rows}"))[0]
    _mend_uses(connection)
    return {purge.table: n_rows}


def _retake(connection: duckdb.DuckDBPyConnection, purge: Purge) -> None:
    """Rows that stay and tell of the same event or answer as one that goes: the history has lost them with
    it, and takes them again as of a new load.
    """
    if purge.source not in HISTORY:
        return
    if not _number(connection, purge.table, purge.stays):
        return
    load_no = one_row(connection.execute("SELECT coalesce(max(load_no), 0) + 1 FROM vault.ledger.loads"))[0]
    connection.execute(
        "INSERT INTO vault.ledger.loads (load_no, source, file_name, as_of, status, delivered, loaded, "
        "refused, quarantined, duplicate, waiting) "
        "SELECT ?, ?, 'purge', max(as_of), 'loaded', 0, 0, 0, 0, 0, 0 "
        "FROM vault.ledger.loads",
        [load_no, purge.source],
    )
    changes = {
        "learning": f"admitted_no = {load_no}, is_repeat = false, had_course = false, had_object = false",
        "enrolments": f"admitted_no = {load_no}",
    }.get(purge.source, f"load_no = {load_no}")
    held = " AND admitted_no IS NOT NULL" if purge.source in ("learning", "enrolments") else ""
    connection.execute(f"UPDATE {purge.table} SET {changes} WHERE {purge.stays}{held}")


def _note_uses(connection: duckdb.DuckDBPyConnection, purge: Purge) -> None:
    """TEMP table `spans_to_mend`: spans of use that begin or end with what goes."""
    person = "actor" if purge.source == "learning" else "identifier"
    uses = (
        f"SELECT {person} AS identifier, {ROWS[purge.source][1]} AS used_at FROM {purge.table} "
        f"WHERE {purge.rows}"
        if purge.source in ("learning", "connections")
        else "SELECT NULL AS identifier, NULL::TIMESTAMP AS used_at WHERE false"
    )
    goes = {
        end: f"(identifier, {end}) IN (FROM uses)"
        + (
            f" OR {end} >= {_moment(purge.from_at)} AND {end} < {_moment(purge.until_at)}"
            if purge.from_at and purge.source in ("learning", "connections")
            else ""
        )
        for end in ("first_use_at", "last_use_at")
    }
    kept = ", ".join(f"if({condition}, NULL, {end}) AS kept_{end}" for end, condition in goes.items())
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE spans_to_mend AS
        WITH uses AS (SELECT DISTINCT identifier, used_at FROM ({uses}))
        SELECT *, {kept} FROM vault.register.last_use WHERE {" OR ".join(goes.values())}
    """)


def _mend_uses(connection: duckdb.DuckDBPyConnection) -> None:
    """Each such span begins and ends with the uses that stay, its other end among them, whose row may have
    left long ago; one without any goes: an unknown last use is out of statistics.
    """
    events = (
        f"UNION ALL SELECT spans.identifier, events.occurred_at FROM spans_to_mend AS spans INNER JOIN "
        f"{_HISTORY}.int_events AS events ON events.identity_key = {_key('spans.identifier')} "
        "WHERE coalesce(events.is_use, true)"
        if table_exists(connection, "intermediate", "int_events", database="warehouse")
        else ""
    )
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE mended_spans AS
        WITH stays AS (
            SELECT actor AS identifier, occurred_at AS used_at FROM vault.raw.learning
            WHERE is_use AND admitted_no IS NOT NULL
            UNION ALL SELECT identifier, connected_at FROM vault.register.connections
            WHERE admitted_no IS NOT NULL
            UNION ALL SELECT identifier, last_login_at FROM vault.register.learners
            WHERE last_login_at IS NOT NULL
            UNION ALL SELECT identifier, unnest([kept_first_use_at, kept_last_use_at]) FROM spans_to_mend
            {events}
        )
        SELECT spans.identifier, min(stays.used_at) AS first_use_at, max(stays.used_at) AS last_use_at
        FROM spans_to_mend AS spans INNER JOIN stays
            ON stays.identifier = spans.identifier AND stays.used_at >= spans.first_use_at
                AND stays.used_at <= spans.last_use_at
        GROUP BY spans.identifier, spans.first_use_at;
        DELETE FROM vault.register.last_use AS uses USING spans_to_mend AS spans
        WHERE uses.identifier = spans.identifier AND uses.first_use_at = spans.first_use_at;
        INSERT INTO vault.register.last_use BY NAME FROM mended_spans
    """)


def _number(connection: duckdb.DuckDBPyConnection, table: str, condition: str) -> int:
    return one_row(connection.execute(f"SELECT count(*) FROM {table} WHERE {condition}"))[0]


def _moment(at: datetime | None) -> str:
    return f"TIMESTAMP '{at}'"

"""R-RECTIFY: a correction is a new row of its source, and wins over older deliveries that come later.

The details of the request are JSON: {"source": "learners", "key": {...}, "set": {"birth_date":
"1990-02-28"}}. The key names one of the person's rows: nothing for learners, path_id and started_on for
enrolments, response_id for nps and salary. Of learning it is the statement_id: the statement is taken back
and another one replaces it (anonymart.rights.rectify_statement).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

import duckdb

from anonymart import crash, engine
from anonymart.detect import phones
from anonymart.engine import literal
from anonymart.erasure import purged, tombstones
from anonymart.errors import UsageError
from anonymart.ingest import identities, parsers
from anonymart.ingest.contracts import TABULAR, Contract
from anonymart.ingest.counts import Counts
from anonymart.ingest.load import write_ledger
from anonymart.rights import rectify_statement
from anonymart.rights.rectify_statement import SOURCE
from anonymart.rows import one_row
from anonymart.session import Session
from anonymart.temp_tables import OWN_IDENTIFIERS
from anonymart.vault import schema

READS = (OWN_IDENTIFIERS,)
_KEYS = {
    "learners": (),
    "enrolments": ("path_id", "started_on"),
    "nps": ("response_id",),
    "salary": ("response_id",),
}
_NEVER_SET = ("learner_id", "response_id", "email")
_SAY_HOW = (
    'A rectification needs details as JSON, such as {"source": "learners", "key": {}, "set": '
    '{"birth_date": "1990-02-28"}}'
)


@dataclass(frozen=True)
class Correction:
    """Of one row: its source, what names it, and the right texts by column. Of a statement that is only taken
    back there are none.
    """

    source: str
    key: dict[str, str]
    right: dict[str, str | None]

    @property
    def contract(self) -> Contract:
        return TABULAR[self.source]

    @property
    def row_key(self) -> str:
        return "|".join(self.key[name] for name in _KEYS[self.source])


def check(details: str | None) -> Correction:
    """Read the details of a request. Raises UsageError, naming columns and never a value, for what no
    contract allows.
    """
    try:
        found = json.loads(details or "")
        source, key, right = found["source"], found.get("key") or {}, found["set"]
        is_whole = isinstance(key, dict) and isinstance(right, dict) and bool(right)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{_SAY_HOW}.") from None
    if source == SOURCE and isinstance(key, dict) and isinstance(right, dict):
        return Correction(SOURCE, *rectify_statement.checked(key, right))
    if source not in _KEYS or not is_whole:
        raise UsageError(f"{_SAY_HOW}; the source is one of {', '.join((*_KEYS, SOURCE))}.")
    if set(key) != set(_KEYS[source]):
        raise UsageError(f"The key of a row of {source} is: {', '.join(_KEYS[source]) or 'nothing'}.")
    contract, never = TABULAR[source], _NEVER_SET if source != "learners" else ("learner_id",)
    for name in right:
        if name not in contract.names or name in never:
            raise UsageError(
                f"A rectification of {source} may set: "
                f"{', '.join(column for column in contract.names if column not in never)}."
            )
    named = {name: value or "" for name, value in _typed(contract, key).items()} if key else {}
    typed = _typed(contract, right)
    if source == "nps" and (comment := typed.get("comment")):
        # No number is kept in a comment, by whatever way it came.
        typed["comment"] = phones.masked(comment)
    return Correction(source, named, typed)


def plan(session: Session, request_id: str) -> dict[str, int]:
    """Rows that would change, by place. Raises UsageError when the request cannot be carried out as it is."""
    if statement := _statement(session, request_id):
        return rectify_statement.plan(session, request_id, statement)
    with _Rectification(session, request_id) as rectification:
        return rectification.count()


def carry_out(session: Session, request_id: str) -> dict[str, int]:
    """Correct the row and remember the correction for what is delivered later; a second time finds nothing to
    change.
    """
    if statement := _statement(session, request_id):
        return rectify_statement.carry_out(session, request_id, statement)
    with _Rectification(session, request_id) as rectification:
        changed = rectification.count()
        if changed:
            rectification.drop_other_key()
            rectification.write(session.as_of, request_id)
        return changed


def _statement(session: Session, request_id: str) -> rectify_statement.Statement | None:
    """What a request asks of a learning statement; None where it is about another source."""
    with session.connect(vault="ro") as connection:
        row = connection.execute(
            "SELECT details FROM vault.rights.requests WHERE request_id = ?", [request_id]
        ).fetchone()
    found = check(row[0] if row else None)
    if found.source != SOURCE:
        return None
    return rectify_statement.Statement(found.key["statement_id"], found.right)


class _Rectification:
    """The request's correction and its person, with the zones open."""

    def __init__(self, session: Session, request_id: str) -> None:
        self.session, self.keys, self.request_id = session, session.keys, request_id

    def __enter__(self) -> _Rectification:
        has_warehouse = self.session.home.warehouse.exists()
        self.connection = self.session.connect(vault="rw", warehouse="rw" if has_warehouse else None)
        try:
            schema.create(self.connection, self.keys)
            identities.install(self.connection, self.keys)
            identities.install_pseudonym(self.connection, self.keys)
            tombstones.attach(self.connection, self.session)
            self._find()
        except BaseException:
            self.connection.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def _find(self) -> None:
        row = self.connection.execute(
            "SELECT details FROM vault.rights.requests WHERE request_id = ?", [self.request_id]
        ).fetchone()
        self.correction = check(row[0] if row else None)
        self.target = f"vault.{self.correction.contract.table}"
        rectify_statement.find_own(self.connection, self.request_id)
        self._need_none_purged()
        self.history = self._history()

    def _need_none_purged(self) -> None:
        """Raise UsageError for a column that was purged, of all rows or of this one: it would be filled
        again.
        """
        for purge in purged.all_of(self.connection):
            if purge.source != self.correction.source or purge.column not in self.correction.right:
                continue
            here = f"SELECT EXISTS (FROM {self.target} WHERE {self._is_row} AND {purge.window})"
            if not purge.from_at or one_row(self.connection.execute(here))[0]:
                raise UsageError(
                    f"The column {purge.column} of {purge.source} was purged as what should never have come, "
                    f"and nothing of it is held: refuse the request, or take it without this column."
                )

    def _history(self) -> str | None:
        """Of enrolments, whose raw rows leave: the table that still knows them."""
        if self.correction.source != "enrolments" or not self.session.home.warehouse.exists():
            return None
        found = engine.table_exists(self.connection, "intermediate", "int_enrolments", database="warehouse")
        return "warehouse.intermediate.int_enrolments" if found else None

    @property
    def _is_row(self) -> str:
        """SQL: the rows of the person that the key names."""
        named = [
            f"{name}::VARCHAR IS NOT DISTINCT FROM {literal(value)}"
            for name, value in self.correction.key.items()
        ]
        return " AND ".join(["identifier IN (FROM own_identifiers)", *named])

    @property
    def _in_history(self) -> str:
        own = f"SELECT {identities.first_64_bits('pseudonym_hash(identifier)')} FROM own_identifiers"
        key = self.correction.key
        return (
            f"identity_key IN ({own}) AND path_id = {literal(key['path_id'])} AND started_on::VARCHAR = "
            f"{literal(key['started_on'])}"
        )

    def count(self) -> dict[str, int]:
        """Rows that hold another value than the right one."""
        differs = " OR ".join(
            f'"{name}"::VARCHAR IS DISTINCT FROM {_sql(value)}'
            for name, value in self.correction.right.items()
        )
        n_there, n_wrong = one_row(
            self.connection.execute(
                f"SELECT count(*), count(*) FILTER ({differs}) FROM {self.target} WHERE {self._is_row}"
            )
        )
        if n_there:
            return {self.target: n_wrong} if n_wrong else {}
        if self._is_remembered():
            return {}
        if self.history:
            n_kept = one_row(
                self.connection.execute(f"SELECT count(*) FROM {self.history} WHERE {self._in_history}")
            )[0]
            if n_kept:
                return {self.target: 1, self.history: n_kept}
        raise UsageError(
            "The vault holds no such row of this person any more: check the key, or let the source "
            "deliver the right one."
        )

    def _is_remembered(self) -> bool:
        return one_row(
            self.connection.execute(
                "SELECT EXISTS (FROM vault.rights.corrections WHERE request_id = $1)", [self.request_id]
            )
        )[0]

    def drop_other_key(self) -> None:
        """A row whose key is corrected must not stay in the history as a second enrolment."""
        if self.history and set(self.correction.right) & set(self.correction.key):
            self.connection.execute(f"DELETE FROM {self.history} WHERE {self._in_history}")

    def write(self, as_of: date, request_id: str) -> None:
        """One transaction: the corrected row under a load of its own, its line in the ledger, and the
        correction itself.
        """
        connection, contract = self.connection, self.correction.contract
        load_no = one_row(connection.execute("SELECT coalesce(max(load_no), 0) + 1 FROM vault.ledger.loads"))[
            0
        ]
        connection.execute("BEGIN")
        if not one_row(connection.execute(f"SELECT count(*) FROM {self.target} WHERE {self._is_row}"))[0]:
            connection.execute(f"""
                INSERT INTO {self.target} BY NAME
                SELECT DISTINCT ON (identity_key) own.identifier,
                    {literal(self.correction.key["path_id"])} AS path_id,
                    history.* EXCLUDE (load_no, enrolment_key, identity_key, path_id, is_by_vae),
                    if(history.is_by_vae, 'vae', NULL) AS route,
                    history.load_no AS admitted_no
                FROM {self.history} AS history INNER JOIN own_identifiers AS own
                    ON history.identity_key = {identities.first_64_bits("pseudonym_hash(own.identifier)")}
                WHERE {self._in_history}
            """)
        self._remember(request_id, as_of)
        if contract.source == "learners":
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE old_row AS FROM {self.target} WHERE {self._is_row}"
            )
        sets = ", ".join(
            f'"{column.name}" = {_sql(self.correction.right[column.name])}'
            for column in contract.columns
            if column.name in self.correction.right
        )
        if contract.source == "enrolments":
            # A row that waits for the register goes on waiting.
            sets += f", admitted_no = if(admitted_no IS NULL, NULL, {load_no})"
        connection.execute(f"UPDATE {self.target} SET {sets}, load_no = {load_no} WHERE {self._is_row}")
        if contract.source == "learners":
            connection.execute(
                f"UPDATE {self.target} SET account_home_page = anonymart_normal_iri(account_home_page) "
                f"WHERE load_no = {load_no}"
            )
            self._claim_again(load_no)
        counts = Counts(contract.source, "rectification", delivered=1, loaded=1)
        write_ledger(connection, load_no, f"rectification {load_no}", as_of, counts)
        crash.point("rectify.before_commit")
        connection.execute("COMMIT")
        crash.point("rectify.after_commit")

    def _remember(self, request_id: str, as_of: date) -> None:
        """Of the wrong value a keyed hash is enough to know it again."""
        for name, value in self.correction.right.items():
            self.connection.execute(
                f"""
                INSERT INTO vault.rights.corrections
                SELECT $1, rows.identifier, $2, $3, $4, identifier_hash(coalesce("{name}"::VARCHAR, '')), $5,
                    $6
                FROM {self.target} AS rows WHERE {self._is_row} AND "{name}"::VARCHAR IS DISTINCT FROM $5
                """,
                [request_id, self.correction.source, self.correction.row_key, name, value, as_of],
            )
        if self._is_remembered():
            return
        (column, value), *_ = self.correction.right.items()
        self.connection.execute(
            "INSERT INTO vault.rights.corrections SELECT $1, min(identifier), $2, $3, $4, NULL, $5, $6 "
            "FROM own_identifiers",
            [request_id, self.correction.source, self.correction.row_key, column, value, as_of],
        )

    def _claim_again(self, load_no: int) -> None:
        """What the wrong row claimed is claimed no more, unless the right one says so too."""
        self.connection.execute("""
            CREATE OR REPLACE TEMP TABLE unclaimed AS
            SELECT identifier AS learner, unnest([
                'email:' || email, sha1_identifier(email),
                    'account:' || account_home_page || '|' || account_name
            ]) AS claimed FROM old_row;
            DELETE FROM vault.register.claims WHERE (learner, identifier) IN (SELECT (learner, claimed)
            FROM unclaimed)
        """)
        identities.find_claims(self.connection, f"vault.register.learners WHERE load_no = {load_no}")
        identities.claim_from_learners(self.connection)
        identities.resolve_again(self.connection, "SELECT claimed FROM unclaimed")


def _typed(contract: Contract, texts: dict[str, str | None]) -> dict[str, str | None]:
    """The texts as the contract's own parsers understand them, as text again. Raises UsageError naming the
    column.
    """
    columns = [column for column in contract.columns if column.name in texts]
    given = ", ".join(f'{_sql(_text(texts[column.name]))} AS "{column.name}"' for column in columns)
    asked = ", ".join(f"({parsers.value(column)})::VARCHAR, {parsers.reason(column)}" for column in columns)
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        engine.install_readers(connection)
        row = one_row(connection.execute(f"SELECT {asked} FROM (SELECT {given})"))
    for reason in row[1::2]:
        if reason is not None:
            raise UsageError(f"The rectification cannot be right: {reason}.")
    return dict(zip((column.name for column in columns), row[0::2], strict=True))


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def _sql(value: str | None) -> str:
    return "NULL::VARCHAR" if value is None else literal(value)

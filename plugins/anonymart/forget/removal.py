"""Removing people's rows: from every place of the register, in sets, with a receipt, whatever kill comes between.

First the tombstones, then the warehouse, then the vault with what was counted, then the bytes, then the receipt: each step finds
from the one before what is left to do.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from anonymart import crash, engine
from anonymart.errors import AnonymartError, UsageError
from anonymart.forget import files, people, places, receipts, tombstones
from anonymart.forget.people import Scope
from anonymart.forget.places import Keeps, Names, Place
from anonymart.forget.rewrite import Rewritten, remove_aside, rewrite
from anonymart.home import Home
from anonymart.ingest import identities, ingest
from anonymart.keys import Keys
from anonymart.policy import Policy
from anonymart.vault import schema

DESTRUCTIVE = ("erase", "withdraw", "death")
_RAW = ("vault.raw.learning", "vault.raw.enrolments", "vault.raw.salary")
_OF_LIFE = (Scope.ALL, Scope.LIFE)
# Where rows of the erased could be seen again: not in requests, which are let in to be answered, and not in who is who of who is back.
_NAMING = (
    *_RAW, "vault.answers.nps", "vault.register.learners", "vault.register.last_use", "vault.register.connections", "vault.rights.consents",
)  # fmt: skip
# Besides those two, from which places a scope takes rows.
_ALSO = {
    "vault.answers.nps": (Scope.ANSWERS, Scope.IDENTIFIED),
    "warehouse.intermediate.int_nps_responses": (Scope.ANSWERS,),
    "warehouse.intermediate.int_nps_counted": (Scope.ANSWERS,),
}
_WHO_IS_WHO = ("vault.register.learners", "vault.register.claims")
# Whose an identifier is goes after everything that is told under it.
_LAST = ("vault.register.claims", "vault.register.identities")


@dataclass
class Removal:
    """A plan, or what was done: rows that go by place, files that go by kind; the token names the plan."""

    as_of: str
    rows: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    is_done: bool = False
    receipt_no: int | None = None
    fingerprint: str = ""

    @property
    def is_empty(self) -> bool:
        return not any(self.rows.values()) and not any(self.files.values())

    @property
    def token(self) -> str:
        """Acting needs it, so that nobody acts on a plan that has changed since."""
        return hashlib.sha256(f"{self.as_of} {self.fingerprint}".encode()).hexdigest()[:12]


def plan_terms(home: Home, keys: Keys, policy: Policy, as_of: date) -> Removal:
    """Count what is over its term as of a date (P-STAT, P-SURVEY, P-LOG, R-MINOR, raw rows); removes nothing."""
    _need_vault(home)
    with _Zones(home, keys) as zones:
        return _plan_terms(zones, policy, as_of)


def enforce_terms(home: Home, keys: Keys, policy: Policy, as_of: date, token: str | None = None) -> Removal:
    """Remove what is over its term: rows now, bytes when the weekly rewrite is due.

    A `token`, where given, must be the plan's own. Raises UsageError when it is not, AnonymartError on a fault; run again then.
    """
    _need_vault(home)
    finish(home, keys, policy, as_of)
    with _Zones(home, keys) as zones:
        if token is not None and token != _plan_terms(zones, policy, as_of).token:
            raise UsageError("The token is not that of the present plan: look at the plan again.")
        old = _old_files(zones, policy, as_of)
    done = _remove(home, keys, policy, as_of, is_rewritten_now=False)
    for path in (path for paths in old.values() for path in paths):
        path.unlink(missing_ok=True)
    done.files = {kind: len(paths) for kind, paths in old.items()}
    return done


def plan_requests(home: Home, keys: Keys, policy: Policy, as_of: date, request_ids: tuple[str, ...]) -> Removal:
    """Count what goes with these requests of kind erase, withdraw or death (R-ERASE, R-WITHDRAW). What waits in landing is loaded first.

    Raises UsageError for a request that names an e-mail of two people.
    """
    _need_vault(home)
    ingest(home, keys, policy, as_of)
    with _Zones(home, keys) as zones:
        return _plan_requests(zones, policy, as_of, request_ids)


def carry_out_requests(
    home: Home, keys: Keys, policy: Policy, as_of: date, request_ids: tuple[str, ...], token: str
) -> Removal:
    """Remove what goes with these requests, all in one removal and one rewrite; a second time finds nothing left to do.

    Requests of the erased lose identifier and details, so that only kind, dates and a keyed hash stay (P-RIGHTS).
    Raises UsageError when the token is not the present plan's, AnonymartError on a fault; run again then.
    """
    _need_vault(home)
    ingest(home, keys, policy, as_of)
    finish(home, keys, policy, as_of)
    with _Zones(home, keys) as zones:
        present = _choose_requests(zones, policy, as_of, request_ids)
        if _is_nothing_left(zones, policy):
            present.is_done = True
            present.receipt_no = receipts.head(zones.connection, "vault")[0] or None
            return present
        if token != present.token:
            raise UsageError("The token is not that of the present plan: look at the plan again; nothing was removed.")
        terms = people.text_terms(zones.connection)
        folders = files.landings(zones.connection, home)
        files.hide_names(zones.connection, terms)
        until = _until(zones.connection, policy, as_of)
        crash.point("removal.before_tombstones")
        tombstones.write(zones.connection, people.tombstones_of_asked(until))
        erased = people.forms_of_asked(zones.connection)
        crash.point("removal.after_tombstones")
    n_files = files.remove_mentions(folders, terms)
    done = _remove(home, keys, policy, as_of, is_rewritten_now=True, erased=erased)
    done.files = n_files
    return done


def finish(home: Home, keys: Keys, policy: Policy, as_of: date) -> Removal | None:
    """End a removal that a kill cut short, and remove what a delivery or a restored copy showed to belong to the erased.

    Gives None when there was nothing to do; cheap then.
    """
    if not home.vault.exists():
        return None
    remove_aside(home)
    with _Zones(home, keys) as zones:
        _expect_restored_copies(zones)
        is_open = zones.connection.execute("SELECT EXISTS (FROM vault.ledger.removals)").fetchone()[0]
        if not is_open and not tombstones.n_unswept(zones.connection) and not zones.is_warehouse_old():
            return None
    return _remove(home, keys, policy, as_of, is_rewritten_now=True)


def left_of_the_erased(home: Home, keys: Keys, policy: Policy, as_of: date) -> dict[str, int]:
    """Rows of the vault by place that tell of a time up to a tombstone: none after an erasure, whoever's it was (R-ERASE).

    The requests of the erased name nobody any more, so they are looked for by the tombstones themselves.
    """
    with _Zones(home, keys) as zones:
        people.add_left(zones.connection, [place for place in zones.places() if place.name in _NAMING])
        _key_the_going(zones)
        return {name: n_rows for name, n_rows in _count(zones, policy, None).items() if name in _NAMING}


class _Zones:
    """All three files open to write, with the keyed functions of vault and warehouse."""

    def __init__(self, home: Home, keys: Keys) -> None:
        self.home, self.keys = home, keys

    def __enter__(self) -> _Zones:
        has_warehouse = self.home.warehouse.exists()
        self.connection = engine.connect(self.home, self.keys, vault="rw", warehouse="rw" if has_warehouse else None)
        try:
            self.connection.execute(engine.NO_VACUUM)
            schema.create(self.connection, self.keys)
            identities.install(self.connection, self.keys)
            identities.install_hmac(self.connection, "pseudonym_hash", self.keys.pseudonym)
            tombstones.attach(self.connection, self.home, self.keys)
            people.start(self.connection)
        except BaseException:
            self.connection.close()
            raise
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        self.connection.close()
        if isinstance(error, duckdb.Error):
            text = "The disk is full: free some space and" if "No space" in str(error) else f"The removal stopped ({type(error).__name__}):"
            raise AnonymartError(f"{text} run it again; nothing was lost.") from None

    def is_warehouse_old(self) -> bool:
        """Whether the warehouse knows fewer receipts than the vault: a copy put back, in which people who left may be again."""
        if not self.home.warehouse.exists():
            return False
        return receipts.head(self.connection, "warehouse")[0] < receipts.head(self.connection, "vault")[0]

    def places(self) -> list[Place]:
        """The places that hold rows of people and that exist, whose-is-what last."""
        found = self.connection.execute("""
            SELECT database_name || '.' || schema_name || '.' || table_name FROM duckdb_tables()
            WHERE database_name IN ('vault', 'warehouse')
        """).fetchall()
        there = {name for (name,) in found}
        listed = [place for place in places.PLACES if place.name in there and place.holds_people]
        return sorted(listed, key=lambda place: _LAST.index(place.name) + 1 if place.name in _LAST else 0)


def _plan_terms(zones: _Zones, policy: Policy, as_of: date) -> Removal:
    _choose_by_terms(zones, policy, as_of)
    found = Removal(str(as_of), _count(zones, policy, as_of))
    found.files = {kind: len(paths) for kind, paths in _old_files(zones, policy, as_of).items()}
    found.fingerprint = json.dumps([found.rows, found.files], sort_keys=True)
    return found


def _old_files(zones: _Zones, policy: Policy, as_of: date) -> dict[str, list[Path]]:
    return {
        files.REFUSED: files.old_refused(zones.connection, zones.home, policy, as_of),
        files.EXPORTS: files.old_exports(zones.home, policy, as_of),
    }


def _plan_requests(zones: _Zones, policy: Policy, as_of: date, request_ids: tuple[str, ...]) -> Removal:
    found = _choose_requests(zones, policy, as_of, request_ids)
    found.rows = _count(zones, policy, None)
    return found


def _choose_requests(zones: _Zones, policy: Policy, as_of: date, request_ids: tuple[str, ...]) -> Removal:
    """Fill `going`, and give a plan without its rows. Its token stands for who goes and for what was ever loaded of them."""
    connection = zones.connection
    _choose_withdrawals(connection, request_ids)
    erasures = tuple(
        request_id
        for (request_id,) in connection.execute(
            "SELECT request_id FROM vault.rights.requests WHERE kind <> 'withdraw' AND identifier IS NOT NULL AND list_contains($1, request_id)",
            [list(request_ids)],
        ).fetchall()
    )
    people.expand_requests(connection, erasures)
    connection.execute(f"""
        INSERT INTO going SELECT identifier, TIMESTAMP '{_until(connection, policy, as_of)}', '{Scope.ALL}' FROM asked
    """)
    _key_the_going(zones)
    marks = connection.execute("SELECT string_agg(identifier_hash(identifier || scope), ',' ORDER BY identifier, scope) FROM going").fetchone()[0]
    loaded = connection.execute("""
        SELECT source, count(*) FROM vault.ledger.row_hashes
        WHERE identifier_mark IN (SELECT identifier_mark(identifier) FROM going) GROUP BY source ORDER BY source
    """).fetchall()
    found = Removal(str(as_of), files=files.count_mentions(files.landings(connection, zones.home), people.text_terms(connection)))
    found.fingerprint = json.dumps([marks, loaded, found.files], sort_keys=True)
    return found


def _is_nothing_left(zones: _Zones, policy: Policy) -> bool:
    """Who is to be erased is known, else the request would name nobody any more; of a withdrawal the answers tell."""
    is_erased = zones.connection.execute(f"SELECT EXISTS (FROM going WHERE scope = '{Scope.ALL}')").fetchone()[0]
    return not is_erased and not _count(zones, policy, None)


def _until(connection: duckdb.DuckDBPyConnection, policy: Policy, as_of: date) -> str:
    """The end of the day, or the last time that any row of those who asked tells of: sources may be a day ahead of `as_of`."""
    end = people.end_of(as_of, policy)
    return connection.execute("""
        SELECT greatest($1::TIMESTAMP, max(told.last_at)) FROM (
            SELECT max(about_on) + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND AS last_at
            FROM vault.ledger.row_hashes WHERE identifier_mark IN (SELECT identifier_mark(identifier) FROM asked)
            UNION ALL
            SELECT max(greatest(learners.registered_at, learners.last_login_at)) FROM vault.register.learners AS learners SEMI JOIN asked USING (identifier)
            UNION ALL
            SELECT max(uses.last_use_at) FROM vault.register.last_use AS uses SEMI JOIN asked USING (identifier)
            UNION ALL
            SELECT max(requests.received_at) FROM vault.rights.requests AS requests SEMI JOIN asked USING (identifier)
        ) AS told
    """, [end]).fetchone()[0]


def _choose_by_terms(zones: _Zones, policy: Policy, as_of: date) -> None:
    connection = zones.connection
    people.add_erased(connection)
    people.add_expired(connection, policy, as_of)
    people.add_minors(connection, policy, as_of)
    people.add_withdrawn(connection)
    people.add_without_contact(connection, policy, as_of, _n_built(zones))
    _key_the_going(zones)


def _choose_withdrawals(connection: duckdb.DuckDBPyConnection, request_ids: tuple[str, ...]) -> None:
    connection.execute(f"""
        INSERT INTO going
        SELECT kin.identifier, max(requests.received_at), '{Scope.ANSWERS}'
        FROM vault.rights.requests AS requests
        INNER JOIN vault.register.identities AS identities USING (identifier)
        INNER JOIN vault.register.identities AS kin
            ON coalesce(kin.anchor, kin.identifier) = coalesce(identities.anchor, identities.identifier)
        WHERE requests.kind = 'withdraw' AND list_contains($1, requests.request_id)
        GROUP BY kin.identifier
    """, [list(request_ids)])


def _n_built(zones: _Zones) -> int:
    """The last load whose survey answers the warehouse has taken."""
    table = "warehouse.intermediate.int_nps_responses"
    if table not in {place.name for place in zones.places()}:
        return 0
    return zones.connection.execute(f"SELECT coalesce(max(load_no), 0) FROM {table}").fetchone()[0]


def _key_the_going(zones: _Zones) -> None:
    """The names under which the warehouse knows those who go: TEMP tables going_keys, going_persons and going_responses."""
    connection = zones.connection
    bits = "CAST(CAST(unhex(substr(pseudonym_hash(identifier), 1, 16)) AS BIT) AS BIGINT)"
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE going_keys AS
        SELECT {bits} AS identity_key, until_at, scope FROM going WHERE scope <> '{Scope.IDENTIFIED}';
        CREATE OR REPLACE TEMP TABLE going_persons (person_key BIGINT, pseudonym VARCHAR, scope VARCHAR);
        CREATE OR REPLACE TEMP TABLE going_responses (response_key BIGINT)
    """)
    listed = zones.places()
    if zones.is_warehouse_old():
        for place in listed:
            if place.names is Names.IDENTITY_KEY and place.keeps is not Keeps.VIEW:
                connection.execute(f"""
                    INSERT INTO going_keys SELECT DISTINCT identity_key, TIMESTAMP 'infinity', '{Scope.ALL}' FROM {place.name}
                    WHERE identity_key NOT IN (SELECT {bits} FROM vault.register.identities)
                """)
    there = {place.name for place in listed}
    if "warehouse.intermediate.int_identities" in there:
        connection.execute("""
            INSERT INTO going_persons SELECT DISTINCT person_key, pseudonym, scope
            FROM warehouse.intermediate.int_identities INNER JOIN going_keys USING (identity_key)
        """)
    if "warehouse.intermediate.int_salary_responses" in there:
        connection.execute(f"""
            INSERT INTO going_responses SELECT response_key
            FROM warehouse.intermediate.int_salary_responses AS rows INNER JOIN going_keys USING (identity_key)
            WHERE going_keys.scope IN ({_listed(_OF_LIFE)}) AND coalesce(rows.answered_on <= going_keys.until_at, true)
        """)


def _condition(place: Place, policy: Policy, as_of: date | None) -> str | None:
    """Which rows of a place go: an SQL condition, None where none ever does. `as_of` None leaves out what has a term of its own."""
    conditions = [_of_the_going(place)]
    if as_of is not None:
        conditions.append(_over_its_term(place, policy, as_of))
    return " OR ".join(f"({condition})" for condition in conditions if condition) or None


def _of_the_going(place: Place) -> str | None:
    chosen = f"scope IN ({_listed(_scopes(place))})"
    if place.name == "vault.register.claims":
        return f"""
            learner IN (SELECT identifier FROM going WHERE {chosen})
            AND learner NOT IN (SELECT identifier FROM vault.register.learners)
        """
    if place.name == "vault.register.identities":
        return f"""
            identifier IN (
                SELECT identifier FROM going
                WHERE {chosen}
                    AND identifier NOT IN (SELECT identifier FROM vault.register.claims)
                    AND identifier NOT IN (SELECT identifier FROM vault.register.last_use)
                    AND identifier_mark(identifier) NOT IN (
                        SELECT hashes.identifier_mark FROM vault.ledger.row_hashes AS hashes
                        SEMI JOIN (SELECT identifier_mark(identifier) AS identifier_mark FROM going) AS marks USING (identifier_mark)
                    )
            )
        """
    match place.names:
        case Names.PERSON_KEY | Names.PSEUDONYM:
            column = "person_key" if place.names is Names.PERSON_KEY else "pseudonym"
            return f"{place.column} IN (SELECT {column} FROM going_persons WHERE {chosen})"
        case Names.RESPONSE_KEY:
            return f"{place.column} IN (FROM going_responses)"
    if named := _named(place):
        return f"rowid IN (SELECT rows.rowid FROM {place.name} AS rows INNER JOIN {named[0]} ON {named[1]})"
    # Minors and steps have terms of their own.
    return None


def _scopes(place: Place) -> tuple[Scope, ...]:
    # Whoever is in a new life is found under every identifier, and objects as before.
    if place.name.startswith("vault.rights.") or place.name in _WHO_IS_WHO:
        return (Scope.ALL,)
    return (*_OF_LIFE, *_ALSO.get(place.name, ()))


def _named(place: Place) -> tuple[str, str] | None:
    """What to join `rows` of a place with, and on what, to get those that go, each once; None where they are found in another way."""
    match place.names:
        case _ if place.name in _LAST:
            return None
        case Names.IDENTIFIER:
            names, column = "going", "identifier"
        case Names.IDENTIFIER_MARK:
            names, column = "(SELECT identifier_mark(identifier) AS identifier_mark, until_at, scope FROM going)", "identifier_mark"
        case Names.IDENTITY_KEY:
            names, column = "going_keys", "identity_key"
        case _:
            return None
    is_about = f"coalesce({place.about} <= chosen.until_at, true)" if place.about else "true"
    chosen = f"SELECT {column} AS named, max(until_at) AS until_at FROM {names} WHERE scope IN ({_listed(_scopes(place))}) GROUP BY ALL"
    return f"({chosen}) AS chosen", f"chosen.named = rows.{place.column} AND {is_about}"


def _delete_from(connection: duckdb.DuckDBPyConnection, place: Place, policy: Policy, as_of: date | None) -> int:
    """Delete what goes from a place and give the number of rows. Who goes is looked for once, in the columns that tell it."""
    statements = [f"DELETE FROM {place.name} WHERE {_condition(place, policy, as_of)}"]
    if named := _named(place):
        over_its_term = _over_its_term(place, policy, as_of) if as_of else None
        statements = [f"DELETE FROM {place.name} AS rows USING {named[0]} WHERE {named[1]}"]
        statements += [f"DELETE FROM {place.name} WHERE {over_its_term}"] if over_its_term else []
    return sum(connection.execute(statement).fetchone()[0] for statement in statements)


def _over_its_term(place: Place, policy: Policy, as_of: date) -> str | None:
    """Rows with a term of their own, whoever they are about; a restriction keeps them (R-RESTRICT)."""
    day = f"DATE '{as_of}'"
    unrestricted = f"{place.column} NOT IN (FROM restricted)"
    years = policy.figure("purposes", "P-STAT", "keep_years_after_last_use")
    if place.name in _RAW:
        kept = policy.figure("raw", "keep_days")
        return f"load_no IN (SELECT load_no FROM vault.ledger.loads WHERE as_of + {kept} < {day}) AND {unrestricted}"
    if place.name == "vault.register.connections":
        return f"connected_at < {day} - INTERVAL {policy.figure('purposes', 'P-LOG', 'keep_years')} YEAR AND {unrestricted}"
    if place.name == "vault.register.minors":
        return f"of_age_on + INTERVAL {years} YEAR < {day}"
    if place.name == "vault.ledger.row_hashes":
        # Noted before rows told whose they were.
        return f"identifier_mark IS NULL AND about_on + INTERVAL {years} YEAR < {day}"
    return None


def _count(zones: _Zones, policy: Policy, as_of: date | None) -> dict[str, int]:
    """Rows that go, by place. Of an identity it is told only while it is removed whether something else holds on to it."""
    found = {}
    for place in zones.places():
        condition = _of_identity(place) if place.name in _LAST else _condition(place, policy, as_of)
        if condition:
            is_there = " AND identifier IS NOT NULL" if place.name == "vault.rights.requests" else ""
            is_old = f" OR request_id IN ({_old_requests(policy, as_of)})" if as_of and place.name == "vault.rights.requests" else ""
            n_rows = zones.connection.execute(f"SELECT count(*) FROM {place.name} WHERE ({condition}){is_there}{is_old}").fetchone()[0]
            if n_rows:
                found[place.name] = n_rows
    return found


def _of_identity(place: Place) -> str:
    column = "learner" if place.name == "vault.register.claims" else "identifier"
    return f"{column} IN (SELECT identifier FROM going WHERE scope = '{Scope.ALL}')"


def _remove(
    home: Home, keys: Keys, policy: Policy, as_of: date, is_rewritten_now: bool, erased: list[str] | None = None
) -> Removal:
    """One removal from begin to receipt: with what is over its term, or at once and only what somebody asked for.

    `erased`: the identifiers among which all are that have new tombstones; None: nobody knows, so all are looked through.
    """
    terms_as_of = None if is_rewritten_now else as_of
    with _Zones(home, keys) as zones:
        connection = zones.connection
        if terms_as_of:
            _choose_by_terms(zones, policy, as_of)
        else:
            people.add_erased(connection, erased)
            people.add_withdrawn(connection)
            _key_the_going(zones)
        removal_no = _begin(zones, as_of)
        done = Removal(str(as_of))
        for zone in ("warehouse", "vault"):
            done.rows |= _delete(zones, zone, policy, terms_as_of, removal_no)
        is_due = _is_rewrite_due(connection, policy, as_of, is_rewritten_now)
        is_open = connection.execute("SELECT EXISTS (FROM vault.ledger.rewrites WHERE removal_no = $1)", [removal_no]).fetchone()[0]
        if not any(done.rows.values()) and not is_due and not is_open:
            connection.execute("DELETE FROM vault.ledger.removals")
            if zones.is_warehouse_old():
                receipts.note_head(connection, "warehouse", *receipts.head(connection, "vault"))
            done.is_done = True
            return done
    crash.point("removal.before_rewrite")
    hashes: dict[str, Rewritten] = {}
    if is_due:
        files.remove_spill(home)
        hashes = rewrite(home, keys, tuple(zone for zone in ("vault", "warehouse") if getattr(home, zone).exists()))
    done.receipt_no = _close(home, keys, as_of, removal_no, hashes)
    done.is_done = True
    return done


def _begin(zones: _Zones, as_of: date) -> int:
    """Note how many rows each place holds before anything goes; a removal cut short keeps its counts and the number of its receipt."""
    connection = zones.connection
    is_open = connection.execute("SELECT max(removal_no) FROM vault.ledger.removals").fetchone()[0]
    if is_open is not None:
        return is_open
    removal_no = 1 + max(receipts.head(connection, database)[0] for database in ("vault", "tombstones"))
    counts = {place.name: _n_rows(connection, place) for place in zones.places()}
    connection.execute(
        "INSERT INTO vault.ledger.removals SELECT $1, $2, unnest($3::VARCHAR[]), unnest($4::BIGINT[]), NULL",
        [removal_no, as_of, list(counts), list(counts.values())],
    )
    crash.point("removal.begun")
    return removal_no


def _n_rows(connection: duckdb.DuckDBPyConnection, place: Place) -> int:
    named = " WHERE identifier IS NOT NULL" if place.name == "vault.rights.requests" else ""
    return connection.execute(f"SELECT count(*) FROM {place.name}{named}").fetchone()[0]


def _delete(zones: _Zones, zone: str, policy: Policy, terms_as_of: date | None, removal_no: int) -> dict[str, int]:
    connection, found = zones.connection, {}
    connection.execute("BEGIN")
    for place in zones.places():
        condition = _condition(place, policy, terms_as_of)
        if not place.name.startswith(f"{zone}.") or condition is None or place.keeps is Keeps.VIEW:
            continue
        if place.name == "vault.rights.requests":
            # Told of by their steps, which go after them.
            found |= _delete_old_requests(connection, policy, terms_as_of)
            n_rows = connection.execute(f"""
                UPDATE {place.name} SET who = identifier_hash(identifier), identifier = NULL, details = NULL
                WHERE identifier IS NOT NULL AND ({condition})
            """).fetchone()[0]
        else:
            n_rows = _delete_from(connection, place, policy, terms_as_of)
        if n_rows:
            found[place.name] = n_rows
    if zone == "vault":
        _mend_what_stays(connection)
        counts = {place.name: _n_rows(connection, place) for place in zones.places()}
        connection.execute("""
            UPDATE vault.ledger.removals AS removals SET rows_after = counts.n_rows
            FROM (SELECT unnest($2::VARCHAR[]) AS place, unnest($3::BIGINT[]) AS n_rows) AS counts
            WHERE removals.removal_no = $1 AND removals.place = counts.place
        """, [removal_no, list(counts), list(counts.values())])
        if found:
            connection.execute(
                "INSERT INTO vault.ledger.rewrites SELECT removal_no, max(as_of), false FROM vault.ledger.removals GROUP BY removal_no"
            )
    crash.point(f"removal.before_{zone}_commit")
    connection.execute("COMMIT")
    crash.point(f"removal.after_{zone}_commit")
    return found


def _delete_old_requests(connection: duckdb.DuckDBPyConnection, policy: Policy, as_of: date | None) -> dict[str, int]:
    """Requests closed for longer than P-RIGHTS keeps them, with their steps."""
    if as_of is None:
        return {}
    connection.execute(f"CREATE OR REPLACE TEMP TABLE old_requests AS {_old_requests(policy, as_of)}")
    found = {}
    for table in ("vault.rights.requests", "vault.rights.steps"):
        if n_rows := connection.execute(f"DELETE FROM {table} WHERE request_id IN (FROM old_requests)").fetchone()[0]:
            found[table] = n_rows
    return found


def _old_requests(policy: Policy, as_of: date) -> str:
    years = policy.figure("purposes", "P-RIGHTS", "keep_years")
    return f"""
        SELECT request_id FROM vault.rights.steps WHERE state IN ('answered', 'refused')
        GROUP BY request_id HAVING (max("at") + INTERVAL {years} YEAR)::DATE < DATE '{as_of}'
    """


def _mend_what_stays(connection: duckdb.DuckDBPyConnection) -> None:
    """Of those who are back, nothing of the time before; and anew whose the identifiers are that the others had claimed too."""
    chosen = f"(SELECT identifier, max(until_at) AS until_at FROM going WHERE scope IN ({_listed(_OF_LIFE)}) GROUP BY identifier) AS chosen"
    connection.execute(f"""
        UPDATE vault.register.last_use AS uses SET first_use_at = uses.last_use_at FROM {chosen}
        WHERE chosen.identifier = uses.identifier AND uses.first_use_at <= chosen.until_at
    """)
    for moment in ("registered_at", "left_at", "last_login_at"):
        connection.execute(f"""
            UPDATE vault.register.learners AS learners SET {moment} = NULL FROM {chosen}
            WHERE chosen.identifier = learners.identifier AND learners.{moment} <= chosen.until_at
        """)
    identities.resolve_again(connection, f"SELECT identifier FROM going WHERE scope = '{Scope.ALL}'")


def _is_rewrite_due(connection: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, is_rewritten_now: bool) -> bool:
    first = connection.execute("SELECT min(as_of) FROM vault.ledger.rewrites WHERE NOT is_done").fetchone()[0]
    if first is None:
        return False
    return is_rewritten_now or (as_of - first).days >= policy.figure("forgetting", "rewrite_every_days")


def _close(home: Home, keys: Keys, as_of: date, removal_no: int, hashes: dict[str, Rewritten]) -> int:
    """Write the receipt, then note in both files that it is there."""
    with _Zones(home, keys) as zones:
        connection = zones.connection
        rows = connection.execute(
            "SELECT place, rows_before, rows_after FROM vault.ledger.removals WHERE removal_no = $1 ORDER BY place", [removal_no]
        ).fetchall()
        entry = receipts.append(home, keys, removal_no, {
            "as_of": str(as_of), "erasures": tombstones.n_unswept(connection) > 0,
            "rows": {place: {"before": before, "after": after} for place, before, after in rows},
            "files": {name: {"before": found.before, "after": found.after} for name, found in hashes.items()},
        })  # fmt: skip
        crash.point("removal.after_receipt")
        connection.execute("BEGIN")
        connection.execute("UPDATE tombstones.erased SET is_swept = true WHERE NOT is_swept")
        receipts.note_head(connection, "tombstones", removal_no, entry["hash"])
        connection.execute("COMMIT")
        crash.point("removal.after_tombstones_swept")
        if home.warehouse.exists():
            receipts.note_head(connection, "warehouse", removal_no, entry["hash"])
        connection.execute("BEGIN")
        receipts.note_head(connection, "vault", removal_no, entry["hash"])
        connection.execute("DELETE FROM vault.ledger.removals")
        if hashes:
            connection.execute("UPDATE vault.ledger.rewrites SET is_done = true")
        connection.execute("COMMIT")
        return entry["receipt_no"]


def _expect_restored_copies(zones: _Zones) -> None:
    """A vault that knows fewer receipts than the tombstones is an old copy: whoever was erased since is in it again."""
    connection = zones.connection
    known, _ = receipts.head(connection, "vault")
    newest, _ = receipts.head(connection, "tombstones")
    if known < newest:
        connection.execute("UPDATE tombstones.erased SET is_swept = false WHERE is_swept")


def _need_vault(home: Home) -> None:
    if not home.vault.exists():
        raise UsageError(f"The vault {home.vault} does not exist yet: there is nothing to remove.")


def _listed(scopes: tuple[Scope, ...]) -> str:
    return ", ".join(f"'{scope}'" for scope in scopes)

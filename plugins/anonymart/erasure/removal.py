"""Removing people's rows: from every place of the register, in sets, with a receipt, whatever kill comes
between.

First the tombstones, then the warehouse, then the vault with what was counted, then the bytes, then the
receipt: each step finds from the one before what is left to do.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from anonymart import audit, crash
from anonymart.backup import listed as listed_backups
from anonymart.erasure import comments, files, hold, people, purged, receipts, tombstones, unreadable
from anonymart.erasure.choice import choose_by_terms, choose_withdrawals, key_to_erase, until_of_asked
from anonymart.erasure.people import Scope
from anonymart.erasure.places import Keeps, Place
from anonymart.erasure.rewrite import Rewritten, remove_aside, rewrite
from anonymart.erasure.rows import (
    NAMING,
    OF_ACTIVITY,
    condition,
    count_rows,
    delete_from,
    listed,
    old_requests,
)
from anonymart.erasure.zones import Zones
from anonymart.errors import RetentionHeld, UsageError
from anonymart.home import Home
from anonymart.ingest import identities, ingest, waiting
from anonymart.policy import Policy
from anonymart.rows import one_row
from anonymart.session import Session
from anonymart.temp_tables import ASKED, TO_ERASE

# TEMP tables that another module makes.
READS = (ASKED, TO_ERASE)


@dataclass
class Removal:
    """A plan, or what was done: rows that go by place, files that go by kind; the token names the plan.

    `never_known`: rows by source, among the others, that waited for the register until their term was over.
    `why_held`: why the plan looks wrong and waits for a person.
    """

    as_of: str
    rows: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    never_known: dict[str, int] = field(default_factory=dict)
    people: hold.People = field(default_factory=lambda: hold.People(0, 0))
    why_held: hold.Why | None = None
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


def plan_terms(session: Session) -> Removal:
    """Count what is over its term as of a date (P-STAT, P-SURVEY, P-LOG, R-MINOR, raw rows); removes
    nothing.
    """
    _need_vault(session.home)
    with Zones(session) as zones:
        return _plan_terms(zones, session.policy, session.as_of)


def enforce_terms(
    session: Session,
    token: str | None = None,
    reason: str | None = None,
    actor: str | None = None,
) -> Removal:
    """Remove what is over its term: rows now, bytes when the weekly rewrite is due.

    A `token`, where given, must be the plan's own. A plan that looks wrong waits for some days
    (`erasure/hold.py`); with a token and a `reason` a person lets it go on now. Raises RetentionHeld when it
    waits, UsageError for another token, AnonymartError on a fault; run again then.
    """
    from anonymart.gate.typed import checked_reason

    _need_vault(session.home)
    finish(session)
    said = checked_reason(session, reason) if token is not None and reason is not None else None
    with Zones(session) as zones:
        plan = _plan_terms(zones, session.policy, session.as_of)
        if token is not None and token != plan.token:
            raise UsageError("The token is not that of the present plan: look at the plan again.")
        until = hold.note(zones.connection, session.policy, session.as_of, plan.why_held)
        if plan.why_held and until and said is None:
            raise RetentionHeld(_says_held(plan, until))
        old = _old_files(zones, session.policy, session.as_of)
    if plan.why_held and said is not None:
        audit.record(session, "let_retention_go", actor, reason=said)
    done = _remove(session, is_rewritten_now=False)
    for path in (path for paths in old.values() for path in paths):
        path.unlink(missing_ok=True)
    done.files |= {kind: len(paths) for kind, paths in old.items()}
    return done


def keep_waiting(session: Session, reason: str, actor: str | None = None) -> date:
    """Let a plan that waits wait on, for as many days again; gives the day on which it goes on by itself.

    Raises UsageError when no plan waits, or for a reason that may name somebody.
    """
    from anonymart.gate.typed import checked_reason

    _need_vault(session.home)
    said = checked_reason(session, reason)
    with Zones(session) as zones:
        plan = _plan_terms(zones, session.policy, session.as_of)
        if plan.why_held is None:
            raise UsageError(f"Nothing of the plan for {session.as_of} waits: there is nothing to hold.")
        hold.renew(zones.connection, session.as_of, plan.why_held)
        until = hold.note(zones.connection, session.policy, session.as_of, plan.why_held)
    audit.record(session, "held_retention", actor, reason=said)
    return until or session.as_of


def _says_held(plan: Removal, until: date) -> str:
    return (
        f"Retention waits for a person and has removed nothing. "
        f"{plan.why_held.sentence if plan.why_held else ''} It goes on by itself on {until}; "
        f"`anonymart purge --as-of {plan.as_of}` shows the plan and how to let it go on now, or wait longer."
    )


def plan_requests(session: Session, request_ids: tuple[str, ...]) -> Removal:
    """Count what goes with these requests of kind erase, withdraw or death (R-ERASE, R-WITHDRAW). What waits
    in landing is loaded first.

    Raises UsageError for a request that names an e-mail of two people.
    """
    _need_vault(session.home)
    ingest(session)
    with Zones(session) as zones:
        return _plan_requests(zones, session.policy, session.as_of, request_ids)


def carry_out_requests(session: Session, request_ids: tuple[str, ...], token: str) -> Removal:
    """Remove what goes with these requests, all in one removal and one rewrite; a second time finds nothing
    left to do.

    Requests of the erased lose identifier and details, so that only kind, dates and a keyed hash stay
    (P-RIGHTS). Raises UsageError when the token is not the present plan's, AnonymartError on a fault; run
    again then.
    """
    _need_vault(session.home)
    ingest(session)
    finish(session)
    with Zones(session) as zones:
        present = _choose_requests(zones, session.policy, session.as_of, request_ids)
        if _is_nothing_left(zones, session.policy):
            present.is_done = True
            present.receipt_no = receipts.head(zones.connection, "vault")[0] or None
            return present
        if token != present.token:
            raise UsageError(
                "The token is not that of the present plan: look at the plan again; nothing was removed."
            )
        terms = people.text_terms(zones.connection)
        folders = files.landings(zones.connection, session.home)
        files.hide_names(zones.connection, terms)
        until = until_of_asked(zones.connection, session.policy, session.as_of)
        crash.point("removal.before_tombstones")
        tombstones.write(zones.connection, people.tombstones_of_asked(until))
        erased = people.forms_of_asked(zones.connection)
        crash.point("removal.after_tombstones")
    n_files = files.remove_mentions(folders, terms)
    done = _remove(session, is_rewritten_now=True, erased=erased)
    done.files |= n_files
    return done


def carry_out_purge(session: Session, purge: purged.Purge) -> Removal:
    """Set the tombstone of a purge, then remove what it names, all in one removal and one rewrite. Run again
    after a kill, or any later removal, ends it.
    """
    _need_vault(session.home)
    finish(session)
    with Zones(session) as zones:
        crash.point("removal.before_tombstones")
        purged.write(zones.connection, purge)
        crash.point("removal.after_tombstones")
    return _remove(session, is_rewritten_now=True, erased=[])


def finish(session: Session) -> Removal | None:
    """End a removal that a kill cut short, and remove what a delivery or a restored copy showed to belong to
    the erased.

    Gives None when there was nothing to do; cheap then.
    """
    if not session.home.vault.exists():
        return None
    remove_aside(session.home)
    with Zones(session) as zones:
        _expect_restored_copies(zones)
        is_open = one_row(zones.connection.execute("SELECT EXISTS (FROM vault.ledger.removals)"))[0]
        is_unswept = tombstones.n_unswept(zones.connection) or purged.all_of(zones.connection, is_open=True)
        if not is_open and not is_unswept and not zones.is_warehouse_old():
            return None
    return _remove(session, is_rewritten_now=True)


def left_of_the_erased(session: Session) -> dict[str, int]:
    """Rows of the vault by place that tell of a time up to a tombstone: none after an erasure, whoever's it
    was (R-ERASE).

    The requests of the erased name nobody any more, so they are looked for by the tombstones themselves.
    """
    with Zones(session) as zones:
        people.add_left(zones.connection, [place for place in zones.places() if place.name in NAMING])
        key_to_erase(zones, session.policy)
        return {
            name: n_rows for name, n_rows in count_rows(zones, session.policy, None).items() if name in NAMING
        }


def _plan_terms(zones: Zones, policy: Policy, as_of: date) -> Removal:
    choose_by_terms(zones, policy, as_of)
    found = Removal(str(as_of), count_rows(zones, policy, as_of))
    found.files = {kind: len(paths) for kind, paths in _old_files(zones, policy, as_of).items()}
    found.never_known = waiting.expired(zones.connection, policy, as_of)
    found.people = hold.count_people(zones.connection)
    found.why_held = hold.why_held(zones.connection, policy, as_of, found.people, found.is_empty)
    found.fingerprint = json.dumps([found.rows, found.files], sort_keys=True)
    return found


def _old_files(zones: Zones, policy: Policy, as_of: date) -> dict[str, list[Path]]:
    return {
        files.REFUSED: files.old_refused(zones.connection, zones.session.home, policy, as_of),
        files.EXPORTS: files.old_exports(zones.session.home, policy, as_of),
    }


def _plan_requests(zones: Zones, policy: Policy, as_of: date, request_ids: tuple[str, ...]) -> Removal:
    found = _choose_requests(zones, policy, as_of, request_ids)
    found.rows = count_rows(zones, policy, None)
    return found


def _choose_requests(zones: Zones, policy: Policy, as_of: date, request_ids: tuple[str, ...]) -> Removal:
    """Fill `to_erase`, and give a plan without its rows. Its token stands for who goes and for what was ever
    loaded of them.
    """
    connection = zones.connection
    choose_withdrawals(connection, request_ids)
    erasures = tuple(
        request_id
        for (request_id,) in connection.execute(
            "SELECT request_id FROM vault.rights.requests WHERE kind <> 'withdraw' AND identifier IS "
            "NOT NULL AND list_contains($1, request_id)",
            [list(request_ids)],
        ).fetchall()
    )
    people.expand_requests(connection, erasures)
    connection.execute(f"""
        INSERT INTO to_erase SELECT identifier, TIMESTAMP '{until_of_asked(connection, policy, as_of)}',
            '{Scope.ALL}' FROM asked
    """)
    key_to_erase(zones, policy)
    marks = one_row(
        connection.execute(
            "SELECT string_agg(identifier_hash(identifier || scope), ',' ORDER BY identifier, scope) "
            "FROM to_erase"
        )
    )[0]
    loaded = connection.execute("""
        SELECT source, count(*) FROM vault.ledger.row_hashes
        WHERE identifier_mark IN (SELECT identifier_mark(identifier) FROM to_erase) GROUP BY source
        ORDER BY source
    """).fetchall()
    found = Removal(
        str(as_of),
        files=files.count_mentions(
            files.landings(connection, zones.session.home), people.text_terms(connection)
        ),
    )
    if n_copies := len(files.copies(zones.session.home)):
        found.files[files.COPIES] = n_copies
    found.fingerprint = json.dumps([marks, loaded, found.files], sort_keys=True)
    return found


def _is_nothing_left(zones: Zones, policy: Policy) -> bool:
    """Who is to be erased is known, else the request would name nobody any more; of a withdrawal the answers
    tell.
    """
    is_erased = one_row(
        zones.connection.execute(f"SELECT EXISTS (FROM to_erase WHERE scope = '{Scope.ALL}')")
    )[0]
    return not is_erased and not count_rows(zones, policy, None)


def _remove(
    session: Session,
    is_rewritten_now: bool,
    erased: list[str] | None = None,
) -> Removal:
    """One removal from begin to receipt: with what is over its term, or at once and only what somebody asked
    for.

    `erased`: the identifiers among which all are that have new tombstones; None: nobody knows, so all are
    looked through.
    """
    terms_as_of = None if is_rewritten_now else session.as_of
    with Zones(session) as zones:
        connection = zones.connection
        if terms_as_of:
            choose_by_terms(zones, session.policy, session.as_of)
        else:
            people.add_erased(connection, erased)
            people.add_withdrawn(connection)
            key_to_erase(zones, session.policy)
        removal_no = _begin(zones, session.as_of)
        done = Removal(str(session.as_of))
        done.never_known = waiting.expired(connection, session.policy, session.as_of) if terms_as_of else {}
        for zone in ("warehouse", "vault"):
            done.rows |= _delete(zones, zone, session.policy, terms_as_of, removal_no)
        is_due = _is_rewrite_due(connection, session.policy, session.as_of, is_rewritten_now)
        is_open = one_row(
            connection.execute(
                "SELECT EXISTS (FROM vault.ledger.rewrites WHERE removal_no = $1)", [removal_no]
            )
        )[0]
        if not any(done.rows.values()) and not is_due and not is_open:
            connection.execute("DELETE FROM vault.ledger.removals")
            if zones.is_warehouse_old():
                receipts.note_head(connection, "warehouse", *receipts.head(connection, "vault"))
            done.is_done = True
            return done
    crash.point("removal.before_rewrite")
    hashes: dict[str, Rewritten] = {}
    if is_due:
        files.remove_spill(session.home)
        done.files = files.remove_copies(session.home)
        hashes = rewrite(
            session, tuple(zone for zone in ("vault", "warehouse") if getattr(session.home, zone).exists())
        )
    done.receipt_no = _close(session, removal_no, hashes)
    done.is_done = True
    return done


def _begin(zones: Zones, as_of: date) -> int:
    """Note how many rows each place holds before anything goes; a removal cut short keeps its counts and the
    number of its receipt.
    """
    connection = zones.connection
    is_open = one_row(connection.execute("SELECT max(removal_no) FROM vault.ledger.removals"))[0]
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
    return one_row(connection.execute(f"SELECT count(*) FROM {place.name}{named}"))[0]


def _delete(
    zones: Zones, zone: str, policy: Policy, terms_as_of: date | None, removal_no: int
) -> dict[str, int]:
    from anonymart.rights import handover

    connection = zones.connection
    found: dict[str, int] = {}
    connection.execute("BEGIN")
    if zone == "vault" and terms_as_of is None:
        comments.mask(connection)
    if zone == "vault" and terms_as_of is not None:
        waiting.note_expired(connection, policy, terms_as_of)
    blanked = unreadable.blank(connection) if zone == "vault" else []
    for place in zones.places():
        which = condition(place, policy, terms_as_of)
        if not place.name.startswith(f"{zone}.") or which is None or place.keeps is Keeps.VIEW:
            continue
        if place.name == "vault.rights.requests":
            # Told of by their steps, which go after them.
            found |= _delete_old_requests(connection, policy, terms_as_of)
            n_rows = one_row(
                connection.execute(f"""
                UPDATE {place.name} SET who = identifier_hash(identifier), identifier = NULL, details = NULL
                WHERE identifier IS NOT NULL AND ({which})
            """)
            )[0]
        else:
            n_rows = delete_from(connection, place, policy, terms_as_of)
        if n_rows:
            found[place.name] = n_rows
    for place_name, n_rows in purged.delete(connection, zone, policy).items():
        found[place_name] = found.get(place_name, 0) + n_rows
    if zone == "vault":
        n_mended = _mend_what_stays(connection)
        counts = {place.name: _n_rows(connection, place) for place in zones.places()}
        connection.execute(
            """
            UPDATE vault.ledger.removals AS removals SET rows_after = counts.n_rows
            FROM (SELECT unnest($2::VARCHAR[]) AS place, unnest($3::BIGINT[]) AS n_rows) AS counts
            WHERE removals.removal_no = $1 AND removals.place = counts.place
        """,
            [removal_no, list(counts), list(counts.values())],
        )
        if found or n_mended or purged.all_of(connection, is_open=True):
            connection.execute(
                "INSERT INTO vault.ledger.rewrites SELECT removal_no, max(as_of), false FROM "
                "vault.ledger.removals GROUP BY removal_no"
            )
    crash.point(f"removal.before_{zone}_commit")
    connection.execute("COMMIT")
    crash.point(f"removal.after_{zone}_commit")
    for row_id in blanked:
        handover.delete_export(zones.session, row_id)
    return found


def _delete_old_requests(
    connection: duckdb.DuckDBPyConnection, policy: Policy, as_of: date | None
) -> dict[str, int]:
    """Requests closed for longer than P-RIGHTS keeps them, with their steps."""
    if as_of is None:
        return {}
    connection.execute(f"CREATE OR REPLACE TEMP TABLE old_requests AS {old_requests(policy, as_of)}")
    found = {}
    for table in ("vault.rights.requests", "vault.rights.steps"):
        if n_rows := one_row(
            connection.execute(f"DELETE FROM {table} WHERE request_id IN (FROM old_requests)")
        )[0]:
            found[table] = n_rows
    return found


def _mend_what_stays(connection: duckdb.DuckDBPyConnection) -> int:
    """Of those who are back, nothing of the time before; and anew whose the identifiers are that the others
    had claimed too.

    Gives how many times were blanked: their bytes stand in the file until it is written anew.
    """
    chosen = (
        f"(SELECT identifier, max(until_at) AS until_at FROM to_erase WHERE scope IN ({listed(OF_ACTIVITY)}) "
        f"GROUP BY identifier) AS chosen"
    )
    n_blanked = one_row(
        connection.execute(f"""
        UPDATE vault.register.last_use AS uses SET first_use_at = uses.last_use_at FROM {chosen}
        WHERE chosen.identifier = uses.identifier AND uses.first_use_at <= chosen.until_at
    """)
    )[0]
    for moment in ("registered_at", "left_at", "last_login_at"):
        n_blanked += one_row(
            connection.execute(f"""
            UPDATE vault.register.learners AS learners SET {moment} = NULL FROM {chosen}
            WHERE chosen.identifier = learners.identifier AND learners.{moment} <= chosen.until_at
        """)
        )[0]
    identities.resolve_again(connection, f"SELECT identifier FROM to_erase WHERE scope = '{Scope.ALL}'")
    return n_blanked


def _is_rewrite_due(
    connection: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, is_rewritten_now: bool
) -> bool:
    first = one_row(connection.execute("SELECT min(as_of) FROM vault.ledger.rewrites WHERE NOT is_done"))[0]
    if first is None:
        return False
    return is_rewritten_now or (as_of - first).days >= policy.figure("erasure", "rewrite_every_days")


def _close(session: Session, removal_no: int, hashes: dict[str, Rewritten]) -> int:
    """Write the receipt, then note in both files that it is there."""
    with Zones(session) as zones:
        connection = zones.connection
        rows = connection.execute(
            "SELECT place, rows_before, rows_after FROM vault.ledger.removals WHERE removal_no = $1 "
            "ORDER BY place",
            [removal_no],
        ).fetchall()
        entry = receipts.append(
            session,
            removal_no,
            {
                "as_of": str(session.as_of),
                "erasures": tombstones.n_unswept(connection) > 0,
                **(
                    {"purged": purged.reported(connection)} if purged.all_of(connection, is_open=True) else {}
                ),
                "rows": {place: {"before": before, "after": after} for place, before, after in rows},
                "files": {
                    name: {"before": found.before, "after": found.after} for name, found in hashes.items()
                },
                # The bytes of whoever was removed are in these until they are removed too.
                **(
                    {"backups": [entry.backup_id for entry in kept]}
                    if (kept := listed_backups.read(session.home))
                    else {}
                ),
            },
        )
        crash.point("removal.after_receipt")
        connection.execute("BEGIN")
        connection.execute("UPDATE tombstones.erased SET is_swept = true WHERE NOT is_swept")
        connection.execute("UPDATE tombstones.purged SET is_swept = true WHERE NOT is_swept")
        receipts.note_head(connection, "tombstones", removal_no, entry["hash"])
        connection.execute("COMMIT")
        crash.point("removal.after_tombstones_swept")
        if session.home.warehouse.exists():
            receipts.note_head(connection, "warehouse", removal_no, entry["hash"])
        connection.execute("BEGIN")
        receipts.note_head(connection, "vault", removal_no, entry["hash"])
        connection.execute("DELETE FROM vault.ledger.removals")
        if hashes:
            connection.execute("UPDATE vault.ledger.rewrites SET is_done = true")
        connection.execute("COMMIT")
        return entry["receipt_no"]


def _expect_restored_copies(zones: Zones) -> None:
    """A vault that knows fewer receipts than the tombstones is an old copy: whoever was erased since is in it
    again, and so is what was purged in a warehouse that is one.
    """
    connection = zones.connection
    known, _ = receipts.head(connection, "vault")
    newest, _ = receipts.head(connection, "tombstones")
    if known < newest:
        connection.execute("UPDATE tombstones.erased SET is_swept = false WHERE is_swept")
    if known < newest or zones.is_warehouse_old():
        connection.execute("UPDATE tombstones.purged SET is_swept = false WHERE is_swept")


def _need_vault(home: Home) -> None:
    if not home.vault.exists():
        raise UsageError(f"The vault {home.vault} does not exist yet: there is nothing to remove.")

"""What a person is handed: all that is held (R-ACCESS), or what the person provided (R-PORT), as a zip of
JSON, CSV and a page.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
import os
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from anonymart import crash
from anonymart.erasure import files, places
from anonymart.erasure.places import Keeps, Names, Place
from anonymart.home import Home
from anonymart.ingest import identities
from anonymart.policy import Policy
from anonymart.rights import handover_page
from anonymart.rights.handover_page import Table
from anonymart.rights.statements import learning_statements
from anonymart.rows import one_row
from anonymart.session import Session
from anonymart.temp_tables import OWN, OWN_KEYS
from anonymart.vault import schema

# Of what the warehouse has made of a person only that it exists is told: keys and hashes are the warehouse's,
# and say
# nothing.
COUNTED = ("vault.ledger.row_hashes", "vault.register.minors", "tombstones.main.erased")
# What the person provided, also by using the site (article 20); the rest was drawn from it.
PROVIDED = (
    "vault.register.learners",
    "vault.register.connections",
    "vault.raw.enrolments",
    "vault.raw.salary",
    "vault.answers.nps",
    "vault.rights.consents",
    "warehouse.intermediate.int_enrolments",
    "warehouse.intermediate.int_nps_responses",
    "warehouse.intermediate.int_salary_responses",
)
# Kinds of requests for which a person is handed a zip.
HANDED_OVER = ("access", "port", "death")
WITHHELD = "withheld.txt"
_WITHHELD_SAYS = (
    "Do not hand this over. What was prepared held something that was purged since; "
    "`anonymart rights advance` prepares it anew.\n"
)
# What the warehouse has derived from an answer was not provided by the person.
_DRAWN = frozenset({"themes", "salary_reason"})
_OWN_NAMES = frozenset(
    {
        "load_no",
        "admitted_no",
        "row_hash",
        "reason",
        "who",
        "person_id",
        "anchor",
        "group_key",
        "identity_key",
        "person_key",
        "pseudonym",
        "record_key",
        "response_key",
        "enrolment_key",
        "request_id",
        "wrong_hash",
        "unreadable_id",
        "decided_by",
    }
)


# The text of an unreadable row is handed over where it names nobody else.
_ROW_OF_ONE = """CASE WHEN NOT EXISTS (
    SELECT 1 FROM vault.rights.unreadable_names AS names
    WHERE names.unreadable_id = unreadable.unreadable_id AND names.identifier NOT IN (SELECT identifier
    FROM own)
) THEN raw_row END AS raw_row"""


def write_handover(session: Session, request_id: str, kind: str) -> Path:
    """Write the zip for a request of kind access or port and give its path. The same day and data give the
    same bytes.

    Of somebody of whom nothing is held the page says so.
    """
    is_port = kind == "port"
    tables, counted, statements = _collect(session, request_id, is_port)
    texts: dict[str, str] = {}
    if is_port:
        texts["learning_statements.json"] = _json(statements)
    for table in tables:
        texts[f"tables/{table.place}.csv"] = _csv(table)
    content = {
        "as_of": session.as_of,
        "kind": kind,
        "held": {table.place: table.as_records() for table in tables},
        "counted_only": counted,
        "information": handover_page.information(session.policy),
    }
    texts["data.json"] = _json(content)
    texts["index.html"] = handover_page.page(
        tables, counted, len(statements), session.policy, session.as_of, is_port
    )
    return _write(session.home, export_path(session, request_id), texts, session.as_of)


def write_text(session: Session, name: str, texts: dict[str, str], as_of: date) -> Path:
    """Write a zip of these texts where that of a request of this id would lie, and give its path."""
    return _write(session.home, export_path(session, name), texts, as_of)


def export_path(session: Session, request_id: str) -> Path:
    """Where the zip for a request lies; its name is a keyed hash, and tells nobody who asked."""
    name = hmac.new(
        bytes.fromhex(session.keys.signing), f"export|{request_id}".encode(), hashlib.sha256
    ).hexdigest()[:16]
    return session.home.exports / f"{name}.zip"


def delete_export(session: Session, request_id: str) -> None:
    """Remove the zip for a request, where there is one."""
    export_path(session, request_id).unlink(missing_ok=True)


def withhold(session: Session, path: Path) -> None:
    """Put, in the place of a zip that must not be handed over as it is, one that says so: who asked still
    waits for theirs, and so does what waits for the hand-over.
    """
    _write(session.home, path, {WITHHELD: _WITHHELD_SAYS}, session.as_of)


def withheld(session: Session) -> set[Path]:
    """Where zips lie that were withheld and not written anew yet."""
    return {path for path in session.home.exports.glob("*.zip") if is_withheld(path)}


def prepare_again(session: Session) -> int:
    """Write anew every zip that was withheld, from what is held now, and give how many there were."""
    found = withheld(session)
    if not found:
        return 0
    with session.connect(vault="ro") as connection:
        rows = connection.execute(
            "SELECT request_id, kind FROM vault.rights.requests WHERE list_contains($1, kind)",
            [list(HANDED_OVER)],
        ).fetchall()
    for request_id, kind in rows:
        if export_path(session, request_id) in found:
            write_handover(session, request_id, "access" if kind == "death" else kind)
    return len(found)


def paths_of_requests(session: Session, connection: duckdb.DuckDBPyConnection) -> set[Path]:
    """Where the zips of the requests lie that a person is handed one for; the vault is attached."""
    rows = connection.execute(
        "SELECT request_id FROM vault.rights.requests WHERE list_contains($1, kind)", [list(HANDED_OVER)]
    ).fetchall()
    return {export_path(session, request_id) for (request_id,) in rows}


def is_withheld(path: Path) -> bool:
    """Whether the zip only says that it must not be handed over."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist() == [WITHHELD]
    except (OSError, zipfile.BadZipFile):
        return False


def delete_old_exports(home: Home, policy: Policy, as_of: date) -> int:
    """Remove the zips whose days are over, and give how many there were."""
    old = files.old_exports(home, policy, as_of)
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _write(home: Home, path: Path, texts: dict[str, str], as_of: date) -> Path:
    home.exports.mkdir(mode=0o700, exist_ok=True)
    part = path.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.comment = str(as_of).encode()
            for name in sorted(texts):
                entry = zipfile.ZipInfo(name, (as_of.year, as_of.month, as_of.day, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o600 << 16
                archive.writestr(entry, texts[name])
        file.flush()
        os.fsync(file.fileno())
    crash.point("rights.handover_written")
    os.replace(part, path)
    crash.point("rights.handover_renamed")
    return path


def _collect(
    session: Session, request_id: str, is_port: bool
) -> tuple[list[Table], dict[str, int], list[dict]]:
    """Tables of the person's rows by place, how many rows there are of what is only counted, and the
    statements.
    """
    has_warehouse = session.home.warehouse.exists()
    connection = session.connect(vault="rw", warehouse="ro" if has_warehouse else None)
    try:
        schema.create(connection, session.keys)
        identities.install(connection, session.keys)
        identities.install_pseudonym(connection, session.keys)
        _find_person(connection, request_id)
        there = {name for (name,) in connection.execute(
            "SELECT database_name || '.' || schema_name || '.' || table_name FROM duckdb_tables()"
        ).fetchall()}  # fmt: skip
        _key_person(connection, there)
        tables, counted = [], {}
        for place in places.PLACES:
            if place.name not in there or not place.holds_people or place.keeps is Keeps.VIEW:
                continue
            # Nobody can tell which visitor a person was (P-AUDIENCE).
            if place.names is Names.VISITOR:
                continue
            condition = _condition(place)
            if place.name in COUNTED:
                counted[place.name] = one_row(
                    connection.execute(f"SELECT count(*) FROM {place.name} WHERE {condition}")
                )[0]
            elif not is_port or place.name in PROVIDED:
                table = _table(connection, place, condition, _OWN_NAMES | _DRAWN if is_port else _OWN_NAMES)
                if table.rows:
                    tables.append(table)
        return tables, ({} if is_port else counted), learning_statements(connection, there) if is_port else []
    finally:
        connection.close()


def _find_person(connection: duckdb.DuckDBPyConnection, request_id: str) -> None:
    """TEMP table `own`: every identifier of the person who asks. An address that two people claim is
    neither's.
    """
    connection.execute(
        OWN.made_of("""
        SELECT DISTINCT linked.identifier, linked.anchor, linked.person_id
        FROM vault.rights.requests AS requests
        -- of a closed request a keyed hash tells who asked
        INNER JOIN vault.register.identities AS identities
            ON identities.identifier = requests.identifier
                OR (requests.identifier IS NULL AND identifier_hash(identities.identifier) = requests.who)
        INNER JOIN vault.register.identities AS linked
            ON coalesce(linked.anchor, linked.identifier) = coalesce(identities.anchor, identities.identifier)
        WHERE requests.request_id = $1 AND (
            identities.anchor IS NOT NULL OR identities.identifier NOT IN (SELECT identifier
            FROM vault.register.claims)
        )
        """),
        [request_id],
    )


def _key_person(connection: duckdb.DuckDBPyConnection, there: set[str]) -> None:
    """The names under which the warehouse knows the person."""
    identity, person = (
        identities.first_64_bits(f"pseudonym_hash({name})") for name in ("identifier", "person_id")
    )
    connection.execute(OWN_KEYS.made_of(f"SELECT {identity} AS identity_key, identifier FROM own"))
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE own_person AS
        SELECT DISTINCT {person} AS person_key, pseudonym_hash(person_id) AS pseudonym
        FROM own WHERE person_id IS NOT NULL;
        CREATE OR REPLACE TEMP TABLE own_responses (response_key BIGINT)
    """)
    for table in ("warehouse.intermediate.int_salary_responses", "warehouse.intermediate.int_nps_responses"):
        if table in there:
            connection.execute(
                f"INSERT INTO own_responses SELECT response_key FROM {table} SEMI JOIN own_keys USING "
                f"(identity_key)"
            )


def _condition(place: Place) -> str:
    match place.names:
        case Names.IDENTIFIER:
            column = "learner" if place.name == "vault.register.claims" else place.column
            return f"{column} IN (SELECT identifier FROM own)"
        case Names.IDENTIFIER_MARK:
            return f"{place.column} IN (SELECT identifier_mark(identifier) FROM own)"
        case Names.IDENTIFIER_HASH:
            return f"{place.column} IN (SELECT identifier_hash(identifier) FROM own)"
        case Names.IDENTITY_KEY:
            return f"{place.column} IN (SELECT identity_key FROM own_keys)"
        case Names.PERSON_KEY:
            return f"{place.column} IN (SELECT person_key FROM own_person)"
        case Names.PSEUDONYM:
            return f"{place.column} IN (SELECT pseudonym FROM own_person)"
        case Names.RESPONSE_KEY:
            return f"{place.column} IN (FROM own_responses)"
        case Names.REQUEST if place.name == "vault.rights.unreadable":
            return (
                f"{place.column} IN (SELECT {place.column} FROM vault.rights.unreadable_names WHERE "
                f"identifier IN (SELECT identifier FROM own))"
            )
        case Names.REQUEST:
            return (
                f"{place.column} IN (SELECT request_id FROM vault.rights.requests WHERE identifier IN "
                f"(SELECT identifier FROM own))"
            )
    raise ValueError(f"nobody knows how {place.name} names a person")


def _table(
    connection: duckdb.DuckDBPyConnection, place: Place, condition: str, left_out: frozenset[str]
) -> Table:
    described = connection.execute(f"DESCRIBE {place.name}").fetchall()
    columns = [row[0] for row in described if row[0] not in left_out]
    chosen = ", ".join(_ROW_OF_ONE if name == "raw_row" else f'"{name}"' for name in columns)
    rows = connection.execute(f"SELECT {chosen} FROM {place.name} WHERE {condition} ORDER BY ALL").fetchall()
    return Table(place.name, columns, rows)


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n"


def _csv(table: Table) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.columns)
    writer.writerows(table.rows)
    return text.getvalue()

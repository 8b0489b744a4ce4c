"""A school of two people and some company, delivered in every source, and how to look for somebody in every
byte of a home.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import pytest

from anonymart import engine
from anonymart.erasure import removal, tombstones
from anonymart.run import build
from anonymart.session import Session
from tests.ingest.conftest import SmallSchool as IngestHouse
from tests.ingest.conftest import statement
from tests.shared import made_once

AS_OF = date(2026, 6, 30)
MARKER = "zq7markzq"
EMAIL = f"anna.{MARKER}@example.org"
SHA1 = hashlib.sha1(f"mailto:{EMAIL}".encode()).hexdigest()
# Everything that names her; the e-mail without its dot is a spelling that nobody claims.
NAMES = (MARKER, "L-4711", "acct-anna-4711", SHA1, f"anna{MARKER}")
HOME_PAGE = "https://campus.example"
CATALOGUE = [{"path_id": "p1", "course_id": f"{HOME_PAGE}/xapi/course/python", "course_title": "Python"}]


class SmallSchool(IngestHouse):
    """`deliver_all` writes the same files each time, under a name of choice."""

    def deliver_all(self, name: str = "a", people: tuple[str, ...] = ("anna", "bert")) -> None:
        rows: dict[str, list[dict]] = {}
        for person in people:
            for source, more in PEOPLE[person].items():
                rows.setdefault(source, []).extend(more)
        for source, content in rows.items():
            self.deliver(source, f"{name}.ndjson", content)

    def deliver_catalogue(self) -> None:
        """What everybody's statements and enrolments are about; without it an event has no code and no
        rollup.
        """
        self.deliver("catalogue", "catalogue.ndjson", CATALOGUE)

    def build(
        self,
        as_of: date = AS_OF,
        select: str = "+int_nps_counted +int_graduates +int_code_lists +path:models/intermediate/history",
    ) -> None:
        build(Session(self.home, self.keys, self.policy, as_of), select=select)

    def request(
        self, kind: str = "erase", number: int = 1, at: str = "2026-06-20T10:00:00Z", **who: str
    ) -> str:
        row = {
            "request_id": f"REQ-{number}",
            "kind": kind,
            "received_at": at,
            "identity_verified": True,
            **(who or {"learner_id": "L-4711"}),
        }
        self.deliver("rights", f"request-{number}.ndjson", [row])
        self.ingest()
        return f"REQ-{number}"

    def erase(self, *request_ids: str, as_of: date = AS_OF) -> removal.Removal:
        session = Session(self.home, self.keys, self.policy, as_of)
        plan = removal.plan_requests(session, request_ids)
        return removal.carry_out_requests(session, request_ids, plan.token)

    def everything(self) -> str:
        """Every value of every table of vault, warehouse and tombstones, as one text."""
        warehouse = "ro" if self.home.warehouse.exists() else None
        with engine.connect(self.home, self.keys, vault="ro", warehouse=warehouse) as connection:
            if self.home.tombstones.exists():
                tombstones.attach(connection, Session(self.home, self.keys), "ro")
            tables = connection.execute("""
                SELECT database_name || '.' || schema_name || '.' || table_name FROM duckdb_tables()
                WHERE database_name IN ('vault', 'warehouse', 'tombstones')
            """).fetchall()
            return "\n".join(
                f"{table}: {connection.execute(f'FROM {table}').fetchall()!r}" for (table,) in tables
            )

    def bytes_with(self, *words: str) -> list[str]:
        """Files under the home whose bytes hold one of the words, in UTF-8, whatever the case."""
        wanted = [word.lower().encode() for word in words]
        files = [path for path in self.home.root.rglob("*") if path.is_file() and not path.is_symlink()]
        return sorted(
            str(path.relative_to(self.home.root))
            for path in files
            if any(word in path.read_bytes().lower() for word in wanted)
        )

    def warehouse(self, query: str) -> list[tuple]:
        with engine.connect(self.home, self.keys, warehouse="ro") as connection:
            return connection.execute(query).fetchall()

    def history(self, person: str) -> dict[str, int]:
        """Rows of the history by table, under any identifier of one of the people."""
        wanted = ", ".join(
            str(identity_key(self.keys.pseudonym, identifier)) for identifier in IDENTIFIERS[person]
        )
        with engine.connect(self.home, self.keys, warehouse="ro") as connection:
            tables = connection.execute("""
                SELECT table_name FROM duckdb_columns() WHERE database_name = 'warehouse'
                    AND column_name = 'identity_key'
                    AND table_name IN (SELECT table_name FROM duckdb_tables())
            """).fetchall()
            counts = {
                table: connection.execute(
                    f"SELECT count(*) FROM warehouse.intermediate.{table} WHERE identity_key IN ({wanted})"
                ).fetchone()[0]
                for (table,) in tables
            }
        return {table: n_rows for table, n_rows in counts.items() if n_rows}


def built_home(factory: pytest.TempPathFactory, is_plain: bool) -> Path:
    """A home in which everything was delivered and built, made once for all tests and workers: copy it.
    Plain: its bytes can be searched.
    """

    def make(place: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            if is_plain:
                patch.setenv("ANONYMART_ENCRYPTION", "none")
            small_school = SmallSchool(place / "home")
            small_school.deliver_catalogue()
            small_school.deliver_all()
            small_school.ingest()
            small_school.build()

    return made_once(factory, "plain" if is_plain else "encrypted", make) / "home"


def identity_key(key: str, identifier: str) -> int:
    """64 bits of HMAC-SHA256, signed, as dbt computes it."""
    import hmac

    return int.from_bytes(
        hmac.digest(bytes.fromhex(key), identifier.encode(), "sha256")[:8], "big", signed=True
    )


def read_receipts(home: Path) -> list[dict]:
    return [json.loads(line) for line in (home / "receipts.ndjson").read_text().splitlines()]


def person(
    learner_id: str, account: str, email: str, spelling: str, number: int, **more: str
) -> dict[str, list[dict]]:
    """Rows of one person in every source, under every kind of identifier."""
    sha1 = hashlib.sha1(f"mailto:{email}".encode()).hexdigest()
    actors = (
        {"account": {"homePage": HOME_PAGE, "name": account}},
        {"mbox": f"mailto:{email}"},
        {"mbox_sha1sum": sha1},
        {"mbox": f"mailto:{spelling}"},
    )
    return {
        "learners": [
            {
                "learner_id": learner_id,
                "email": email,
                "given_name": f"Given{learner_id}",
                "family_name": f"Family{learner_id}",
                "account_home_page": HOME_PAGE,
                "account_name": account,
                "registered_at": "2025-01-05T10:00:00Z",
                "last_login_at": "2026-05-01T10:00:00Z",
                **more,
            }
        ],
        "enrolments": [
            {
                "learner_id": learner_id,
                "path_id": "p1",
                "started_on": "2025-01-10",
                "outcome": "graduated",
                "diploma_id": "d1",
                "graduated_on": "2025-09-30",
            }
        ],
        "connections": [{"learner_id": learner_id, "connected_at": "2026-05-01T10:00:00Z"}],
        "learning": [
            statement(number + n, actor=actor, timestamp=f"2026-0{n + 1}-03T10:00:00Z")
            for n, actor in enumerate(actors)
        ],
        "nps": [
            {
                "response_id": f"n-{learner_id}",
                "email": email,
                "path_id": "p1",
                "asked_at": "2026-03-01T08:00:00Z",
                "answered_at": "2026-03-02T08:00:00Z",
                "score": 9,
                "comment": f"Mentor of {learner_id}",
            },
            {
                "response_id": f"o-{learner_id}",
                "email": spelling,
                "path_id": "p1",
                "asked_at": "2026-04-01T08:00:00Z",
            },
        ],
        "salary": [
            {
                "response_id": f"s-{learner_id}",
                "learner_id": learner_id,
                "email": email,
                "diploma_id": "d1",
                "graduated_on": "2025-09-30",
                "answered_at": "2026-04-02T08:00:00Z",
                "employed": True,
                "job_title": f"Baker {learner_id}",
                "employer": f"Inc {learner_id}",
                "contract_type": "Contrat d'apprentissage",
                "country": "Pays-Bas",
                "salary_amount": 99999999,
                "salary_currency": "EUR",
                "salary_period": "year",
                "salary_basis": "gross",
            }
        ],
        "consents": [
            {
                "learner_id": learner_id,
                "purpose": "P-SURVEY",
                "status": "granted",
                "at": "2025-01-05T10:00:00Z",
            }
        ],
    }


PEOPLE = {
    "anna": person("L-4711", "acct-anna-4711", EMAIL, f"anna{MARKER}@example.org", 100),
    "bert": person("L-4712", "acct-bert", "bert.b@example.org", "bertb@example.org", 200),
}
IDENTIFIERS = {
    "anna": (
        "learner:L-4711",
        f"account:{HOME_PAGE}|acct-anna-4711",
        f"email:{EMAIL}",
        f"sha1:{SHA1}",
        f"email:anna{MARKER}@example.org",
    ),
    "bert": (
        "learner:L-4712",
        f"account:{HOME_PAGE}|acct-bert",
        "email:bert.b@example.org",
        "email:bertb@example.org",
        f"sha1:{hashlib.sha1(b'mailto:bert.b@example.org').hexdigest()}",
    ),
}

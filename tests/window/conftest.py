"""One home built once, and the models' own SQL, compiled there, run on a vault of memory as of any day."""

from __future__ import annotations

import hashlib
import hmac
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from anonymart import engine, times
from anonymart.ingest import activity_periods
from anonymart.policy import Policy, load_policy
from anonymart.vault.schema import SCHEMA
from tests.window.oracle import Law

sys.path.insert(0, str(Path(__file__).parents[1] / "dbt"))

from small_home import AS_OF, SmallHome

POLICY = load_policy()
LAW = Law(
    POLICY.figure("purposes", "P-STAT", "keep_years_after_last_use"), POLICY.figure("window", "time_zone")
)
STAGING = (
    "stg_register__identities",
    "stg_register__last_use",
    "stg_register__learners",
    "stg_rights__requests",
    "stg_rights__consents",
    "stg_rights__unreadable",
)


def key_of(key_hex: str, text: str) -> int:
    """The first 64 bits of a keyed hash as a signed number: how the warehouse names a person or a
    response.
    """
    digest = hmac.new(bytes.fromhex(key_hex), text.encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


class MemoryVault:
    """A vault of memory with the program's own way in, and int_persons as its own compiled SQL."""

    def __init__(self, built: SmallHome, policy: Policy = POLICY) -> None:
        self._compiled = built.home.dbt_target / "compiled" / "anonymart" / "models"
        self._keys = built.keys
        self._policy = policy
        self.connection = duckdb.connect(":memory:")
        engine.prepare(self.connection, built.home)
        self.connection.execute("ATTACH ':memory:' AS vault; ATTACH ':memory:' AS warehouse")
        self.connection.execute(f"{SCHEMA}; CREATE SCHEMA warehouse.staging")
        self.connection.execute(
            "CREATE TEMP TABLE anonymart_keys AS SELECT $1 AS pseudonym_key, $2 AS record_key",
            [built.keys.pseudonym, built.keys.record],
        )
        for name in STAGING:
            self.connection.execute(f"CREATE VIEW warehouse.staging.{name} AS {self._sql(name)}")
        self._persons = self._sql("int_persons")
        assert f"date '{AS_OF}'" in self._persons

    def _sql(self, name: str) -> str:
        (found,) = self._compiled.rglob(f"{name}.sql")
        return found.read_text(encoding="utf-8")

    def clear(self) -> None:
        self.connection.execute(
            "DELETE FROM vault.register.identities; DELETE FROM vault.register.learners; DELETE FROM "
            "vault.register.last_use"
        )

    def know(self, person: str, identifiers: list[str]) -> None:
        """Tell the registers who stands behind identifiers, a learner by the first of them."""
        self.connection.executemany(
            "INSERT INTO vault.register.identities (identifier, kind, person_id) VALUES (?, 'learner', ?)",
            [(identifier, person) for identifier in identifiers],
        )
        self.connection.execute(
            "INSERT INTO vault.register.learners (learner_id, identifier) VALUES ($1, $2)",
            [person, identifiers[0]],
        )

    def deliver(self, uses: list[tuple[str, str]]) -> None:
        """Note one file's uses, as pairs of identifier and ISO 8601 text, the way that ingest does."""
        if not uses:
            return
        self.connection.execute("CREATE OR REPLACE TEMP TABLE delivered (identifier VARCHAR, used VARCHAR)")
        self.connection.executemany("INSERT INTO delivered VALUES (?, ?)", uses)
        activity_periods.note(
            self.connection, f"SELECT identifier, {times.sql_moment('used')} FROM delivered", self._policy
        )

    def spans(self) -> list[tuple[str, datetime, datetime]]:
        return self.connection.execute("FROM vault.register.last_use ORDER BY ALL").fetchall()

    def judge(self, as_of: date) -> dict[int, tuple[str, date | None, date | None, date | None]]:
        """By person key: status, last_use_on, closing_on and counts_from_on as int_persons gives them."""
        sql = self._persons.replace(f"date '{AS_OF}'", f"date '{as_of}'")
        return {
            key: tuple(rest)
            for key, *rest in self.connection.execute(
                f"SELECT person_key, status, last_use_on, closing_on, counts_from_on FROM ({sql})"
            ).fetchall()
        }

    def person_key(self, person: str) -> int:
        return key_of(self._keys.pseudonym, person)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> SmallHome:
    """A home with nobody in it, built as far as int_identities."""
    home = SmallHome(tmp_path_factory.mktemp("window") / "home")
    home.build(select="+int_identities")
    return home


@pytest.fixture(scope="session")
def memory_vault(built: SmallHome) -> Iterator[MemoryVault]:
    memory_vault = MemoryVault(built)
    yield memory_vault
    memory_vault.connection.close()

"""The three files that people are removed from, open together (R-ERASE, P-STAT)."""

from __future__ import annotations

import duckdb

from anonymart import engine
from anonymart.erasure import people, places, receipts, tombstones
from anonymart.erasure.places import Place
from anonymart.errors import AnonymartError
from anonymart.ingest import identities
from anonymart.session import Session
from anonymart.vault import schema

# Whose an identifier is goes after everything that is told under it.
LAST = ("vault.register.claims", "vault.register.identities")


class Zones:
    """All three files open to write, with the keyed functions of vault and warehouse."""

    def __init__(self, session: Session) -> None:
        self.session, self.keys = session, session.keys

    def __enter__(self) -> Zones:
        has_warehouse = self.session.home.warehouse.exists()
        self.connection = self.session.connect(vault="rw", warehouse="rw" if has_warehouse else None)
        try:
            self.connection.execute(engine.NO_VACUUM)
            schema.create(self.connection, self.keys)
            identities.install(self.connection, self.keys)
            identities.install_pseudonym(self.connection, self.keys)
            tombstones.attach(self.connection, self.session)
            people.start(self.connection)
        except BaseException:
            self.connection.close()
            raise
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        self.connection.close()
        if isinstance(error, duckdb.Error):
            text = (
                "The disk is full: free some space and"
                if "No space" in str(error)
                else f"The removal stopped ({type(error).__name__}):"
            )
            raise AnonymartError(f"{text} run it again; nothing was lost.") from None

    def is_warehouse_old(self) -> bool:
        """Whether the warehouse knows fewer receipts than the vault: a copy put back, in which people who
        left may be again.
        """
        if not self.session.home.warehouse.exists():
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
        return sorted(listed, key=lambda place: LAST.index(place.name) + 1 if place.name in LAST else 0)

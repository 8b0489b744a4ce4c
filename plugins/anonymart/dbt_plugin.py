"""The dbt-duckdb plugin: attaches the zones and lends each cursor the keys in a one-row TEMP table.

The keys stand in no compiled SQL, plan, log, variable or artifact, and a missing key is an error (design:
People without names).
"""

from __future__ import annotations

from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from anonymart import detect, engine, iri
from anonymart.home import Home
from anonymart.keys import Keys


class Plugin(BasePlugin):
    """Loaded by name from `dbt_project/profiles.yml`."""

    def initialize(self, config: dict[str, Any]) -> None:
        """Find the home and its keys; raises UsageError when a key is missing."""
        self._home = Home.from_env()
        self._keys = Keys.load(self._home)

    def configure_connection(self, conn: Any) -> None:
        """Attach the vault read-only and the warehouse to write."""
        engine.prepare(conn, self._home)
        engine.attach(conn, "vault", self._home.vault, self._keys.vault, "ro")
        engine.attach(conn, "warehouse", self._home.warehouse, self._keys.warehouse, "rw")

    def configure_cursor(self, cursor: Any) -> None:
        """Make the key table and the detector's macro of this cursor; what is TEMP is seen by no other
        cursor.
        """
        iri.install(cursor)
        cursor.execute(
            f"CREATE OR REPLACE TEMP MACRO anonymart_without_addresses(t) AS {detect.without_addresses('t')}"
        )
        links = self._keys.pseudonym_links
        # A model that was compiled for another number of keys names a column that is not there.
        names = (
            ["pseudonym_key"]
            if len(links) == 1
            else [f"pseudonym_key_{number}_of_{len(links)}" for number in range(1, len(links) + 1)]
        )
        columns = ", ".join(f"{name} VARCHAR" for name in (*names, "record_key"))
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE anonymart_keys ({columns})")
        values = ", ".join("?" for _ in (*links, "record"))
        cursor.execute(f"INSERT INTO anonymart_keys VALUES ({values})", [*links, self._keys.record])

"""The ledger's list of changes, newest first, with the sources that are silent: for the data team's eyes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date

from anonymart import engine
from anonymart.home import Home
from anonymart.ingest import silence
from anonymart.ingest.counts import Change
from anonymart.keys import Keys
from anonymart.policy import Policy


@dataclass(frozen=True)
class Noted:
    """One line of the ledger: the day of the run, the source, its file (None: a table that was pulled), and what is other in it."""

    as_of: date
    source: str
    file_name: str | None
    change: Change


@dataclass(frozen=True)
class Listing:
    """Changes, newest first, and silent sources."""

    changes: tuple[Noted, ...]
    silent: tuple[silence.Silent, ...]

    def as_dict(self) -> dict:
        """One object for `--json`: names, types and days, never a value."""
        told = [
            {"as_of": each.as_of.isoformat(), "source": each.source, "file_name": each.file_name, **dataclasses.asdict(each.change)}
            for each in self.changes
        ]
        return {"changes": told, "silent_sources": [{**dataclasses.asdict(each), "last_on": each.last_on.isoformat()} for each in self.silent]}

    @property
    def sentences(self) -> list[str]:
        """A line for each, and one that says so when there is none."""
        lines = [f"{each.as_of} {each.source}/{each.file_name or 'PostgreSQL'}: {each.change.sentence}" for each in self.changes]
        return [*lines, *(each.sentence for each in self.silent)] or ["No source has changed, and none is silent."]


def listed(home: Home, keys: Keys, policy: Policy, as_of: date, sources: tuple[str, ...] | None = None) -> Listing:
    """What the ledger of the vault says of the sources (all by default) up to `as_of`."""
    with engine.connect(home, keys, vault="ro") as connection:
        has_table = connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'vault' AND schema_name = 'ledger' AND table_name = 'changes'"
        ).fetchone()[0]
        rows = connection.execute("""
            SELECT changes.as_of, changes.source, loads.file_name, changes.kind, changes.name, changes.was, changes.became
            FROM vault.ledger.changes AS changes LEFT JOIN vault.ledger.loads AS loads USING (load_no)
            WHERE changes.as_of <= $1 ORDER BY changes.as_of DESC, changes.rowid DESC
        """, [as_of]).fetchall() if has_table else []
        silent = silence.find(connection, policy, as_of, sources)
    noted = (Noted(*row[:3], Change(*row[3:])) for row in rows)
    return Listing(tuple(each for each in noted if not sources or each.source in sources), tuple(silent))

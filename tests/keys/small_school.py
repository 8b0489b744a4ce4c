"""A home with rows in every zone, an erasure, receipts and an audit log; and its keys."""

from __future__ import annotations

import json
import subprocess
from datetime import date
from pathlib import Path

from anonymart import audit, engine
from anonymart.erasure import receipts
from anonymart.keys import Keys
from anonymart.session import Session
from tests import warm
from tests.erasure.small_school import SmallSchool as ErasureSchool
from tests.whole.small_school import clean_environment

DAY = "2026-06-30"


class SmallSchool(ErasureSchool):
    """What a rotation has to keep, and how to ask for one."""

    def command(self, *words: object, **environment: str) -> subprocess.CompletedProcess[str]:
        environment = clean_environment(self.home.root, **environment)
        return warm.anonymart(*words, env=environment, timeout=600)

    def token(self, name: str, **environment: str) -> str:
        shown = self.command("keys", "rotate", name, "--json", **environment)
        assert shown.returncode == 0, shown.stderr
        return json.loads(shown.stdout)["token"]

    def rotate(self, name: str, **environment: str) -> subprocess.CompletedProcess[str]:
        token = self.token(name, **{key: each for key, each in environment.items() if "CRASH" not in key})
        words = ("keys", "rotate", name, "--token", token, "--as-of", DAY, "--as", "operator")
        return self.command(*words, **environment)

    def reload(self) -> Keys:
        """The keys as the file has them now."""
        self.keys = Keys.load(self.home)
        return self.keys

    def rows(self) -> dict[str, list[tuple]]:
        """Every row of vault, warehouse and tombstones but hashes of the pseudonym key, marks and the audit
        log's own tables.
        """
        warehouse = "ro" if self.home.warehouse.exists() else None
        with engine.connect(self.home, self.keys, vault="ro", warehouse=warehouse) as connection:
            engine.attach(connection, "tombstones", self.home.tombstones, self.keys.vault, "ro")
            tables = connection.execute("""
                SELECT database_name || '.' || schema_name || '."' || table_name || '"',
                    list(column_name) FILTER (column_name NOT IN ('identity_key', 'person_key', 'pseudonym',
                        'response_key', 'enrolment_key'))
                FROM duckdb_columns() SEMI JOIN duckdb_tables() USING (database_name, schema_name, table_name)
                WHERE database_name IN ('vault', 'warehouse', 'tombstones')
                    AND table_name NOT IN ('key_marks', 'pseudonym_mark', 'audit_head', 'audit_open')
                GROUP BY ALL ORDER BY ALL""").fetchall()
            return {
                table: sorted(
                    connection.execute(f"SELECT {', '.join(map(_quoted, columns))} FROM {table}").fetchall(),
                    key=repr,
                )
                for table, columns in tables
                if columns
            }

    def holds(self) -> tuple[bool, bool]:
        """Whether audit log and receipts hold."""
        return audit.verify(Session(self.home, self.keys)).passed, receipts.verify(
            Session(self.home, self.keys)
        ).passed

    def rotations(self) -> list[str]:
        """The keys that the audit log says were rotated."""
        return [entry["key"] for entry in audit.entries(self.home) if entry["act"] == "rotated"]

    def left_over(self) -> list[str]:
        """What a rotation may not leave in the home."""
        found = [path.name for path in self.home.root.iterdir()]
        return [
            name for name in found if name == "rotation.json" or ".rewrite" in name or name.endswith(".new")
        ]


def furnish(root: Path) -> SmallSchool:
    """One of the two people is erased, and somebody acts."""
    small_school = SmallSchool(root)
    small_school.erase(small_school.request())
    audit.record(
        Session(small_school.home, small_school.keys, given_day=date.fromisoformat(DAY)),
        "let_retention_go",
        "operator",
        reason="one",
    )
    return small_school


def _quoted(name: str) -> str:
    return f'"{name}"'

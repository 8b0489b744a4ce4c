"""A home with keys, a landing folder, and a way to look into the vault."""

import hashlib
import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from anonymart import engine
from anonymart.home import Home
from anonymart.ingest import ingest
from anonymart.keys import Keys, init_keys
from anonymart.policy import load_policy
from anonymart.session import Session
from tests.shared import made_once

AS_OF = date(2026, 6, 30)


class SmallSchool:
    def __init__(self, root: Path) -> None:
        self.home = Home(root).prepare()
        init_keys(self.home)
        self.keys = Keys.load(self.home)
        self.policy = load_policy()

    def deliver(self, source: str, name: str, content: str | bytes | list[dict]) -> Path:
        folder = self.home.landing / source
        folder.mkdir(exist_ok=True)
        if isinstance(content, list):
            content = "".join(json.dumps(row) + "\n" for row in content)
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def ingest(self, as_of: date = AS_OF):
        return {
            f"{c.source}/{c.file_name}": c
            for c in ingest(Session(self.home, self.keys, self.policy, as_of)).files
        }

    def ask(self, query: str) -> list[tuple]:
        with engine.connect(self.home, self.keys, vault="ro") as connection:
            return connection.execute(query).fetchall()

    def everything(self) -> str:
        """Every value of every table of the vault, as one text."""
        with engine.connect(self.home, self.keys, vault="ro") as connection:
            tables = connection.execute(
                "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = 'vault'"
            ).fetchall()
            return "\n".join(
                repr(connection.execute(f"FROM vault.{table}").fetchall()) for (table,) in tables
            )


@pytest.fixture
def small_school(tmp_path):
    return SmallSchool(tmp_path / "home")


def with_learners(factory: pytest.TempPathFactory, root: Path, name: str, rows: list[dict]) -> SmallSchool:
    """A home in which a file of learners was ingested: made once for each content, and copied."""

    def make(place: Path) -> None:
        small_school = SmallSchool(place / "home")
        small_school.deliver("learners", name, rows)
        small_school.ingest()

    known = hashlib.sha256(json.dumps([name, rows]).encode()).hexdigest()[:12]
    shutil.copytree(made_once(factory, f"learners-{known}", make) / "home", root, symlinks=True)
    return SmallSchool(root)


def statement(number: int = 1, **changes) -> dict:
    """One right xAPI statement; `changes` replace its top-level parts, None removes one."""
    full = {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "timestamp": "2025-03-01T10:00:00Z",
        "actor": {
            "account": {"homePage": "https://campus.example", "name": "account-0001"},
            "name": "Jeanne Secret",
        },
        "verb": {"id": "http://adlnet.gov/expapi/verbs/progressed"},
        "object": {
            "id": "https://campus.example/xapi/course/python",
            "definition": {"type": "http://adlnet.gov/expapi/activities/course"},
        },
        "result": {
            "score": {"scaled": 0.5},
            "success": True,
            "response": "call me on 0612345678",
            "extensions": {"https://w3id.org/xapi/cmi5/result/extensions/progress": 40},
        },
        "authority": {"mbox": "mailto:authority-secret@example.org"},
        "context": {
            "instructor": {"mbox": "mailto:instructor-secret@example.org"},
            "contextActivities": {"parent": [{"id": "https://campus.example/xapi/course/python"}]},
        },
    }
    full.update(changes)
    return {name: value for name, value in full.items() if value is not None}

"""A home that a test drives from outside: `anonymart` in a process of its own, and the zones opened with
their keys.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from anonymart import engine
from anonymart.contracts import load_contracts
from anonymart.home import Home
from anonymart.keys import KEY_NAMES, Keys
from tests import warm

PATIENCE_SECONDS = 600
YES = ("--approve-as", "reviewer", "--reason", "Read in full")


@dataclass
class SmallSchool:
    """One ANONYMART_HOME. `output` collects what its commands print: nobody's name may stand there either."""

    root: Path
    output: list[str] = field(default_factory=list)

    @property
    def home(self) -> Home:
        return Home(self.root)

    @property
    def keys(self) -> Keys:
        return Keys.load(self.home)

    def command(self, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `anonymart` with this home, to its end."""
        done = warm.anonymart(
            *_answered(arguments), env=clean_environment(self.root, **environment), timeout=PATIENCE_SECONDS
        )
        self.output += [done.stdout, done.stderr]
        return done

    def succeed(self, *arguments: object, **environment: str) -> dict:
        """Run a command with --json that must end with 0; gives its object."""
        done = self.command(*arguments, "--json", **environment)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)

    def copy(self, root: Path) -> SmallSchool:
        """Another home with the same files, links and keys; what was printed goes along."""
        shutil.copytree(self.root, root, symlinks=True)
        return SmallSchool(root, list(self.output))

    def vault(self, query: str) -> list[tuple]:
        """Rows of a query on the vault, read-only."""
        with engine.connect(self.home, self.keys, vault="ro") as connection:
            return connection.execute(query).fetchall()

    def warehouse(self, query: str) -> list[tuple]:
        """Rows of a query on the warehouse, read-only."""
        with engine.connect(self.home, self.keys, warehouse="ro") as connection:
            return connection.execute(query).fetchall()

    def alter_warehouse(self, *statements: str) -> None:
        """Change the warehouse behind the program's back. Each statement must change a row."""
        with engine.connect(self.home, self.keys, warehouse="rw") as connection:
            for statement in statements:
                assert connection.execute(statement).fetchone()[0] > 0, statement

    @property
    def current(self) -> str | None:
        """The release that `current` names."""
        return os.readlink(self.home.current) if self.home.current.is_symlink() else None


def command_line(*arguments: object) -> list[str]:
    """`anonymart` as this interpreter runs it."""
    return [sys.executable, "-m", "anonymart.cli", *map(str, _answered(arguments))]


def _answered(arguments: tuple[object, ...]) -> tuple[object, ...]:
    """A reviewer says yes at once to what is to be published."""
    return (
        (*arguments, *YES)
        if arguments[:1] in (("run",), ("publish",)) and "--help" not in arguments
        else arguments
    )


def clean_environment(root: Path, **more: str) -> dict[str, str]:
    """The environment without any ANONYMART_ variable of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANONYMART_")}
    return {**kept, "ANONYMART_HOME": str(root), **more}


def open_small_school(root: Path) -> SmallSchool:
    """A new home with the same keys at each run: noise and codes come from them, and what a test saw once it
    must see again.
    """
    give_keys(root)
    return SmallSchool(root)


def give_keys(root: Path) -> None:
    """Make the folder of a home, with a key file."""
    root.mkdir(mode=0o700, parents=True)
    path = Home(root).keys_file
    path.touch(mode=0o600)
    path.write_text(json.dumps({name: hashlib.sha256(name.encode()).hexdigest() for name in KEY_NAMES}))


def attach_release(connection: duckdb.DuckDBPyConnection, folder: Path, name: str) -> None:
    """Attach a release's marts.duckdb the way an analyst does: read-only and without a key."""
    connection.execute(f"ATTACH {engine.literal(str(folder / 'marts.duckdb'))} AS {name} (READ_ONLY)")


def differences(left: Path, right: Path) -> dict[str, int]:
    """Per mart, how many rows of two releases are in one of them only, all columns compared; marts that agree
    are left out.
    """
    found = {}
    with duckdb.connect() as connection:
        attach_release(connection, left, "a")
        attach_release(connection, right, "b")
        for mart in load_contracts():
            one, other = f"FROM a.main.{mart}", f"FROM b.main.{mart}"
            query = f"SELECT count(*) FROM (({one} EXCEPT ALL {other}) UNION ALL ({other} EXCEPT ALL {one}))"
            if n_rows := connection.execute(query).fetchone()[0]:
                found[mart] = n_rows
    return found


def n_rows(folder: Path) -> dict[str, int]:
    """Rows of each mart of a release."""
    with duckdb.connect() as connection:
        attach_release(connection, folder, "a")
        return {
            mart: connection.execute(f"SELECT count(*) FROM a.main.{mart}").fetchone()[0]
            for mart in load_contracts()
        }


def file_sums(folder: Path, pattern: str = "**/*") -> dict[str, str]:
    """SHA-256 of each file under a folder, by its relative path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob(pattern))
        if path.is_file() and not path.is_symlink()
    }


def accounts(file: dict) -> bool:
    """Whether a line of the ledger accounts for every row: delivered = loaded + refused + quarantined +
    duplicate.
    """
    return file["delivered"] == file["loaded"] + file["refused"] + file["quarantined"] + file["duplicate"]

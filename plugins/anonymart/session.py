"""What one command or one task works with: a home, its keys, the policy and the day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from anonymart.errors import AnonymartError
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.policy import Policy

if TYPE_CHECKING:
    import duckdb


# The name under which the people behind the cells are attached.
PEOPLE = "people"


class PeopleFile(NamedTuple):
    """Where the people behind the cells are noted (release/people_file.py), and the key of the file."""

    path: Path
    key: str


@dataclass(frozen=True)
class Session:
    """A home and its keys, and, where something is decided, the policy and the day that decide.

    Functions take a session in place of its parts. What a part decides is asked for here, so a function that
    needs a policy or a day and got none stops instead of taking another one (S-SAFE).
    """

    home: Home
    keys: Keys
    given_policy: Policy | None = None
    given_day: date | None = None
    people: PeopleFile | None = None

    @property
    def policy(self) -> Policy:
        """The policy that decides. Raises AnonymartError when the session was made without one."""
        if self.given_policy is None:
            raise AnonymartError("This step needs the policy, and its session has none: give it one.")
        return self.given_policy

    @property
    def as_of(self) -> date:
        """The day the rules are applied for. Raises AnonymartError when the session was made without one."""
        if self.given_day is None:
            raise AnonymartError("This step needs a day, and its session has none: give it one.")
        return self.given_day

    def under(self, policy: Policy) -> Session:
        """The same session under another policy."""
        return replace(self, given_policy=policy)

    def on(self, as_of: date) -> Session:
        """The same session on another day."""
        return replace(self, given_day=as_of)

    def with_people(self, people: PeopleFile) -> Session:
        """The same session, which finds the people behind the cells in a file."""
        return replace(self, people=people)

    def connect(self, vault: str | None = None, warehouse: str | None = None) -> duckdb.DuckDBPyConnection:
        """A connection with the zones asked for attached, as `engine.connect` makes it: 'ro' reads, 'rw'
        writes; beside the warehouse the people behind its cells, where they are noted.
        """
        # Airflow reads DAGs without DuckDB.
        from anonymart import engine

        connection = engine.connect(self.home, self.keys, vault=vault, warehouse=warehouse)
        if self.people and warehouse:
            engine.attach(connection, PEOPLE, self.people.path, self.people.key, "ro")
        return connection

"""dbt closes its cursor after each node and opens another one, with all that a cursor is lent
(anonymart.dbt_plugin). Here a cursor that is as it was lent goes to the next node.
"""

from __future__ import annotations

import re
from typing import Any

from dbt.adapters.duckdb.environments import local

# What a cursor keeps of a node: a copy of rows, a setting. Such a cursor is closed, as is one that met an
# error.
_KEEPS = re.compile(r"\b(?:temp|temporary|set|pragma|use|attach|detach|prepare)\b", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_HEAD = 200  # characters of a statement in which its kind stands


class Watched(local.DuckDBCursorWrapper):
    """A cursor that knows whether it is still as it was lent."""

    is_as_lent = True

    @property
    def lent(self) -> Any:
        """DuckDB's own cursor."""
        return self._cursor

    def execute(self, sql: str, bindings: Any = None) -> Any:
        """As before; of what is asked its kind is noted."""
        if _KEEPS.search(_COMMENT.sub(" ", sql)[:_HEAD]):
            self.is_as_lent = False
        try:
            return super().execute(sql, bindings)
        except BaseException:
            self.is_as_lent = False
            raise


class Handle(local.DuckDBConnectionWrapper):
    """What dbt holds as its connection."""

    def __init__(self, cursor: Any, environment: Kept) -> None:
        super().__init__(cursor, environment)
        self._cursor = Watched(cursor)

    def close(self) -> None:
        """Give the cursor back, or close it."""
        if self._cursor.is_as_lent:
            self._env.give_back(self._cursor.lent)
            self._env.notify_closed()
        else:
            super().close()


class Kept(local.LocalEnvironment):
    """dbt's database in memory with the cursors that wait for a node: as many as dbt has threads."""

    def __init__(self, credentials: Any) -> None:
        self._free: list[Any] = []
        super().__init__(credentials)

    def handle(self) -> Handle:
        """A cursor that was given back, else a new one."""
        with self.lock:
            if self._free:
                self.handle_count += 1
                return Handle(self._free.pop(), self)
        return Handle(super().handle().cursor()._cursor, self)

    def give_back(self, cursor: Any) -> None:
        """The cursor waits for the next node."""
        with self.lock:
            self._free.append(cursor)

    def close(self) -> None:
        """Close all cursors and the database."""
        while self._free:
            self._free.pop().close()
        super().close()


def keep() -> None:
    """From here on dbt in this process keeps its cursors."""
    local.LocalEnvironment = Kept  # type: ignore[misc]

"""How Great Expectations talks to the gate's own DuckDB connection.

Great Expectations closes a connection before it fetches from it, and a DuckDB result does not outlive its
connection; so this dialect keeps the rows of each statement as it ends. It hands out cursors of one
connection that has every zone attached read-only: no path and no key ever stands in a connection string.
"""

from __future__ import annotations

from typing import Any

import duckdb
import duckdb_engine
from sqlalchemy.dialects import registry
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

CONNECTION_STRING = "duckdb:///:memory:"


# The context is an attribute of the dialect: only at run time it is known to be a class.
class _Context(duckdb_engine.Dialect.execution_ctx_cls):  # type: ignore[valid-type,misc]
    def post_exec(self) -> None:
        super().post_exec()
        if self.cursor is not None and self.cursor.description:
            rows = self.cursor.fetchall()
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(self.cursor, initial_buffer=rows)


class GateDialect(duckdb_engine.Dialect):
    """DuckDB for SQLAlchemy, on the connection that was lent to it."""

    execution_ctx_cls = _Context
    supports_statement_cache = False
    lent: duckdb.DuckDBPyConnection | None = None

    # duckdb_engine gives a wrapper, too, and its base class says otherwise.
    def connect(self, *args: Any, **options: Any) -> duckdb_engine.ConnectionWrapper:  # type: ignore[override]
        """A cursor of the lent connection. Raises RuntimeError when none was lent."""
        if GateDialect.lent is None:
            raise RuntimeError("no connection was lent to the gate")
        return duckdb_engine.ConnectionWrapper(GateDialect.lent.cursor())

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        """Run a statement. What DuckDB says when it fails may quote a value, and would stand in the Data
        Docs: it is dropped.
        """
        try:
            super().do_execute(cursor, statement, parameters, context)
        except duckdb.Error:
            raise duckdb.Error("this could not be asked") from None


def lend(connection: duckdb.DuckDBPyConnection | None) -> None:
    """Let Great Expectations use this connection, or none any more."""
    registry.register("duckdb", __name__, GateDialect.__name__)
    GateDialect.lent = connection

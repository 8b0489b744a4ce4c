"""A cursor goes from node to node as it was lent, and no copy of rows goes with it."""

from __future__ import annotations

import pytest
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.environments import local

from anonymart import dbt_cursors


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch):
    """The environment that dbt makes, and how many cursors it configured."""
    monkeypatch.setattr(local, "LocalEnvironment", local.LocalEnvironment)
    dbt_cursors.keep()
    made = local.LocalEnvironment(DuckDBCredentials(path=":memory:"))
    configured = []
    monkeypatch.setattr(made, "initialize_cursor", lambda creds, cursor, *_: configured.append(1) or cursor)
    made.configured = configured
    yield made
    made.close()


def test_one_cursor_serves_one_thread(environment) -> None:
    for number in range(5):
        handle = environment.handle()
        handle.cursor().execute("BEGIN")
        handle.cursor().execute(
            f"/* {{'node': 'a temp set'}} */ CREATE OR REPLACE TABLE t AS SELECT {number} AS n"
        )
        handle.cursor().execute("COMMIT")
        handle.close()
    assert len(environment.configured) == 1 and environment.handle_count == 0


def test_two_at_once_are_two(environment) -> None:
    first, second = environment.handle(), environment.handle()
    first.close()
    second.close()
    environment.handle(), environment.handle()
    assert len(environment.configured) == 2


@pytest.mark.parametrize(
    "sql",
    [
        "/* {'node': 'x'} */\n  create temporary table\n  copied as (select 1)",
        "CREATE OR REPLACE TEMP TABLE copied AS SELECT 1",
        "SET memory_limit = '1GB'",
        "USE memory.main",
    ],
)
def test_what_keeps_something_of_a_node_is_closed(environment, sql: str) -> None:
    handle = environment.handle()
    handle.cursor().execute(sql)
    handle.close()
    temporary = environment.handle().cursor().execute("SELECT count(*) FROM duckdb_tables() WHERE temporary")
    assert len(environment.configured) == 2 and temporary.fetchall() == [(0,)]


def test_what_met_an_error_is_closed(environment) -> None:
    handle = environment.handle()
    with pytest.raises(Exception, match="nowhere"):
        handle.cursor().execute("SELECT * FROM nowhere")
    handle.close()
    environment.handle().cursor().execute("SELECT 1")
    assert len(environment.configured) == 2

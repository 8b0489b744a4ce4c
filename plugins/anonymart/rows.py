"""Rows of a query, for callers that know how many there are."""

from __future__ import annotations

from typing import Any

import duckdb

from anonymart.errors import AnonymartError


def one_row(result: duckdb.DuckDBPyConnection) -> tuple[Any, ...]:
    """The row of a query that always gives one, as an aggregate without groups does. Raises AnonymartError
    when there is none.
    """
    row = result.fetchone()
    if row is None:
        raise AnonymartError("A query that always gives a row gave none: please report it.")
    return tuple(row)

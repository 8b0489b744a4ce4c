"""Phone numbers in comments are masked whole: a second look finds none (D-IDENT)."""

from __future__ import annotations

import duckdb
import pytest

from anonymart.detect import phones

TOGETHER = ["+33612345678+33711223344", "0612345678(415) 555-2671", "Ring 0612345678 or +33711223344!"]


@pytest.mark.parametrize("comment", TOGETHER)
def test_numbers_that_stand_together_all_go(comment):
    connection = duckdb.connect()
    connection.execute("CREATE TABLE answers AS SELECT $1 AS comment", [comment])
    assert phones.mask(connection, "answers") == 1
    (left,) = connection.execute("FROM answers").fetchone()
    assert not any(sign.isdigit() for sign in left)
    assert phones.mask(connection, "answers") == 0

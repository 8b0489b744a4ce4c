"""Masking in other people's comments, for many who go at once."""

from __future__ import annotations

import duckdb

from anonymart.erasure import comments


def test_more_than_fit_in_one_expression_are_masked(monkeypatch):
    monkeypatch.setattr(comments, "_TERMS_AT_ONCE", 2)
    with duckdb.connect() as connection:
        connection.execute("""
            ATTACH ':memory:' AS vault; CREATE SCHEMA vault.answers; CREATE SCHEMA vault.register;
            CREATE TABLE vault.register.learners (identifier VARCHAR, email VARCHAR, account_name VARCHAR);
            CREATE TABLE to_erase AS SELECT 'email:anna.' || n || '@example.org' AS identifier, 'all' AS scope
            FROM range(5) AS r (n);
            CREATE TABLE vault.answers.nps AS
            SELECT 'merci à ' || substr(identifier, 7) AS comment FROM to_erase
            UNION ALL SELECT 'très bien'
        """)
        assert comments.mask(connection) == 5
        found = connection.execute(
            "SELECT comment, count(*) FROM vault.answers.nps GROUP BY comment ORDER BY comment"
        ).fetchall()
        assert found == [("merci à [...]", 5), ("très bien", 1)]
        assert comments.mask(connection) == 0

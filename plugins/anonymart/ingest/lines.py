"""Where in its file a row stands: worked out only for files that have a row to quarantine."""

from __future__ import annotations

import duckdb

from anonymart.engine import literal
from anonymart.ingest.files import Landed


def make(connection: duckdb.DuckDBPyConnection, landed: Landed) -> None:
    """Make the TEMP tables line_of_row(ordinal, line) and, for CSV, line_of_record(record, line).

    `ordinal` counts the rows that the reader gave, from 1; `line` counts physical lines, from 1. A record of CSV may
    run over several lines; it begins where the quotes before it are even in number.
    """
    if landed.kind in ("array", "parquet"):
        connection.execute("CREATE OR REPLACE TEMP TABLE line_of_row AS SELECT 1::BIGINT AS ordinal, 1::BIGINT AS line WHERE false")
        return
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE physical AS
        SELECT row_number() OVER () AS line, coalesce(trim(content, e' \\r\\t'), '') = '' AS is_blank,
            length(content) - length(replace(content, '"', '')) AS n_quotes
        FROM read_csv({literal(str(landed.path))}, auto_detect = false, header = false, delim = e'\\x01', quote = '',
            escape = '', encoding = 'latin-1', columns = {{'content': 'VARCHAR'}}, max_line_size = 33554432)
    """)
    if landed.kind == "ndjson":
        connection.execute("""
            CREATE OR REPLACE TEMP TABLE line_of_row AS
            SELECT row_number() OVER (ORDER BY line) AS ordinal, line FROM physical WHERE NOT is_blank
        """)
        return
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE line_of_record AS
        SELECT row_number() OVER (ORDER BY line) AS record, line, is_blank FROM (
            SELECT line, is_blank,
                coalesce(sum(n_quotes) OVER (ORDER BY line ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) % 2 = 0 AS begins
            FROM physical
        ) WHERE begins;
        CREATE OR REPLACE TEMP TABLE line_of_row AS
        SELECT row_number() OVER (ORDER BY line_of_record.record) AS ordinal, line_of_record.line
        FROM line_of_record
        WHERE line_of_record.record > 1 AND NOT line_of_record.is_blank
            AND line_of_record.record NOT IN (SELECT line FROM reject_errors)
    """)

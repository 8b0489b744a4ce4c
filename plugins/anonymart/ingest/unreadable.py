"""Rows about rights and consents that cannot be read: kept whole in the vault until somebody enters or
refuses them (P-RIGHTS, R-CLOCK).

Nothing here is printed or logged but counts: the raw rows stay in the encrypted vault.
"""

from __future__ import annotations

import base64
import gzip
import re
import zlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb

from anonymart.engine import literal
from anonymart.files.contents import open_bytes
from anonymart.files.landed import Landed, safe_name
from anonymart.ingest.contracts import TABULAR
from anonymart.ingest.files import elements, reader
from anonymart.rows import one_row
from anonymart.temp_tables import BAD, INCOMING

# TEMP tables that another module makes.
READS = (BAD, INCOMING)

SOURCES = ("consents", "rights")
UNACCOUNTED = "rows that cannot be told apart"
# A refused file of more lines than this is one entry: nobody reads more of them one by one.
_MOST_LINES = 10_000
_LONGEST_BINARY = 1 << 24
_SEPARATORS = r"[\s,;|\"''<>()\[\]{}=\\]+"


def keep_rows(
    connection: duckdb.DuckDBPyConnection,
    landed: Landed,
    load_no: int,
    as_of: date,
    rejects: list[tuple[int, str]],
) -> int:
    """Keep the raw rows that `bad` names and the rejects (record, reason) of a file; gives how many are new.
    Within the caller's transaction.
    """
    if landed.source not in SOURCES:
        return 0
    bad = dict(connection.execute("SELECT ordinal, reason FROM bad").fetchall())
    n_rows = one_row(connection.execute("SELECT count(*) FROM incoming"))[0]
    if landed.kind == "csv":
        found = _of_csv(landed, bad, dict(rejects), n_rows + len(rejects))
    elif landed.kind == "ndjson":
        full = ((line, content) for line, content in enumerate(_lines(landed.path), 1) if content.strip())
        found = [
            (line, bad[ordinal], as_text(content))
            for ordinal, (line, content) in enumerate(full, 1)
            if ordinal in bad
        ]
    else:
        found = _of_table(connection, landed, bad)
    return _add(connection, landed.source, safe_name(landed.path), load_no, as_of, found)


def read_file(
    connection: duckdb.DuckDBPyConnection, path: Path, source: str, reason: str
) -> list[tuple[int | None, str, str]]:
    """What a refused file holds, as (line, reason, text): each line, or the file as one entry where it is no
    text or no lines.

    Outside of any transaction: a damaged file ends the one that reads it.
    """
    if source not in SOURCES or not path.is_file():
        return []
    return list(_of_file(connection, path, source, f"the file is refused: {reason}"))


def keep_file(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    source: str,
    found: list[tuple[int | None, str, str]],
    load_no: int,
    as_of: date,
) -> int:
    """Keep what `read_file` found in a refused file; gives how many entries are new."""
    return _add(connection, source, safe_name(path), load_no, as_of, found)


def n_open(connection: duckdb.DuckDBPyConnection) -> int:
    """How many unreadable rows nobody has entered or refused yet. The vault is attached; an older one has
    none.
    """
    is_there = one_row(
        connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'vault' AND schema_name = "
            "'rights' AND table_name = 'unreadable'"
        )
    )[0]
    return (
        one_row(connection.execute("SELECT count(*) FROM vault.rights.unreadable WHERE state = 'open'"))[0]
        if is_there
        else 0
    )


def find_people(connection: duckdb.DuckDBPyConnection) -> None:
    """Note which known identifiers stand in the open rows; their people are restricted (R-RESTRICT). Needs
    the keyed macros.

    Done anew after each ingest: a row may name somebody whom the identity register learns of later.
    """
    if not n_open(connection):
        return
    split = literal(_SEPARATORS).replace("''''", "''")
    name = (
        "lower(CASE WHEN kind = 'account' THEN regexp_extract(identifier, '[^|]*$') ELSE "
        "substr(identifier, strpos(identifier, ':') + 1) END)"
    )
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE named_in_rows AS
        WITH rows AS (SELECT unreadable_id, lower(raw_row) AS raw_row FROM vault.rights.unreadable
        WHERE state = 'open' AND raw_row IS NOT NULL),
        split AS (SELECT unreadable_id, trim(unnest(regexp_split_to_array(raw_row, {split})), '.:') AS token
        FROM rows),
        tokens AS (
            SELECT DISTINCT unreadable_id, unnest([token, nullif(regexp_extract(token, '^[a-z_]+:(.+)$', 1),
                '')]) AS token FROM split
        ),
        forms AS (
            SELECT unreadable_id, token, CASE WHEN contains(token,
                '@') THEN 'email:' || loose_email(token) END AS loose,
                CASE WHEN contains(token, '@') THEN sha1_identifier(token) END AS hashed
            FROM tokens WHERE token <> ''
        ),
        known AS (SELECT identifier, group_key, {name} AS name FROM vault.register.identities)
        SELECT unreadable_id, identifier FROM forms INNER JOIN known ON known.name = forms.token
        UNION
        SELECT unreadable_id, identifier FROM forms INNER JOIN known ON known.group_key = forms.loose
        UNION
        SELECT unreadable_id, identifier FROM forms INNER JOIN known ON known.identifier = forms.hashed
        UNION
        SELECT unreadable_id, identifier FROM rows INNER JOIN (FROM known
        WHERE length(name) > 3 AND regexp_matches(name, {split})) AS known
            ON contains(rows.raw_row, known.name);
        INSERT INTO vault.rights.unreadable_names (unreadable_id, identifier)
        SELECT unreadable_id, identifier FROM (
            FROM named_in_rows
            UNION
            -- an address that two people claim may be of either
            SELECT unreadable_id, claims.learner FROM named_in_rows
            INNER JOIN vault.register.claims AS claims USING (identifier)
        ) AS named ANTI JOIN vault.rights.unreadable_names USING (unreadable_id, identifier)
    """)


def as_text(content: bytes) -> str:
    """The text of a line in whatever encoding it came: UTF-8, else Windows-1252, so that somebody can read
    it.
    """
    try:
        return content.decode("utf-8").strip("\r\n")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace").strip("\r\n")


def _of_csv(
    landed: Landed, bad: dict[int, str], rejected: dict[int, str], n_read: int
) -> list[tuple[int | None, str, str]]:
    found: list[tuple[int | None, str, str]] = []
    ordinal = n_records = 0
    for record, (line, content) in enumerate(_records(landed.path), 1):
        if record in rejected:
            found.append((line, rejected[record], as_text(content)))
            n_records += 1
        elif record > 1 and content.strip():
            ordinal += 1
            n_records += 1
            if ordinal in bad:
                found.append((line, bad[ordinal], as_text(content)))
    if n_records > n_read:
        # The reader dropped something without a word: the whole file is shown, so that nothing of it is lost.
        found.append((None, UNACCOUNTED, as_text(b"".join(_lines(landed.path)))))
    return found


def _records(path: Path) -> Iterator[tuple[int, bytes]]:
    """Each record of a CSV file with the line on which it begins; one may run over several lines between
    quotes.
    """
    held, begins, quotes = b"", 0, 0
    for line, content in enumerate(_lines(path), 1):
        if quotes % 2 == 0:
            if begins:
                yield begins, held
            held, begins = b"", line
        held += content
        quotes += content.count(b'"')
    if begins:
        yield begins, held


def _of_table(
    connection: duckdb.DuckDBPyConnection, landed: Landed, bad: dict[int, str]
) -> list[tuple[int | None, str, str]]:
    """Rows of a JSON array or a Parquet file, as JSON."""
    if not bad:
        return []
    if landed.kind == "array":
        query = f"SELECT json::VARCHAR FROM {elements(landed.path)}"
    else:
        query = f"SELECT to_json(rows)::VARCHAR FROM {reader(landed, TABULAR[landed.source].names)} AS rows"
    texts = connection.execute(query).fetchall()
    return [(ordinal, reason, texts[ordinal - 1][0]) for ordinal, reason in sorted(bad.items())]


def _of_file(
    connection: duckdb.DuckDBPyConnection, path: Path, source: str, reason: str
) -> Iterator[tuple[int | None, str, str]]:
    try:
        with path.open("rb") as file:
            start = file.read(4)
        if start == b"PAR1":
            landed = Landed(path, source, "parquet", ())
            yield from _of_parquet(connection, landed, reason)
            return
        content = list(_lines(path))
    except (OSError, EOFError, zlib.error, gzip.BadGzipFile, duckdb.Error):
        yield from _as_bytes(path, reason)
        return
    if any(b"\x00" in line for line in content):
        yield from _as_bytes(path, reason)
    elif not content or content[0].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"[" or len(content) > _MOST_LINES:
        yield None, reason, as_text(b"".join(content))
    else:
        yield from (
            (line, reason, as_text(text))
            for line, text in enumerate(content, 1)
            if not (line == 1 and _is_header(text, source))
        )


def _of_parquet(
    connection: duckdb.DuckDBPyConnection, landed: Landed, reason: str
) -> list[tuple[int | None, str, str]]:
    rows = connection.execute(
        f"SELECT to_json(rows)::VARCHAR FROM read_parquet({literal(str(landed.path))}) AS rows"
    ).fetchall()
    return [(ordinal, reason, text) for ordinal, (text,) in enumerate(rows, 1)]


def _as_bytes(path: Path, reason: str) -> Iterator[tuple[int | None, str, str]]:
    if path.stat().st_size <= _LONGEST_BINARY:
        yield None, reason, base64.b64encode(path.read_bytes()).decode()
    else:
        yield None, f"{reason} (too large to keep: it stays in landing)", f"{path.stat().st_size} bytes"


def _is_header(line: bytes, source: str) -> bool:
    """Whether a first line names columns of the source, and so is no row of its own."""
    cells = {cell.strip(" \"'\r\n\ufeff").casefold() for cell in re.split(r"[,;\t|]", as_text(line))}
    return bool(cells & set(TABULAR[source].names))


def _lines(path: Path) -> Iterator[bytes]:
    with open_bytes(path) as file:
        yield from file


def _add(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    file_name: str,
    load_no: int,
    as_of: date,
    found: list[tuple[int | None, str, str]],
) -> int:
    """The same row delivered again, in whatever file, is there already."""
    told = [each for each in found if re.search(r"\w", each[2])]
    if not told:
        return 0
    lines, reasons, texts = (list(column) for column in zip(*told, strict=True))
    return one_row(
        connection.execute(
            """
        INSERT INTO vault.rights.unreadable (
            unreadable_id, row_hash, load_no, source, file_name, line, reason, raw_row, kind, first_seen_on,
                state
        )
        WITH delivered AS (
            SELECT unnest($1::BIGINT[]) AS line, unnest($2::VARCHAR[]) AS reason,
                unnest($3::VARCHAR[]) AS raw_row,
                unnest(range(len($3))) AS ordinal
        ),
        hashed AS (
            SELECT *, row_hash('unreadable|' || $4 || '|' || trim(raw_row)) AS row_hash FROM delivered
        ),
        fresh AS (
            SELECT *, row_number() OVER (PARTITION BY row_hash ORDER BY ordinal) AS n FROM hashed
            WHERE row_hash NOT IN (SELECT row_hash FROM vault.rights.unreadable)
        ),
        last AS (SELECT coalesce(max(try_cast(substr(unreadable_id, 8) AS BIGINT)), 0) AS number
        FROM vault.rights.unreadable)
        SELECT printf('UNREAD-%05d', last.number + row_number() OVER (ORDER BY ordinal)), row_hash, $5, $4,
            $6, line, reason, raw_row,
            'unreadable', $7, 'open'
        FROM fresh, last WHERE n = 1
        """,
            [lines, reasons, texts, source, load_no, file_name, as_of],
        )
    )[0]

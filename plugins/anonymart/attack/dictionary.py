"""Attack 4: a dictionary of e-mails and learner ids, plain and hashed in the usual ways, against every string
of the release.

An unsalted hash of an identifier is the identifier: who can list a million candidates can undo it in seconds.
The school's own identifiers are tried too where they are known. Source: Article 29 Working Party, Opinion
05/2014 on Anonymisation Techniques (WP216), on hashing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from anonymart import engine
from anonymart.attack.score import Result
from anonymart.definitions import definitions
from anonymart.release.folder import MARTS_FILE, all_files, sha256
from anonymart.rows import one_row

NAME = "dictionary"
SIZE = 1_000_000
SHORTEST = 6

_TOKEN = re.compile(r"[A-Za-z0-9@._%+/=|:-]{5,200}")
_TEXTS = (".json", ".html", ".txt", ".csv", ".md", ".js", ".css")
_GIVEN = [
    "anne",
    "camille",
    "lea",
    "manon",
    "chloe",
    "emma",
    "sarah",
    "julie",
    "marie",
    "laura",
    "lucas",
    "hugo",
    "louis",
    "theo",
    "nathan",
    "paul",
    "thomas",
    "nicolas",
    "julien",
    "antoine",
    "pierre",
    "alex",
    "sam",
    "max",
    "tom",
    "ines",
    "lina",
    "jade",
    "zoe",
    "alice",
    "rose",
    "mila",
    "eva",
    "nina",
    "clara",
    "adam",
    "noah",
    "liam",
    "gabriel",
    "arthur",
    "jules",
    "raphael",
    "ethan",
    "david",
    "daniel",
    "omar",
    "yann",
    "ali",
    "karim",
]
_FAMILY = [
    "martin",
    "bernard",
    "dubois",
    "thomas",
    "robert",
    "richard",
    "petit",
    "durand",
    "leroy",
    "moreau",
    "simon",
    "laurent",
    "lefebvre",
    "michel",
    "garcia",
    "david",
    "bertrand",
    "roux",
    "vincent",
    "fournier",
    "morel",
    "girard",
    "andre",
    "lefevre",
    "mercier",
    "dupont",
    "lambert",
    "bonnet",
    "francois",
    "martinez",
    "legrand",
    "garnier",
    "faure",
    "rousseau",
    "blanc",
    "guerin",
    "muller",
    "henry",
    "roussel",
    "nicolas",
    "perrin",
    "morin",
    "mathieu",
    "clement",
    "gauthier",
    "dumont",
    "lopez",
    "fontaine",
    "chevalier",
    "robin",
]
_DOMAINS = [
    "gmail.com",
    "outlook.com",
    "hotmail.fr",
    "yahoo.fr",
    "orange.fr",
    "free.fr",
    "laposte.net",
    "example.org",
    "example.com",
    "exemple.fr",
]
_FORMS = (
    "given || '.' || family",
    "given || family",
    "family || '.' || given",
    "given || '_' || family",
    "given || '-' || family",
    "family || given",
    "family || '_' || given",
)
# Lengths of what the usual hashes look like, in hexadecimal and in base64.
_HASHES = {"md5": (32, 24), "sha1": (40, 28), "sha256": (64, 44)}

_INPUTS = """
    CREATE TABLE IF NOT EXISTS inputs AS
    SELECT word FROM words UNION SELECT lower(trim(word)) FROM words WHERE word <> lower(trim(word))
    UNION SELECT 'mailto:' || lower(trim(word)) FROM words WHERE word LIKE '%@%'"""


def attack(folder: Path, identifiers: Iterable[str] = (), size: int = SIZE) -> Result:
    """How many distinct strings of the folder's files are a known or guessed identifier, or a hash of one.

    Reads every file: tables, comments, Parquet, JSON, HTML. Raises nothing for a file that it cannot read:
    that is the gate's matter.
    """
    result = Result(NAME)
    with duckdb.connect() as connection:
        # Other people's releases are read without any extension or network.
        connection.execute(
            "SET autoinstall_known_extensions = false; SET autoload_known_extensions = false; SET "
            "enable_progress_bar = false"
        )
        texts, places = _strings(connection, folder)
        _fill(connection, "texts", {"text": list(texts), "place": [places[text] for text in texts]})
        _fill(connection, "known", {"word": list(identifiers)})
        connection.execute(_words(size))
        # Tries are the release's strings: the number of words holds the vault's own, and would tell one
        # erasure.
        result.tried = len(texts)
        result.details = {"forms": 0}
        for form, sql in _forms(connection):
            result.details["forms"] += 1
            for place, n in connection.execute(sql).fetchall():
                for _ in range(n):
                    result.hit(place, form)
    result.scored = result.tried
    return result


def _words(size: int) -> str:
    """SQL for the view words: half e-mails, half ids, the same on every run, and the identifiers that are
    known. A word may stand in it twice: strings that are found are counted, not words.
    """
    lists = ", ".join(
        f"{words!r} AS {name}"
        for name, words in (("givens", _GIVEN), ("familys", _FAMILY), ("domains", _DOMAINS))
    )
    forms = " ".join(f"WHEN {number} THEN {form}" for number, form in enumerate(_FORMS))
    n_forms, n_given, n_family, n_domains = len(_FORMS), len(_GIVEN), len(_FAMILY), len(_DOMAINS)
    return f"""
        CREATE VIEW words AS
        WITH lists AS (SELECT {lists}),
        named AS (
            SELECT n // {n_given * n_family * n_domains} AS rest, givens[1 + n % {n_given}] AS given,
                familys[1 + n // {n_given} % {n_family}] AS family,
                    domains[1 + n // {n_given * n_family} % {n_domains}] AS domain
            FROM lists, range({size // 2}) AS numbers (n)
        ),
        ids AS (SELECT unnest([printf('learner-%06d', n), printf('L%08d', n), 'L-' || n,
            'learner' || n]) AS word FROM range({size // 8}) AS numbers (n)),
        generated AS (
            SELECT CASE rest % {n_forms} {forms} END || CASE rest // {n_forms} WHEN 0 THEN ''
                ELSE (rest // {n_forms})::VARCHAR END || '@' || domain AS word
            FROM named
            UNION ALL SELECT word FROM ids
        )
        SELECT word FROM generated UNION ALL SELECT word FROM known"""


def _forms(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    """SQL that counts by place the strings which are a word in this form. A hash is computed only where a
    string looks like one.
    """
    plain = f"""
        word LIKE '%@%' OR (length(word) >= {SHORTEST} AND NOT regexp_full_match(word, '[0-9]+|[a-zA-Z]+'))"""
    yield "plain", _count(f"SELECT lower(word) AS word FROM words WHERE {plain}", "lower(texts.text)")
    for name, (n_hex, n_base64) in _HASHES.items():
        looks = [
            ("hex", f"regexp_full_match(text, '[0-9a-fA-F]{{{n_hex}}}')", f"{name}(%s)", "lower(texts.text)"),
            (
                "base64",
                f"regexp_full_match(text, '[A-Za-z0-9+/]+={{0,2}}') AND length(text) = {n_base64}",
                f"to_base64(unhex({name}(%s)))",
                "texts.text",
            ),
        ]
        for coding, look, hashed, text in looks:
            if one_row(connection.execute(f"SELECT count(*) FROM texts WHERE {look}"))[0]:
                # In most releases no string does.
                connection.execute(_INPUTS)
                yield f"{name}_{coding}", _count(f"SELECT {hashed % 'word'} AS word FROM inputs", text)


def _count(candidates: str, text: str) -> str:
    return (
        f"SELECT place, count(DISTINCT text) FROM ({candidates}) AS tried JOIN texts ON {text} = "
        f"tried.word GROUP BY place"
    )


def _strings(connection: duckdb.DuckDBPyConnection, folder: Path) -> tuple[list[str], dict[str, str]]:
    """Every distinct string, whole and in its parts, with the kind of file that it stands in."""
    places: dict[str, str] = {}
    # The checksum of a file of the folder, or of a definition of ours, is no hash of an identifier: this
    # spares hashing the dictionary for it.
    checksums: set[str] = set(definitions().values())
    for name in all_files(folder):
        path = folder / name
        if path.is_symlink():
            continue
        texts: Iterable[str] = ()
        if name == MARTS_FILE:
            texts = _database(connection, path)
        elif path.suffix == ".parquet":
            texts = _parquet(connection, path)
        elif path.suffix in _TEXTS:
            texts = [path.read_text(encoding="utf-8", errors="replace")]
        for text in texts:
            if len(text) <= 200:
                places.setdefault(text.strip(), path.suffix)
            for token in _TOKEN.findall(text):
                places.setdefault(token.strip(".:/=|-") if "=" not in token else token, path.suffix)
                if ":" in token or "|" in token or "/" in token:
                    for part in re.split(r"[:|/]", token):
                        places.setdefault(part, path.suffix)
        places.setdefault(name, "file_name")
        checksums.add(sha256(path))
    for text in checksums | {""}:
        places.pop(text, None)
    return list(places), places


def _database(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    try:
        connection.execute(f"ATTACH {engine.literal(str(path))} AS released (READ_ONLY)")
    except duckdb.Error:
        return []
    found = [
        row[0]
        for row in connection.execute("""
            SELECT comment FROM duckdb_columns() WHERE database_name = 'released' AND comment IS NOT NULL
            UNION SELECT column_name FROM duckdb_columns() WHERE database_name = 'released'
            UNION SELECT comment FROM duckdb_tables() WHERE database_name = 'released'
                AND comment IS NOT NULL""").fetchall()
    ]
    columns = connection.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() "
        "WHERE database_name = 'released' AND NOT internal AND data_type NOT IN ('DATE', 'BOOLEAN', "
        "'DOUBLE', 'FLOAT')"
    ).fetchall()
    for schema, table, column in columns:
        quoted = '"' + column.replace('"', '""') + '"'
        source = ".".join('"' + part.replace('"', '""') + '"' for part in ("released", schema, table))
        found += [
            row[0]
            for row in connection.execute(
                f"SELECT DISTINCT {quoted}::VARCHAR FROM {source} WHERE {quoted} IS NOT NULL"
            ).fetchall()
        ]
    return found


def _parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    file = engine.literal(str(path))
    try:
        names = [
            row[0]
            for row in connection.execute(f"DESCRIBE SELECT * FROM read_parquet({file})").fetchall()
            if row[1] == "VARCHAR"
        ]
        found = [
            row[0]
            for row in connection.execute(
                f"SELECT decode(unnest([key, value])) FROM parquet_kv_metadata({file})"
            ).fetchall()
        ]
        for name in names:
            quoted = '"' + name.replace('"', '""') + '"'
            found += [
                row[0]
                for row in connection.execute(
                    f"SELECT DISTINCT {quoted} FROM read_parquet({file}) WHERE {quoted} IS NOT NULL"
                ).fetchall()
            ]
    except duckdb.Error:
        return []
    return found


def _fill(connection: duckdb.DuckDBPyConnection, name: str, columns: dict[str, list[str]]) -> None:
    table = pa.table({column: pa.array(values, pa.string()) for column, values in columns.items()})
    connection.register(f"{name}_given", table)
    connection.execute(f"CREATE TABLE {name} AS SELECT * FROM {name}_given")

"""Rows for the catalogue that a person only has to complete: what statements name and no catalogue knows. For
the data team's eyes, where asked.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import duckdb

from anonymart import detect, objects
from anonymart.catalogue import matching, unmatched
from anonymart.catalogue.items import Items
from anonymart.catalogue.refusals import SCHEMA, CodeCheck
from anonymart.detect.codes import IS_PLAIN_WORD, both_names
from anonymart.detect.known import NAMES, make_known, make_runs
from anonymart.errors import AnonymartError
from anonymart.rows import one_row
from anonymart.session import Session
from anonymart.temp_tables import MISSING, NAMED

# TEMP tables that another module makes.
READS = (MISSING, NAMED)

COLUMNS = [f"{kind}_{part}" for kind in objects.KINDS for part in ("id", "title", "aliases")]
# What an address of things of the catalogue looks like to the detector, and is no identifier of a person.
_HARMLESS = ("url", "uuid", "hash", "address", "birth_date")
_ABOUT_PEOPLE = (
    "(?i)(/|^)(u|users?|profiles?|people|members?|learners?|students?|accounts?|messages?)(/|$|[.]php)"
)


@dataclass(frozen=True)
class Proposal:
    """Rows in the catalogue's columns, the most frequent first; how many statements they are about; ids left
    out since they look personal.
    """

    rows: list[dict[str, str]]
    n_statements: int
    n_left_out: int
    shapes: list[unmatched.Unmatched]

    def as_dict(self) -> dict:
        """Plain data for `--json`: counts and masked shapes, no id."""
        return {
            "n_statements": self.n_statements,
            "n_ids": len(self.rows),
            "n_left_out": self.n_left_out,
            "unmatched": [each.as_dict() for each in self.shapes],
        }

    @property
    def sentences(self) -> list[str]:
        """Lines without any id."""
        if not self.n_statements:
            return ["Every statement of the raw rows names a course or object that the catalogue knows."]
        left = f"; {self.n_left_out} ids look like a person's and are left out" if self.n_left_out else ""
        return [
            f"{self.n_statements} statements name {len(self.rows)} things that no catalogue knows{left}:",
            *(f"  {each.sentence}" for each in self.shapes),
        ]

    def write(self, path: Path) -> None:
        """The rows as CSV. Raises AnonymartError where the file cannot be written."""
        try:
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS)
                writer.writeheader()
                writer.writerows(self.rows)
        except OSError as error:
            raise AnonymartError(f"{path} cannot be written ({error.strerror}).") from None


def propose(session: Session) -> Proposal:
    """What the raw statements of the vault name today and no catalogue knows."""
    with session.connect(vault="ro") as connection:
        objects.install(connection)
        items = Items(connection, CodeCheck(connection))
        matching.find(connection, items.keyed_aliases(), items.placed(), 0, everything=True)
        unmatched.make(connection, "true")
        connection.execute("""
            CREATE OR REPLACE TEMP TABLE asked_names AS
            SELECT any_value(missing.named ORDER BY missing.named) AS named, keys.key, missing.item_kind,
                mode(missing.course_key) AS course_key,
                count(DISTINCT missing.row_no) AS n_statements
            FROM missing INNER JOIN (SELECT DISTINCT named, object.key AS key
            FROM named) AS keys USING (named)
            GROUP BY keys.key, missing.item_kind""")
        n_statements = one_row(connection.execute("SELECT count(DISTINCT row_no) FROM missing"))[0]
        shapes = unmatched.shaped(connection)
        found = connection.execute(f"""
            SELECT asked.named, asked.key, asked.item_kind, items.code FROM asked_names AS asked
            LEFT JOIN vault.catalogue.items AS items ON items.item_kind = 'course'
                AND items.item_key = asked.course_key
            WHERE asked.named NOT IN ({_personal(connection)})
            ORDER BY asked.n_statements DESC, asked.item_kind, asked.key""").fetchall()
        n_asked = one_row(connection.execute("SELECT count(*) FROM asked_names"))[0]
    return Proposal([_row(*each) for each in found], n_statements, n_asked - len(found), shapes)


def _personal(connection: duckdb.DuckDBPyConnection) -> str:
    """A query for the ids that look like a person's: by pattern, by an identifier that the vault knows, or as
    a page about people.
    """
    connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")
    make_known(connection, SCHEMA)
    connection.execute(f"CREATE TABLE {SCHEMA}.ids AS SELECT DISTINCT named AS text FROM asked_names")
    make_runs(connection, SCHEMA, f"SELECT text FROM {SCHEMA}.ids", f"{SCHEMA}.phrases")
    patterns = detect.kinds_query_of_few(connection, f"{SCHEMA}.ids")
    connection.execute(f"""
        CREATE TABLE {SCHEMA}.personal AS
        SELECT text FROM ({patterns}) WHERE kind NOT IN {_HARMLESS}
        UNION SELECT text FROM ({both_names(f"{SCHEMA}.phrases", f"{SCHEMA}.ids")})
        UNION SELECT text FROM {SCHEMA}.ids WHERE regexp_matches(text, '{_ABOUT_PEOPLE}')
        UNION SELECT found.text FROM {SCHEMA}.phrases AS found JOIN {SCHEMA}.known AS known
            ON known.phrase = found.phrase
        WHERE known.kind NOT IN {NAMES} AND length(found.phrase) >= 5
            AND NOT ({IS_PLAIN_WORD.replace("found.n_words", "known.n_words")})""")
    return f"SELECT text FROM {SCHEMA}.personal"


def _row(named: str, key: str, kind: str, course: str | None) -> dict[str, str]:
    row = dict.fromkeys(COLUMNS, "")
    of = kind if kind in objects.KINDS else _kind_of_page(key)
    if course and of in ("chapter", "exercise", "project"):
        row["course_id"] = course
    alias = key if key.startswith("https://") else named
    row[f"{of}_aliases"] = alias if " " not in alias else alias.replace(" ", "%20")
    return row


def _kind_of_page(key: str) -> str:
    if any(f"/mod/{name}/" in key for name in ("assign", "workshop")):
        return "project"
    return "chapter" if any(f"/mod/{name}/" in key for name in ("lesson", "book", "page")) else "exercise"

"""TEMP tables that one module makes and others read: what each is called, holds and who makes it.

A TEMP table that only its maker uses needs no entry. A module that reads another's names it in `READS`
(`tests/setup/test_temp_tables.py`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TempTable:
    """A relation of one connection: its columns with their types, and the module of `anonymart` that makes
    it. One that is `open` has the columns of a file or a struct beside those that are listed.
    """

    name: str
    owner: str
    columns: tuple[str, ...]
    is_open: bool = False

    @property
    def empty(self) -> str:
        """SQL that makes it without rows."""
        return f"CREATE OR REPLACE TEMP TABLE {self.name} ({', '.join(self.columns)})"

    def made_of(self, query: str) -> str:
        """SQL that makes it of a query; DuckDB refuses a query that lacks a column, and one that the list
        lacks is left out unless the table is open.
        """
        told = ", ".join("{0}::{1} AS {0}".format(*column.split(" ", 1)) for column in self.columns)
        chosen = query if self.is_open else f"SELECT {told} FROM ({query}) AS made"
        return f"CREATE OR REPLACE TEMP TABLE {self.name} AS {chosen}"


# Who goes, until when, and from where (erasure.people.Scope).
TO_ERASE = TempTable(
    "to_erase", "erasure.people", ("identifier VARCHAR", "until_at TIMESTAMP", "scope VARCHAR")
)
# People whose rows stay as they are (R-RESTRICT).
RESTRICTED = TempTable("restricted", "erasure.people", ("identifier VARCHAR",))
# Everybody who asked for erasure, by every identifier (R-ERASE).
ASKED = TempTable("asked", "erasure.people", ("identifier VARCHAR", "kind VARCHAR", "knows_learner BOOLEAN"))
# The names under which the warehouse knows who goes.
TO_ERASE_PERSONS = TempTable(
    "to_erase_persons", "erasure.choice", ("person_key BIGINT", "pseudonym VARCHAR", "scope VARCHAR")
)
TO_ERASE_RESPONSES = TempTable("to_erase_responses", "erasure.choice", ("response_key BIGINT",))
# Identifiers of the rows at hand that have a tombstone.
ERASED_HERE = TempTable("erased_here", "erasure.admission", ("identifier VARCHAR", "until_at TIMESTAMP"))
NAMED_AS_ERASED = TempTable(
    "named_as_erased",
    "erasure.admission",
    ("learner VARCHAR", "identifier VARCHAR", "until_at TIMESTAMP"),
)
# Accounts and openids that came otherwise than in their normal form.
SPELLED = TempTable("spelled", "ingest.identities", ("delivered VARCHAR", "normal VARCHAR"))
# The rows of a file, typed; beside these the columns of its contract.
INCOMING = TempTable(
    "incoming", "ingest.load", ("row_hash UBIGINT", "identifier VARCHAR", "reason VARCHAR"), is_open=True
)
# The rows of a file that are not loaded, by their number in it.
BAD = TempTable("bad", "ingest.load", ("ordinal BIGINT", "reason VARCHAR"))
# Two names of one account of a platform.
PLATFORM_PAIRS = TempTable("platform_pairs", "ingest.load", ("identifier VARCHAR", "alias VARCHAR"))
# The answers of a survey's file as texts; beside these the columns of the contract.
SURVEY_ROWS = TempTable(
    "survey_rows", "surveys.land", ("ordinal BIGINT", "survey_reason VARCHAR"), is_open=True
)
# The newest load that the history of statements has taken.
BUILT = TempTable("built", "catalogue.settle", ("load_no BIGINT",))
# What statements name, its parsed id in the struct `object`; what the catalogue makes of it; and what it
# does not know.
NAMED = TempTable(
    "named",
    "catalogue.matching",
    ("named VARCHAR", "named_type VARCHAR", "role VARCHAR", "kind_by_type VARCHAR"),
    is_open=True,
)
RESOLVED = TempTable(
    "resolved",
    "catalogue.matching",
    (
        *("named VARCHAR", "named_type VARCHAR", "role VARCHAR"),
        *("item_kind VARCHAR", "item_key VARCHAR", "course_key VARCHAR"),
    ),
)
MISSING = TempTable(
    "missing",
    "catalogue.unmatched",
    ("row_no BIGINT", "named VARCHAR", "item_kind VARCHAR", "course_key VARCHAR"),
)
# A person who asks for what we hold, by every identifier, and by the keys of the warehouse (R-ACCESS).
OWN = TempTable("own", "rights.handover", ("identifier VARCHAR", "anchor VARCHAR", "person_id VARCHAR"))
OWN_KEYS = TempTable("own_keys", "rights.handover", ("identity_key BIGINT", "identifier VARCHAR"))
# Every identifier of a person who asks for a correction (R-RECTIFY).
OWN_IDENTIFIERS = TempTable("own_identifiers", "rights.rectify_statement", ("identifier VARCHAR",))

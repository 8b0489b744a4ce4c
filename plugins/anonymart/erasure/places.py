"""Where can a person be? Every table and view of the zones, written down once; an unlisted one stops the
build (S-SAFE).

A place that holds people says by which column a row names its person, and under which rule of the policy it
is kept. What holds nobody is listed too, so that a new table is never overlooked because it looked harmless.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatch
from pathlib import Path

import duckdb

from anonymart.contracts import MARTS_FOLDER, ordered_marts
from anonymart.errors import AnonymartError
from anonymart.files.landed import safe_name
from anonymart.home import Home
from anonymart.source_order import SOURCES


class Names(StrEnum):
    """How a row names its person."""

    IDENTIFIER = "an identifier, as delivered"
    IDENTITY_KEY = "64 bits of the keyed hash of an identifier"
    PERSON_KEY = "64 bits of the pseudonym of a person"
    PSEUDONYM = "the pseudonym of a person"
    REQUEST = "the number of a request of the person"
    IDENTIFIER_MARK = "64 bits of a keyed hash of the identifier of a delivered row"
    RESPONSE_KEY = "64 bits of the keyed hash of an answer"
    IDENTIFIER_HASH = "64 bits of the keyed hash of an identifier, with the person key"
    VISITOR = "a keyed hash of a visitor of the public site, by which nobody finds the person"
    NOBODY = "nobody"


class Keeps(StrEnum):
    """Whether a place keeps rows of its own, or shows or repeats those of other places."""

    ROWS = "rows of its own"
    REBUILT = "made anew by each build"
    VIEW = "a view that keeps nothing"


@dataclass(frozen=True)
class Place:
    """One table or view: `zone.schema.name`, the column that names a person (None: nobody), and the rule it
    is kept under.

    `about` is the SQL of the time that a row tells of, a day or a UTC timestamp; a row without one is as old
    as can be.
    """

    name: str
    names: Names
    column: str | None
    keeps: Keeps
    policy: str
    about: str | None = None

    @property
    def holds_people(self) -> bool:
        return self.names is not Names.NOBODY


# Columns that name a person wherever they stand: a place that is said to hold nobody may have none of them.
NAMING_COLUMNS = frozenset(
    {
        "actor",
        "anchor",
        "email",
        "family_name",
        "given_name",
        "group_key",
        "identifier",
        "identifier_hash",
        "identity_key",
        "known_text",
        "learner",
        "learner_id",
        "person_id",
        "person_key",
        "pseudonym",
        "record_key",
    }
)
# Each mart has a YAML of its name; that every one of them is a mart's contract is asked by a test.
_MARTS = tuple(sorted(path.stem for path in MARTS_FOLDER.glob("*.yml")))
# Whose persons are visitors of the public site (`persons: visitors` in their contracts).
_OF_VISITORS = ("audience_monthly",)


def _place(
    zone: str,
    names: Names,
    column: str | None,
    keeps: Keeps,
    policy: str,
    tables: str,
    about: str | None = None,
) -> tuple[Place, ...]:
    return tuple(Place(f"{zone}.{table}", names, column, keeps, policy, about) for table in tables.split())


def _of_marts(marts: Iterable[str]) -> tuple[Place, ...]:
    """The places of marts: the ledger of their cells, their people, their cells, and themselves."""
    names = sorted(marts)
    nobody = (Names.NOBODY, None)

    def listed(*patterns: str) -> str:
        return " ".join(pattern.format(mart) for mart in names for pattern in patterns)

    def people(of_visitors: bool) -> str:
        return " ".join(f"int_people__{mart}" for mart in names if (mart in _OF_VISITORS) == of_visitors)

    return (
        *_place("vault.ledger", *nobody, Keeps.ROWS, "S-ANON", listed("cells_{}", "withdrawn_{}")),
        *_place("warehouse.intermediate", Names.PSEUDONYM, "pseudonym", Keeps.VIEW, "P-STAT", people(False)),
        *_place("warehouse.intermediate", Names.VISITOR, "pseudonym", Keeps.VIEW, "P-AUDIENCE", people(True)),
        *_place("warehouse.intermediate", *nobody, Keeps.REBUILT, "S-ANON", listed("int_cells__{}")),
        *_place("warehouse.marts", *nobody, Keeps.REBUILT, "S-ANON", listed("{}")),
    )


PLACES: tuple[Place, ...] = (
    *_place("vault.raw", Names.IDENTIFIER, "actor", Keeps.ROWS, "P-STAT", "learning", "occurred_at"),
    *_place("vault.raw", Names.IDENTIFIER, "identifier", Keeps.ROWS, "P-STAT", "enrolments", "started_on"),
    *_place("vault.raw", Names.IDENTIFIER, "identifier", Keeps.ROWS, "P-STAT", "salary", "answered_at"),
    *_place("vault.raw", Names.NOBODY, None, Keeps.ROWS, "D-LEARN", "catalogue"),
    *_place(
        "vault.catalogue",
        Names.NOBODY,
        None,
        Keeps.ROWS,
        "D-LEARN",
        "items aliases matches refused_diplomas settled",
    ),
    *_place(
        "vault.answers",
        Names.IDENTIFIER,
        "identifier",
        Keeps.ROWS,
        "P-SURVEY",
        "nps",
        "coalesce(answered_at, asked_at)",
    ),
    # left_at may be planned: it lies ahead of people who are gone by then.
    *_place(
        "vault.register",
        Names.IDENTIFIER,
        "identifier",
        Keeps.ROWS,
        "P-STAT",
        "learners",
        "greatest(registered_at, last_login_at)",
    ),
    *_place(
        "vault.register", Names.IDENTIFIER, "identifier", Keeps.ROWS, "P-STAT", "last_use", "last_use_at"
    ),
    *_place("vault.register", Names.IDENTIFIER, "identifier", Keeps.ROWS, "P-STAT", "identities claims"),
    *_place(
        "vault.register", Names.IDENTIFIER, "identifier", Keeps.ROWS, "P-LOG", "connections", "connected_at"
    ),
    *_place("vault.audience", Names.VISITOR, "visitor", Keeps.ROWS, "P-AUDIENCE", "visits", "visited_on"),
    *_place("vault.audience", Names.VISITOR, "visitor_key", Keeps.ROWS, "P-AUDIENCE", "month_keys", "month"),
    *_place("vault.register", Names.IDENTIFIER_HASH, "identifier_hash", Keeps.ROWS, "R-MINOR", "minors"),
    *_place("vault.rights", Names.IDENTIFIER, "identifier", Keeps.ROWS, "P-SURVEY", "consents", '"at"'),
    *_place(
        "vault.rights",
        Names.IDENTIFIER,
        "identifier",
        Keeps.ROWS,
        "P-RIGHTS",
        "requests standing",
        "received_at",
    ),
    *_place(
        "vault.rights", Names.IDENTIFIER, "identifier", Keeps.ROWS, "P-STAT", "corrections", "decided_on"
    ),
    *_place("vault.rights", Names.REQUEST, "request_id", Keeps.ROWS, "P-RIGHTS", "steps"),
    # What a row says of somebody goes with its names (erasure/unreadable.py).
    *_place("vault.rights", Names.REQUEST, "unreadable_id", Keeps.ROWS, "P-RIGHTS", "unreadable"),
    *_place("vault.rights", Names.IDENTIFIER, "identifier", Keeps.ROWS, "P-RIGHTS", "unreadable_names"),
    *_place(
        "vault.ledger",
        Names.IDENTIFIER_MARK,
        "identifier_mark",
        Keeps.ROWS,
        "P-STAT",
        "row_hashes",
        "about_on",
    ),
    *_place(
        "vault.ledger",
        Names.NOBODY,
        None,
        Keeps.ROWS,
        "S-SAFE",
        "loads landings account_hosts lrs_cursors reasons quarantine changes unknown_names "
        "unmatched replaced_codes seen register_pulls key_marks releases closed_periods withdrawals "
        "withdrawn_periods approvals held_marts orders candidates for_reviewer runs confirmed_days "
        "retention_hold removals rewrites receipt_head schema_version audit_head audit_open",
    ),
    *_place(
        "warehouse.staging",
        Names.IDENTIFIER,
        "identifier",
        Keeps.VIEW,
        "P-STAT",
        "stg_enrolments__enrolments stg_learning__statements stg_nps__responses "
        "stg_register__identities stg_register__last_use"
        " stg_register__learners stg_rights__consents stg_rights__requests stg_rights__unreadable "
        "stg_salary__responses",
    ),
    *_place(
        "warehouse.staging",
        Names.IDENTIFIER,
        "known_text",
        Keeps.VIEW,
        "D-IDENT",
        "stg_register__known_texts",
    ),
    *_place(
        "warehouse.staging",
        Names.NOBODY,
        None,
        Keeps.VIEW,
        "D-LEARN",
        "stg_catalogue__items stg_catalogue__matches stg_catalogue__refused_diplomas",
    ),
    *_place(
        "warehouse.intermediate",
        Names.IDENTITY_KEY,
        "identity_key",
        Keeps.ROWS,
        "P-STAT",
        "int_events",
        "occurred_at",
    ),
    *_place(
        "warehouse.intermediate",
        Names.IDENTITY_KEY,
        "identity_key",
        Keeps.ROWS,
        "P-STAT",
        "int_activity__chapter int_activity__course int_activity__project",
        "year",
    ),
    *_place(
        "warehouse.intermediate",
        Names.IDENTITY_KEY,
        "identity_key",
        Keeps.ROWS,
        "P-STAT",
        "int_activity__course_monthly int_activity__monthly",
        "month",
    ),
    *_place(
        "warehouse.intermediate",
        Names.IDENTITY_KEY,
        "identity_key",
        Keeps.ROWS,
        "P-STAT",
        "int_activity__exercise_half_year",
        "half_year",
    ),
    *_place(
        "warehouse.intermediate",
        Names.IDENTITY_KEY,
        "identity_key",
        Keeps.ROWS,
        "P-STAT",
        "int_enrolments",
        "started_on",
    ),
    *_place(
        "warehouse.intermediate",
        Names.IDENTITY_KEY,
        "identity_key",
        Keeps.ROWS,
        "P-STAT",
        "int_nps_responses",
        "coalesce(answered_at, asked_at)",
    ),
    *_place(
        "warehouse.intermediate",
        Names.IDENTITY_KEY,
        "identity_key",
        Keeps.ROWS,
        "P-STAT",
        "int_salary_responses",
        "answered_on",
    ),
    *_place(
        "warehouse.intermediate",
        Names.IDENTITY_KEY,
        "identity_key",
        Keeps.REBUILT,
        "P-STAT",
        "int_identities",
    ),
    *_place(
        "warehouse.intermediate",
        Names.PERSON_KEY,
        "person_key",
        Keeps.REBUILT,
        "P-STAT",
        "int_persons int_nps_counted int_graduates int_survey_consents",
    ),
    *_place(
        "warehouse.intermediate",
        Names.PERSON_KEY,
        "person_key",
        Keeps.VIEW,
        "P-STAT",
        "int_observed__enrolments int_observed__nps_answers int_observed__project_submissions",
    ),
    *_place("warehouse.intermediate", Names.VISITOR, "visitor", Keeps.VIEW, "P-AUDIENCE", "int_visits"),
    *_place("warehouse.staging", Names.VISITOR, "visitor", Keeps.VIEW, "P-AUDIENCE", "stg_audience__visits"),
    *_place(
        "warehouse.intermediate",
        Names.RESPONSE_KEY,
        "response_key",
        Keeps.REBUILT,
        "P-STAT",
        "int_salary_quarantine",
    ),
    *_place(
        "warehouse.intermediate",
        Names.NOBODY,
        None,
        Keeps.REBUILT,
        "S-ANON",
        "int_catalogue int_code_lists int_closed_periods int_left_out int_no_person_counts",
    ),
    *_place("warehouse.evidence", Names.NOBODY, None, Keeps.REBUILT, "S-ANON", "cell_evidence"),
    *_place("tombstones.main", Names.IDENTIFIER_HASH, "identifier_hash", Keeps.ROWS, "R-ERASE", "erased"),
    *_place("tombstones.main", Names.NOBODY, None, Keeps.ROWS, "S-SAFE", "purged receipt_head"),
    *_place(
        "warehouse.main",
        Names.NOBODY,
        None,
        Keeps.ROWS,
        "S-SAFE",
        "receipt_head schema_version built_from pseudonym_mark",
    ),
    *_place(
        "warehouse.seeds",
        Names.NOBODY,
        None,
        Keeps.REBUILT,
        "S-ANON",
        "contract_words country_names exchange_rates funnel_steps job_families job_family_words "
        "object_kinds perturbation_table theme_words themes verbs",
    ),
    *_of_marts(_MARTS),
)


@dataclass(frozen=True)
class FileKind:
    """A file or folder at the top of the home, by pattern; whether it may hold a person, and how the person
    leaves it.

    `inside` are the names that a folder may hold at its top: a name with a final slash is a folder's. None:
    whatever its owner puts there.
    """

    pattern: str
    holds_people: bool
    leaves: str
    inside: tuple[str, ...] | None = None


# A copy beside a zone (vault.duckdb.bak) is none of its files.
_ZONES = tuple(
    FileKind(f"{zone}.duckdb{ending}", True, leaves)
    for zone, leaves in (
        ("vault", "rows are deleted, then the file is written anew; its log is emptied"),
        ("warehouse", "rows are deleted, then the file is written anew; its log is emptied"),
        ("tombstones", "never: keyed hashes keep the erased out"),
    )
    for ending in ("", "*.wal", ".rewrite")
)
FILE_KINDS = (
    *_ZONES,
    *(
        FileKind(
            f"{zone}.duckdb.v*.copy*",
            True,
            "the copy before a migration goes with each rewrite of the files, so with every erasure",
        )
        for zone in ("vault", "warehouse")
    ),
    FileKind(
        "landing",
        True,
        "what waits is loaded before an erasure; refused files that name the person are removed",
        tuple(f"{source}/" for source in SOURCES),
    ),
    FileKind(
        "exports",
        True,
        "removed with an erasure, and after the days that the policy gives",
        ("*.zip", "*.part"),
    ),
    FileKind(
        "tmp",
        True,
        "spill, encrypted, is removed with each rewrite",
        ("spill/", "spill-*/", "gate-*/", "beside-*/", "register-*.part"),
    ),
    FileKind("dbt", False, "logs are off, artifacts hold names of models", ("target/", "logs/", "project/")),
    FileKind(
        "config",
        False,
        "figures, mappings and lists that the school writes",
        ("policy.yml", "learning.yml", "audience.yml", "notify.yml", "sources/", "lists/", "README*"),
    ),
    FileKind(
        "tables",
        False,
        "models of tables that were ordered, written from words of the program",
        ("models/", "suites/"),
    ),
    FileKind("airflow", False, "counts and names only; rows and logs leave after the term of P-LOG"),
    FileKind("releases", False, "anonymous figures", ("*/",)),
    FileKind("receipts.ndjson", False, "counts and hashes of files"),
    FileKind("audit.ndjson", False, "names of those who run the warehouse; names of learners are refused"),
    FileKind(
        "definitions",
        False,
        "reviewed lists, mappings and models of releases",
        ("*.tar.gz", "*.tar.gz.new"),
    ),
    FileKind("attacked.json", False, "ids of releases and hashes"),
    FileKind("notified.json", False, "what was told on which day: counts, sources, releases, tasks"),
    FileKind("backups.json", False, "ids, days and folders of backups"),
    FileKind("keys.json", False, "keys"),
    FileKind("seals.json", False, "numbers of entries and hashes"),
    FileKind("rotation.json", False, "which rotation of a key is under way"),
    FileKind("key_handovers.json", False, "public keys and their signatures"),
    FileKind(".*.json.new", False, "what a kill left of one of these files"),
    FileKind("sources", False, "mappings that a data engineer writes", ("*.yml",)),
    FileKind("run.lock", False, "empty"),
    FileKind("register.lock", False, "empty"),
    FileKind("demo", False, "the fictional school of make demo"),
)
# What file systems and desktops leave behind.
_HARMLESS = ("lost+found", ".gitkeep", ".DS_Store", ".nfs*", ".writable-*")
BY_NAME = {place.name: place for place in PLACES}


def by_name() -> dict[str, Place]:
    """Every place by its name, those of tables that were ordered in the home among them."""
    return BY_NAME | {place.name: place for place in _of_marts(path.stem for path in ordered_marts())}


def check(connection: duckdb.DuckDBPyConnection) -> None:
    """Compare the register with the catalogue of the zones attached as `vault`, `warehouse` and `tombstones`.

    Raises AnonymartError for a table or view that nobody registered, for a place without the column that
    names its people, and for one that is said to hold nobody and has a column that names somebody.
    """
    found: dict[str, set[str]] = {}
    rows = connection.execute("""
        SELECT database_name || '.' || schema_name || '.' || table_name, column_name
        FROM duckdb_columns() WHERE database_name IN ('vault', 'warehouse', 'tombstones') AND NOT internal
    """).fetchall()
    for table, column in rows:
        found.setdefault(table, set()).add(column)
    known = by_name()
    strange = sorted(set(found) - set(known))
    if strange:
        raise AnonymartError(
            f"Nobody has registered whether {strange[0]} holds people{_more(strange)}: "
            "list it in plugins/anonymart/erasure/places.py before anything is published."
        )
    for table, columns in sorted(found.items()):
        place = known[table]
        if place.column is not None and place.column not in columns:
            raise AnonymartError(
                f"{table} has no column {place.column} to find a person by: mend its line in places.py."
            )
        if not place.holds_people and columns & NAMING_COLUMNS:
            raise AnonymartError(
                f"{table} is registered as holding nobody and has a column that names people: mend its "
                f"line in places.py."
            )


def check_files(home: Home) -> None:
    """Raise AnonymartError when the home holds a file or folder that nobody has registered: a copy of people
    may lie in it.
    """
    strange = [
        path
        for path in _entries(home.root)
        if not any(fnmatch(path.name, kind.pattern) for kind in FILE_KINDS)
    ]
    for kind in FILE_KINDS:
        folder = home.root / kind.pattern
        if kind.inside is not None and folder.is_dir():
            strange += [
                path for path in _entries(folder) if not any(_is_called(path, name) for name in kind.inside)
            ]
    if strange:
        where = strange[0].parent.relative_to(home.root).as_posix()
        named = safe_name(strange[0]) if where == "." else f"{where}/{safe_name(strange[0])}"
        raise AnonymartError(
            f"{named}{_more(strange)} is no part of the home {home.root}: move it elsewhere, it may "
            f"hold people."
        )


def _entries(folder: Path) -> list[Path]:
    """Everything in a folder but what is harmless; hidden folders belong to tools."""
    found = (
        path
        for path in sorted(folder.iterdir())
        if not any(fnmatch(path.name, pattern) for pattern in _HARMLESS)
    )
    return [path for path in found if not (path.name.startswith(".") and path.is_dir())]


def _is_called(path: Path, name: str) -> bool:
    return fnmatch(path.name, name.rstrip("/")) and path.is_dir() == name.endswith("/")


def _more(names: Sequence[object]) -> str:
    return f" (and {len(names) - 1} more)" if len(names) > 1 else ""

"""What a file would become, before anything is stored: counts, forms and reasons, never a value of a person."""

from __future__ import annotations

import secrets
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from anonymart import engine
from anonymart.detect.search import Detector
from anonymart.home import PROJECT, Home
from anonymart.ingest import files, identities
from anonymart.ingest.contracts import TABULAR
from anonymart.ingest.files import FileRefused, Landed
from anonymart.ingest.load import incoming
from anonymart.keys import Keys
from anonymart.surveys import salaries
from anonymart.surveys.delivered import TABLE, open_file, stage
from anonymart.surveys.land import Reading, drop_superseded, find
from anonymart.surveys.land import read as read_survey
from anonymart.surveys.mapping import Mapping, load, plain

_HEAD = 1 << 16
_LONGEST_NAME = 160


@dataclass
class Checked:
    """What `anonymart sources check` says of a file. Counts are rows; `no_person` is None where no vault was asked."""

    source: str
    reader: str = "none"
    refused: str | None = None
    delivered: int = 0
    would_load: int = 0
    duplicate: int = 0
    quarantined: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    no_person: int | None = None
    encodings: dict[str, int] = field(default_factory=dict)
    separator: str | None = None
    times: dict[str, dict[str, int]] = field(default_factory=dict)
    date_order: str | None = None
    fields: dict[str, str] = field(default_factory=dict)
    columns_refused: list[str] = field(default_factory=list)
    scores: list[int] | None = None
    salaries: dict[str, int] = field(default_factory=dict)
    titles: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict:
        return asdict(self)


def check(path: Path, source: str, as_of: date, mapping: Path | None = None, home: Home | None = None, keys: Keys | None = None) -> Checked:
    """Read the file as ingest would. With a home its vault is asked, read-only, for known rows and for people.

    Rows of the erased and of minors are refused when the file is loaded; they are not told apart here. Raises UsageError
    for a YAML that cannot be understood.
    """
    found = Checked(source)
    chosen = load(mapping) if mapping else None
    with closing(_connection(home, keys)) as connection:
        try:
            landed, reading = _land(connection, path, source, chosen)
            _tell_reading(connection, found, path, landed, reading)
            _count(connection, found, landed, as_of, has_vault=home is not None)
            if reading:
                found.encodings = dict(reading.delivered.encodings.found)
        except FileRefused as refusal:
            found.refused = str(refusal)
            _tell_refused(connection, found, path)
        except duckdb.InvalidInputException:
            found.refused = "its rows cannot be read as what its first line promised"
    return found


def _tell_refused(connection: duckdb.DuckDBPyConnection, found: Checked, path: Path) -> None:
    """Rows, separator and encodings of a file that no mapping reads as it is: whoever writes its YAML needs them."""
    with suppress(FileRefused, duckdb.Error):
        delivered = open_file(connection, path, files.head_of(path))
        if delivered is not None:
            stage(connection, delivered, [0], 0)
            found.delivered = connection.execute(f"SELECT count(*) FROM {TABLE}").fetchone()[0] + _rejected(connection)
            found.separator = {"\t": "tab"}.get(delivered.delimiter, delivered.delimiter) if delivered.kind == "csv" else None
            found.encodings = dict(delivered.encodings.found)


def shown_names(connection: duckdb.DuckDBPyConnection, names: tuple[str, ...]) -> list[str]:
    """Names of columns as they may be shown: one that looks like data, or in which the detector finds somebody, is a number."""
    spans = Detector(connection).spans([name or " " for name in names])
    shown = []
    for position, (name, held) in enumerate(zip(names, spans, strict=True), 1):
        is_text = bool(name) and len(name) <= _LONGEST_NAME and not name[:1].isdigit() and "@" not in name
        shown.append(" ".join(name.split()) if is_text and not held else f"column {position} (its name is not shown)")
    return shown


def _connection(home: Home | None, keys: Keys | None) -> duckdb.DuckDBPyConnection:
    if home and keys:
        connection = engine.connect(home, keys, vault="ro")
        identities.install(connection, keys)
        return connection
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false; SET TimeZone = 'UTC'")
    # Without keys rows are only compared with one another.
    salt = secrets.token_hex(16)
    connection.execute(f"CREATE TEMP MACRO row_hash(message) AS ('0x' || sha256('{salt}' || message)[:16])::UBIGINT")
    return connection


def _land(connection: duckdb.DuckDBPyConnection, path: Path, source: str, mapping: Mapping | None) -> tuple[Landed, Reading | None]:
    head = files.head_of(path)
    if not mapping:
        # What ingest does, so that both say the same.
        reading = find(connection, path, source, head)
        return (reading[0], reading[1]) if reading else (files.inspect(connection, path, source), None)
    delivered = open_file(connection, path, head)
    if delivered is None:
        raise FileRefused("no table of answers: no CSV, spreadsheet, Parquet or JSON of a survey tool")
    return read_survey(connection, delivered, mapping, source)


def _tell_reading(connection: duckdb.DuckDBPyConnection, found: Checked, path: Path, landed: Landed, reading: Reading | None) -> None:
    if reading is None:
        found.reader = "the house's own columns"
        found.separator = landed.delimiter if landed.kind == "csv" else None
        found.columns_refused = files.unknown_columns(landed, TABULAR[found.source].names)
        return
    names = shown_names(connection, reading.delivered.columns)
    found.reader = f"{reading.mapping.name}: {reading.mapping.title}"
    found.separator = {"\t": "tab"}.get(landed.delimiter, landed.delimiter) if landed.is_csv else None
    found.times = {name: times.forms for name, times in reading.forms.items()}
    found.date_order = next((times.order for times in reading.forms.values() if times.order), None)
    found.fields = {name: names[place.number] for name, place in reading.places.items()}
    used = {place.number for place in reading.places.values()}
    found.columns_refused = [name for number, name in enumerate(names) if number not in used]
    if reading.lowest is not None and reading.highest is not None:
        found.scores = [reading.lowest, reading.highest]
    if found.source == "salary":
        found.salaries = dict(connection.execute(
            "SELECT free.reading, count(*) FROM survey_rows JOIN survey_salaries AS free ON free.text = survey_rows.typed_salary GROUP BY 1 ORDER BY 1"
        ).fetchall()) if "typed_salary" in reading.extra else {}
        if n_unclear := salaries.n_unclear(connection, "salary"):
            found.reasons[salaries.UNCLEAR] = n_unclear


def _count(connection: duckdb.DuckDBPyConnection, found: Checked, landed: Landed, as_of: date, has_vault: bool) -> None:
    contract = TABULAR[found.source]
    for column in contract.columns:
        if column.required and column.name not in landed.columns:
            raise FileRefused(f"the column {column.name} is missing")
    if not any(name in landed.columns for name in contract.names):
        raise FileRefused("it has no column of this source")
    connection.execute(incoming(contract, landed, as_of))
    rows = connection.execute("SELECT reason, count(*) FROM incoming GROUP BY reason ORDER BY reason NULLS LAST").fetchall()
    rejected = _rejected(connection) if landed.kind == "csv" or landed.is_csv else 0
    found.delivered = sum(n for _, n in rows) + rejected
    reasons = {reason: n for reason, n in rows if reason}
    if rejected:
        reasons["a row that cannot be read"] = rejected
    found.quarantined = sum(reasons.values())
    found.reasons = {**reasons, **found.reasons}
    connection.execute("DELETE FROM incoming WHERE reason IS NOT NULL")
    if landed.kind == "survey":
        found.duplicate += drop_superseded(connection)
    known = f"SELECT row_hash FROM vault.ledger.row_hashes WHERE source = '{found.source}'" if has_vault else "SELECT 0::UBIGINT WHERE false"
    found.duplicate += connection.execute(f"""
        DELETE FROM incoming WHERE row_hash IN ({known}) OR rowid NOT IN (SELECT min(rowid) FROM incoming GROUP BY row_hash)""").fetchone()[0]
    found.would_load = found.delivered - found.quarantined - found.duplicate
    if has_vault:
        found.no_person = _nobody(connection)
    if found.source == "salary":
        found.titles = _titles(connection)


def _rejected(connection: duckdb.DuckDBPyConnection) -> int:
    try:
        return connection.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchone()[0]
    except duckdb.CatalogException:
        return 0


def _nobody(connection: duckdb.DuckDBPyConnection) -> int:
    """Answers under an identifier that is no known learner's: by the register, or by the one kin of an address without dots and tags."""
    return connection.execute("""
        WITH people AS (
            SELECT identifier FROM vault.register.identities WHERE person_id IS NOT NULL AND (kind <> 'learner' OR identifier IN (SELECT identifier FROM vault.register.learners))
        ),
        kin AS (
            SELECT group_key FROM vault.register.identities WHERE kind = 'email' AND person_id IS NOT NULL
            GROUP BY group_key HAVING count(DISTINCT person_id) = 1
        )
        SELECT count(*) FROM incoming
        WHERE identifier NOT IN (SELECT identifier FROM people)
            AND NOT (
                identifier NOT IN (SELECT identifier FROM vault.register.identities)
                AND coalesce('email:' || loose_email(email) IN (SELECT group_key FROM kin), false)
            )""").fetchone()[0]


def _titles(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many job titles the reviewed list knows, by the rule of the history: a word of the list within the folded title."""
    words = PROJECT / "dbt_project" / "seeds" / "job_family_words.csv"
    mapped, total = connection.execute(f"""
        WITH titles AS (
            SELECT ' ' || trim(regexp_replace(strip_accents(lower(job_title)), '[^a-z0-9]+', ' ', 'g')) || ' ' AS title, count(*) AS n_rows
            FROM incoming WHERE job_title IS NOT NULL GROUP BY title
        )
        SELECT coalesce(sum(n_rows) FILTER (EXISTS (FROM read_csv('{words}') AS words WHERE contains(title, ' ' || words.word || ' '))), 0)::BIGINT,
            coalesce(sum(n_rows), 0)::BIGINT
        FROM titles""").fetchone()
    return {"mapped": mapped, "unmapped": total - mapped}


__all__ = ["Checked", "check", "plain", "shown_names"]

"""What `ingest` will do with a file, of any source, before anything is stored: counts, forms and reasons,
never a value of a person.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from anonymart.detect.search import Detector
from anonymart.files.contents import head_of
from anonymart.files.landed import FileRefused, Landed
from anonymart.home import Home
from anonymart.ingest import files, headers
from anonymart.ingest.contracts import TABULAR
from anonymart.ingest.counts import Counts
from anonymart.keys import Keys
from anonymart.policy import Policy
from anonymart.rows import one_row
from anonymart.source_order import SOURCES
from anonymart.surveys import job_families
from anonymart.surveys.delivered import TABLE, open_file, stage
from anonymart.surveys.land import Place, Reading, find
from anonymart.surveys.land import read as read_survey
from anonymart.surveys.mapping import SOURCES as SURVEYS
from anonymart.surveys.mapping import Mapping, load, plain
from anonymart.temp_tables import INCOMING

# TEMP tables that another module makes.
READS = (INCOMING,)

# A question may be as long as a form allows; a text that is longer is no heading.
_LONGEST_NAME = 1000
_NUMBERED = re.compile(r"\d{1,3} ?[.):–-] ?[^\W\d]")


@dataclass
class Checked(Counts):
    """The line that the load ledger would get, and how the file is read. Counts are rows; `no_person` is None
    where no vault was asked.

    `n_read` are the rows of a survey that no mapping reads as it is: none of them would be delivered.
    `settled` tells, of a catalogue or of activity, which codes the gate would refuse and which statements
    name nothing of the catalogue.
    """

    reader: str = "none"
    n_read: int = 0
    no_person: int | None = None
    encodings: dict[str, int] = field(default_factory=dict)
    separator: str | None = None
    times: dict[str, dict[str, int]] = field(default_factory=dict)
    date_order: str | None = None
    fields: dict[str, str] = field(default_factory=dict)
    not_read: list[str] = field(default_factory=list)
    scores: list[int] | None = None
    titles: dict[str, int] = field(default_factory=dict)
    settled: dict[str, Any] = field(default_factory=dict)
    sentences: list[str] = field(default_factory=list)

    @property
    def is_refused(self) -> bool:
        """Whether the whole file would be refused."""
        return self.status == "refused"

    def as_dict(self) -> dict:
        """Plain data for `--json`."""
        return asdict(self)


def check(
    path: Path,
    source: str,
    as_of: date,
    policy: Policy,
    mapping: Path | None = None,
    home: Home | None = None,
    keys: Keys | None = None,
) -> Checked:
    """Load the file on trial, by the code of ingestion, into a copy of what the home's vault knows; without a
    home into an empty one.

    Nothing is stored. Raises UsageError for a YAML that cannot be understood, AnonymartError for a vault that
    is locked.
    """
    from anonymart.ingest import trial

    chosen = load(mapping) if mapping else None
    with trial.scratch(source, home, keys) as connection:
        if chosen:
            counts, landed = trial.try_file(
                connection, path, source, as_of, policy, lambda *file: _read_by(chosen, *file)
            )
        else:
            counts, landed = trial.try_file(connection, path, source, as_of, policy)
        found = Checked(**vars(counts))
        if landed is not None:
            _tell_reading(connection, found, landed)
        if found.is_refused:
            _tell_refused(connection, found, path)
        elif landed is not None and source in ("catalogue", "learning"):
            found.settled, found.sentences = trial.settle(connection, as_of)
        elif landed is not None and source in SURVEYS:
            found.no_person = _nobody(connection) if home else None
            found.titles = (
                job_families.mapped(connection, "incoming", "job_title") if source == "salary" else {}
            )
    return found


def source_of(path: Path) -> str:
    """The source that a file belongs to: the name of its folder, else what its columns tell, else nps."""
    if path.resolve().parent.name in SOURCES:
        return path.resolve().parent.name
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        with suppress(FileRefused, duckdb.Error, OSError):
            if source := _by_columns(files.inspect(connection, path, "catalogue")):
                return source
        for source in SURVEYS:
            with suppress(FileRefused, duckdb.Error, OSError):
                if find(connection, path, source, head_of(path)):
                    return source
    return SURVEYS[0]


def _by_columns(landed: Landed) -> str | None:
    """The source whose contract has most of these columns, all that it needs among them; activity by the
    shape of its rows.
    """
    from anonymart.ingest.learning_readers import format_of

    names = set(landed.columns)
    if format_of(landed) != "xapi" or {"actor", "verb"} <= names:
        return "learning"
    fitting = {
        source: len(names & set(contract.names))
        for source, contract in TABULAR.items()
        if all(column.name in names for column in contract.columns if column.required)
    }
    best = max(fitting, key=lambda source: fitting[source], default=None)
    return best if best and fitting[best] else None


def _read_by(mapping: Mapping, connection: duckdb.DuckDBPyConnection, path: Path, source: str) -> Landed:
    delivered = open_file(connection, path, head_of(path))
    if delivered is None:
        raise FileRefused("no table of answers: no CSV, spreadsheet, Parquet or JSON of a survey tool")
    return read_survey(connection, delivered, mapping, source)[0]


def _tell_refused(connection: duckdb.DuckDBPyConnection, found: Checked, path: Path) -> None:
    """Rows, separator and encodings of a file that no mapping reads as it is: whoever writes its YAML needs
    them.
    """
    if found.source not in SURVEYS:
        return
    with suppress(FileRefused, duckdb.Error):
        delivered = open_file(connection, path, head_of(path))
        if delivered is not None:
            stage(connection, delivered, [0], 0)
            found.n_read = one_row(connection.execute(f"SELECT count(*) FROM {TABLE}"))[0] + _rejected(
                connection
            )
            found.separator = (
                {"\t": "tab"}.get(delivered.delimiter, delivered.delimiter)
                if delivered.kind == "csv"
                else None
            )
            found.encodings = dict(delivered.encodings.found)


def shown_names(connection: duckdb.DuckDBPyConnection, names: tuple[str, ...]) -> list[str]:
    """Names of columns as they may be shown: one that looks like data, or in which the detector or the vault
    finds somebody, is a number.
    """
    spans = Detector(connection).spans([name or " " for name in names])
    somebodys = headers.somebodys(connection, set(names))
    shown = []
    for position, (name, held) in enumerate(zip(names, spans, strict=True), 1):
        is_begun_as_text = not name[:1].isdigit() or bool(_NUMBERED.match(name))
        is_text = bool(name) and len(name) <= _LONGEST_NAME and is_begun_as_text and "@" not in name
        shown.append(
            " ".join(name.split())
            if is_text and not held and name not in somebodys
            else f"column {position} (its name is not shown)"
        )
    return shown


def _tell_reading(connection: duckdb.DuckDBPyConnection, found: Checked, landed: Landed) -> None:
    from anonymart.audience.reading import FORMATS
    from anonymart.ingest.learning_readers import format_of

    reading: Reading | None = landed.reading
    if reading is None:
        found.reader = (
            format_of(landed)
            if landed.source == "learning"
            else FORMATS.get(landed.kind, "the columns of the source itself")
        )
        found.separator = (
            {"\t": "tab"}.get(landed.delimiter, landed.delimiter) if landed.kind == "csv" else None
        )
        return
    names = shown_names(connection, reading.delivered.columns)
    found.reader = f"{reading.mapping.name}: {reading.mapping.title}"
    found.separator = {"\t": "tab"}.get(landed.delimiter, landed.delimiter) if landed.is_csv else None
    found.encodings = dict(reading.delivered.encodings.found)
    found.times = {name: times.forms for name, times in reading.forms.items()}
    found.date_order = next((times.order for times in reading.forms.values() if times.order), None)
    found.fields = {name: names[place.number] + _also(place) for name, place in reading.places.items()}
    used = {number for place in reading.places.values() for number in place.numbers}
    found.not_read = [name for number, name in enumerate(names) if number not in used]
    if reading.lowest is not None and reading.highest is not None:
        found.scores = [reading.lowest, reading.highest]


def _also(place: Place) -> str:
    return f" (columns {', '.join(str(number + 1) for number in place.numbers)})" if place.more else ""


def _rejected(connection: duckdb.DuckDBPyConnection) -> int:
    try:
        return one_row(connection.execute("SELECT count(DISTINCT line) FROM reject_errors"))[0]
    except duckdb.CatalogException:
        return 0


def _nobody(connection: duckdb.DuckDBPyConnection) -> int:
    """Loaded answers under an identifier that is no known learner's, after all that the load itself made
    known.
    """
    return one_row(
        connection.execute("""
        SELECT count(*) FROM incoming WHERE identifier NOT IN (
            SELECT identifier FROM vault.register.identities
            WHERE person_id IS NOT NULL AND (kind <> 'learner' OR identifier IN (SELECT identifier
            FROM vault.register.learners))
        )""")
    )[0]


__all__ = ["Checked", "check", "plain", "shown_names", "source_of"]

"""The ingest of everything that waits: source by source, file by file, each file one transaction."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb

from anonymart import catalogue, crash
from anonymart.audience import load as audience
from anonymart.erasure import tombstones
from anonymart.errors import AnonymartError, UsageError
from anonymart.files import parquet
from anonymart.files.landed import (
    REFUSED_SUFFIX,
    FileRefused,
    Landed,
    file_mark,
    refused_mark,
    safe_name,
    waiting,
)
from anonymart.ingest import changes, identities, silence, unreadable
from anonymart.ingest.counts import Counts
from anonymart.ingest.files import inspect
from anonymart.ingest.load import is_fault_of_ours, load, write_ledger
from anonymart.ingest.waiting import Waiting
from anonymart.ingest.waiting import count as count_waiting
from anonymart.policy import Policy
from anonymart.progress import Progress
from anonymart.rows import one_row
from anonymart.session import Session
from anonymart.source_order import SOURCES
from anonymart.surveys import salary_figures
from anonymart.vault import schema

AUDIENCE = "audience"


@dataclass
class IngestReport:
    """The ledger's lines of this run, in the order of loading, the sources that are silent longer than usual,
    and what the catalogue does not know.

    `refused`: files (`source/name`) that were refused whole, now or earlier, and still lie in landing;
    `unreadable`: rows about rights or consents that nobody has entered or refused yet.
    """

    files: list[Counts] = field(default_factory=list)
    silent: list[silence.Silent] = field(default_factory=list)
    settled: catalogue.Settled = field(default_factory=catalogue.Settled)
    waiting: Waiting = field(default_factory=Waiting)
    refused: list[str] = field(default_factory=list)
    unreadable: int = 0

    @property
    def late_rows(self) -> int:
        """How many of the loaded rows tell of a closed period."""
        return sum(counts.late_rows for counts in self.files)

    @property
    def late(self) -> dict[str, dict[str, int]]:
        """The same by source and kind of period; sources without any are left out."""
        found: dict[str, Counter[str]] = {}
        for counts in self.files:
            if counts.late:
                found.setdefault(counts.source, Counter()).update(counts.late)
        return {source: dict(kinds) for source, kinds in found.items()}

    def as_dict(self) -> list[dict]:
        """Plain data for `--json`: counts, reasons and names of columns, never a value."""
        return [dataclasses.asdict(counts) for counts in self.files]

    def silent_as_dict(self) -> list[dict]:
        """Plain data for `--json`: sources, dates and days."""
        return [{**dataclasses.asdict(each), "last_on": each.last_on.isoformat()} for each in self.silent]


def ingest(
    session: Session,
    landing: Path | None = None,
    sources: tuple[str, ...] | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Load every waiting file of the sources (all by default), then remove it from landing.

    Raises UsageError for an unknown source or landing folder, AnonymartError for a fault; what was committed
    before stays committed and the rest waits in landing.
    """
    landing = landing or session.home.landing
    progress = progress or Progress(quiet=True)
    if not landing.is_dir():
        raise UsageError(f"The landing folder {landing} does not exist: name another with --landing.")
    for source in sources or ():
        if source not in SOURCES:
            raise UsageError(f"There is no source of that name: choose among {', '.join(SOURCES)}.")
    report = IngestReport()
    connection = session.connect(vault="rw")
    try:
        schema.create(connection, session.keys)
        identities.install(connection, session.keys)
        tombstones.attach(connection, session)
        if landing.resolve() != session.home.landing:
            _note_landing(connection, landing)
        chosen = [source for source in SOURCES if not sources or source in sources]

        def load_all(of: list[str]) -> None:
            for counts in _counts_of(connection, session, landing, of):
                report.files.append(counts)
                progress.say(_line(counts))

        load_all([source for source in chosen if source != AUDIENCE])
        unreadable.find_people(connection)
        report.settled = catalogue.settle(connection, session)
        # Pages are known by the courses of the catalogue, so visits come after it is settled.
        load_all([source for source in chosen if source == AUDIENCE])
        audience.settle(connection)
        report.waiting = count_waiting(connection)
        for sentence in (*report.waiting.sentences, *report.settled.sentences):
            progress.say(f"  {sentence}")
        report.refused = still_refused(landing, sources)
        report.unreadable = unreadable.n_open(connection)
        report.silent = silence.find(connection, session.policy, session.as_of, sources)
        for silent in report.silent:
            progress.say(f"  {silent.sentence}")
    except duckdb.Error as error:
        raise AnonymartError(_fault(error)) from None
    except OSError as error:
        raise AnonymartError(
            f"Ingest stopped ({error.strerror}): mend it and run again; nothing was lost."
        ) from None
    finally:
        _close(connection)
    return report


def _counts_of(
    connection: duckdb.DuckDBPyConnection, session: Session, landing: Path, sources: list[str]
) -> Iterator[Counts]:
    """Load what waits of these sources, file by file; gives the ledger's line of each."""
    for source in sources:
        for path in list(waiting(landing, source)):
            counts = _one_file(connection, path, source, session.as_of, session.policy)
            parquet.drop_unpacked()
            if counts:
                yield counts


def _one_file(
    connection: duckdb.DuckDBPyConnection, path: Path, source: str, as_of: date, policy: Policy
) -> Counts | None:
    try:
        mark = file_mark(path)
        # Refused: its mark must be known before it goes away.
        refused = refused_mark(path)
    except FileNotFoundError:
        return None
    if was_committed(connection, source, mark):
        path.unlink()
        return None
    load_no = next_load(connection)
    crash.point("ingest.before_load")
    landed = None
    try:
        landed = inspect_file(connection, path, source)
        connection.execute("BEGIN")
        counts = load(connection, landed, load_no, as_of, policy)
        changes.note_file(connection, landed, counts, load_no, as_of)
        crash.point("ingest.before_commit")
        connection.execute("COMMIT")
        crash.point("ingest.after_commit")
        path.unlink(missing_ok=True)
        crash.point("ingest.after_file_removed")
        return counts
    except FileRefused as refusal:
        rollback(connection)
        counts = refuse_whole(
            connection, Refused(path, source, str(refusal), refused), landed, load_no, as_of
        )
        # It stays where the data team finds it, and is not tried again until somebody renames it.
        with contextlib.suppress(FileNotFoundError):
            if source == AUDIENCE:
                # A log names addresses: no copy stays (D-AUDIENCE).
                path.unlink()
            else:
                path.rename(path.with_name(path.name + REFUSED_SUFFIX))
        return counts
    except BaseException:
        rollback(connection)
        raise


class Refused(NamedTuple):
    """A file that is refused whole: where it lies, its source, why, and the mark that it is known by."""

    path: Path
    source: str
    reason: str
    mark: str


def refuse_whole(
    connection: duckdb.DuckDBPyConnection, refused: Refused, landed: Landed | None, load_no: int, as_of: date
) -> Counts:
    """Note in the ledger that a file is refused whole, in a transaction of its own."""
    path, source, reason, mark = refused
    counts = Counts(source, safe_name(path), status="refused", reason=reason)
    held = unreadable.read_file(connection, path, source, reason)
    connection.execute("BEGIN")
    counts.unreadable = unreadable.keep_file(connection, path, source, held, load_no, as_of)
    write_ledger(connection, load_no, mark, as_of, counts)
    changes.note_refused(connection, landed, counts, load_no, as_of)
    connection.execute("COMMIT")
    return counts


def inspect_file(connection: duckdb.DuckDBPyConnection, path: Path, source: str) -> Landed:
    """What the file is. Raises FileRefused also for what nobody foresaw in it: only a fault of the vault or
    the disk stops the other files.
    """
    try:
        return inspect(connection, path, source)
    except duckdb.Error as error:
        if is_fault_of_ours(error):
            raise
    except (OSError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        if isinstance(error, OSError) and error.errno in (
            errno.ENOSPC,
            errno.EIO,
            errno.EROFS,
            errno.EDQUOT,
            errno.EMFILE,
        ):
            raise
    raise FileRefused("it cannot be read as a file of this source")


def still_refused(landing: Path, sources: tuple[str, ...] | None = None) -> list[str]:
    """Files of landing that were refused whole and that nobody has mended or removed: `source/name`, names as
    they may be shown.
    """
    return [
        f"{source}/{safe_name(path.with_name(path.name.removesuffix(REFUSED_SUFFIX)))}"
        for source in sources or SOURCES
        for path in sorted((landing / source).rglob(f"*{REFUSED_SUFFIX}"))
    ]


def _note_landing(connection: duckdb.DuckDBPyConnection, landing: Path) -> None:
    """Refused files will stay in a folder that is not the home's: an erasure has to look there as well
    (R-ERASE).
    """
    connection.execute(
        "INSERT INTO vault.ledger.landings SELECT $1 WHERE $1 NOT IN (SELECT folder FROM "
        "vault.ledger.landings)",
        [str(landing.resolve())],
    )


def next_load(connection: duckdb.DuckDBPyConnection) -> int:
    """The number of the next load."""
    return one_row(connection.execute("SELECT coalesce(max(load_no), 0) + 1 FROM vault.ledger.loads"))[0]


def was_committed(connection: duckdb.DuckDBPyConnection, source: str, mark: str) -> bool:
    """Whether a run that was killed had already committed this very file."""
    return bool(
        one_row(
            connection.execute(
                "SELECT count(*) FROM vault.ledger.loads WHERE source = ? AND file_mark = ?", [source, mark]
            )
        )[0]
    )


def rollback(connection: duckdb.DuckDBPyConnection) -> None:
    """Undo what the transaction did, where there is one."""
    with contextlib.suppress(duckdb.Error):
        connection.execute("ROLLBACK")


def _close(connection: duckdb.DuckDBPyConnection) -> None:
    with contextlib.suppress(duckdb.Error):
        connection.execute("CHECKPOINT vault")
    connection.close()


def _fault(error: duckdb.Error) -> str:
    text = str(error)
    if "No space" in text or "disk" in text.lower():
        return (
            "The disk is full: free some space and run again; the file that was being loaded still waits "
            "in landing."
        )
    # DuckDB may quote a value in its message: only the kind of error is shown.
    return (
        f"Ingest stopped ({type(error).__name__}): what was committed stays, the rest waits in landing; "
        f"run again."
    )


def _line(counts: Counts) -> str:
    changed = (
        f"; other than before: {', '.join(each.sentence for each in counts.changes)}"
        if counts.changes
        else ""
    )
    if counts.unreadable:
        changed = f"; {counts.unreadable} kept unreadable, `anonymart rights list` shows them{changed}"
    if counts.status == "refused":
        return f"  {counts.source}/{counts.file_name}: refused whole, {counts.reason}{changed}"
    text = (
        f"  {counts.source}/{counts.file_name}: {counts.delivered} delivered, {counts.loaded} loaded, "
        f"{counts.refused} refused, "
        f"{counts.quarantined} quarantined, {counts.duplicate} duplicate"
    )
    if counts.waiting:
        text += f"; {counts.waiting} of the loaded wait for the register"
    if counts.late_rows:
        # A month of visits that is closed takes no more of them (D-AUDIENCE).
        whose = "refused" if counts.source == AUDIENCE else "loaded"
        text += f"; {counts.late_rows} of the {whose} tell of closed periods"
    if counts.unknown_columns:
        text += f"; columns refused: {', '.join(counts.unknown_columns)}"
    if counts.unknown_names:
        text += (
            f"; not known, counted as other: "
            f"{', '.join(f'{name} ({n_rows})' for name, n_rows in counts.unknown_names.items())}"
        )
    if counts.salaries:
        text += f"; {salary_figures.sentence(counts.salaries)}"
    return text + changed

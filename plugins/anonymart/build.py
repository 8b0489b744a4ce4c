"""The build: one `dbt build` in a process of its own, told what it needs by variables, never by a key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import duckdb

from anonymart import (
    catalogue,
    crash,
    lists,
    pseudonym_mark,
    seal,
    shared_persons,
)
from anonymart.contracts import load_contracts
from anonymart.dbt_process import events
from anonymart.disclosure import perturbation
from anonymart.erasure import places, receipts, removal, taken_back, tombstones
from anonymart.errors import DISK_FULL, AnonymartError, UsageError
from anonymart.home import Home
from anonymart.migrate import steps
from anonymart.orders import made
from anonymart.policy import Policy
from anonymart.processing import lines as processing
from anonymart.progress import Progress
from anonymart.release import cells
from anonymart.rights import state
from anonymart.rows import one_row
from anonymart.session import Session
from anonymart.vault import schema

FAILED = (
    "error",
    "fail",
    "runtime error",
)  # what dbt says of a node that it could not make or that did not pass

_FULL = "the disk is full"  # as the process of dbt tells it


@dataclass
class BuildReport:
    """What dbt did: nodes by status, seconds of each model, and the seconds it spent before its first
    model.
    """

    n_ok: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    start_up_seconds: float = 0.0


@dataclass(frozen=True)
class Built:
    """What a build came to: whether the warehouse is whole, the state of rights and the inputs that it was
    made from, and the day of its cells: whatever closes after it has not been made.
    """

    is_whole: bool
    rights_state: str
    inputs: str
    day: date
    report: BuildReport


class Part(NamedTuple):
    """What of the project is run: words for dbt, whether the warehouse is whole after it, and where cells of
    an earlier build stay, its day and the state of rights that it read.
    """

    words: tuple[str, ...] = ()
    is_whole: bool = True
    day: date | None = None
    rights: str | None = None


ALL = Part()
# What is made of closed periods alone; lists and views, which are part of the project and hold no day.
_STAYS = (
    *("path:models/intermediate/cells", "path:models/marts", "path:models/evidence"),
    *("resource_type:seed", "config.materialized:view"),
)


def only(select: str) -> Part:
    """The models that dbt's `--select` names: no build of the whole."""
    return Part(("--select", select), is_whole=False)


def what_is_new(stays: tuple[date, str] | None) -> Part:
    """Everything, but where `unchanged.day_of_cells` gave `stays`, the cells, marts and evidence of the last
    whole build stay: another one would make the same.
    """
    return Part(("--exclude", *_STAYS), day=stays[0], rights=stays[1]) if stays else ALL


def build(session: Session, progress: Progress, part: Part, rights_state: str) -> Built:
    """Run models and data tests on what the vault holds, as of a date; `rights_state` is what `prepare` gave.
    What follows from it is `run`'s to note.

    Raises AnonymartError naming the model or test that failed, and its data stays as the last good build left
    it; also for a table of which nobody has said whether it holds people.
    """
    from anonymart.unchanged import inputs_of

    if part.rights not in (None, rights_state):
        part = ALL
    contracts = load_contracts()
    empty: list[str] = []
    if part.day:
        progress.say(f"  no period closes: the cells of the build of {part.day} stay")
        with session.connect(vault="ro", warehouse="ro") as connection:
            empty = cells.without_people(connection, contracts.values())
    with session.connect(vault="ro") as connection:
        inputs = inputs_of(connection, session.policy)
    crash.point("build.before_dbt")
    report = _run_dbt(session.home, session.policy, session.as_of, progress, part.words)
    begun = []
    if empty:
        with session.connect(vault="ro", warehouse="ro") as connection:
            begun = [name for name in empty if cells.has_anybody(connection, contracts[name])]
    if begun:
        progress.say(f"  {', '.join(begun)}: the first people have come, so all cells are made")
        part, report = ALL, _run_dbt(session.home, session.policy, session.as_of, progress, ())
    crash.point("build.after_dbt")
    with session.connect(vault="ro", warehouse="ro") as connection:
        tombstones.attach(connection, session)
        places.check(connection)
    return Built(part.is_whole, rights_state, inputs, part.day or session.as_of, report)


def run_models(home: Home, policy: Policy, as_of: date, select: str) -> None:
    """Let dbt make these models alone, on a home that was prepared; no build of the whole. Raises
    AnonymartError as `build` does.
    """
    _run_dbt(home, policy, as_of, Progress(quiet=True), ("--select", select))


def prepare(session: Session) -> str:
    """All that must be done to both files before dbt may touch the warehouse; gives the state of rights that
    dbt will read.

    Whatever was built before is no whole build any more: only `run.build` may say that one is. Raises
    UsageError without a vault, and for marts that share persons and do not say so.
    """
    if not session.home.vault.exists():
        raise UsageError(f"The vault {session.home.vault} does not exist yet: run `anonymart ingest` first.")
    seal.need_key(session)
    perturbation.check_seed(session.policy)
    # What a killed build, or an earlier version, left of the ordered tables is made good before it is judged.
    made.settle(session)
    shared_persons.check(load_contracts(), lists.project())
    places.check_files(session.home)
    processing.check(session.policy)
    removal.finish(session)
    taken_back.settle(session)
    rights = _check_zones(session)
    lists.drop_old(session.home)
    return rights


def _check_zones(session: Session) -> str:
    """Open both files once: what a killed run left in a log is replayed, and a wrong key or a lock is told
    plainly.

    Gives the state of rights that the build reads.
    """
    connection = session.connect(vault="rw", warehouse="rw")
    try:
        schema.create(connection, session.keys)
        steps.apply(connection, "warehouse")
        # What an ingest was cut off before, and what an earlier version left in the warehouse only.
        catalogue.settle(connection, session)
        _drop_placements(connection)
        _drop_leftovers(connection)
        # A new warehouse holds nobody yet; of an old one, finish has just looked who must go.
        if not receipts.knows_head(connection, "warehouse"):
            receipts.note_head(connection, "warehouse", *receipts.head(connection, "vault"))
        if pseudonym_mark.read(connection) is None:
            pseudonym_mark.note(connection, session.keys)
        state.drop_built(connection)
        return state.of_vault(connection)
    finally:
        connection.close()


def _drop_placements(connection: duckdb.DuckDBPyConnection) -> None:
    """The vault keeps the catalogue since it took over what the warehouse of an earlier version held."""
    if one_row(connection.execute("SELECT EXISTS (FROM vault.catalogue.items)"))[0]:
        connection.execute("DROP TABLE IF EXISTS warehouse.intermediate.int_catalogue_placements")


def _drop_leftovers(connection: duckdb.DuckDBPyConnection) -> None:
    """What dbt was about to rename when it was killed: copies of rows under names that no register of places
    lists.
    """
    left = connection.execute("""
        SELECT schema_name, table_name, 'TABLE' FROM duckdb_tables()
        WHERE database_name = 'warehouse' AND regexp_matches(table_name, '__dbt_(tmp|backup)')
        UNION ALL SELECT schema_name, view_name, 'VIEW' FROM duckdb_views()
        WHERE database_name = 'warehouse' AND regexp_matches(view_name, '__dbt_(tmp|backup)')
    """).fetchall()
    for schema_name, name, kind in left:
        connection.execute(f'DROP {kind} warehouse."{schema_name}"."{name}"')


def _run_dbt(
    home: Home, policy: Policy, as_of: date, progress: Progress, words: Sequence[str]
) -> BuildReport:
    report = BuildReport()
    failures: list[str] = []
    for event in events(home, policy, as_of, ["build", *words]):
        if event["kind"] == "node":
            report.n_ok += 1
            report.seconds[event["name"]] = event["seconds"]
            if event["status"] in FAILED:
                failures.append(f"{event['name']} ({event['why']})")
            if report.n_ok % 20 == 0:
                progress.say(f"  {report.n_ok} models and tests done")
        elif event["kind"] == "start_up":
            report.start_up_seconds = event["seconds"]
        elif event["kind"] == "fault":
            failures.append(event["why"])
        elif event["kind"] == "end" and event["code"] and not failures:
            raise AnonymartError(
                f"The build ended with code {event['code']} and no word: run again, nothing was published."
            )
    if any(_FULL in failure for failure in failures):
        raise AnonymartError(DISK_FULL)
    if failures:
        raise AnonymartError(
            f"The build failed at {failures[0]}{_more(failures)}: mend it and run again, nothing was "
            f"published."
        )
    return report


def _more(failures: list[str]) -> str:
    return f" and {len(failures) - 1} more" if len(failures) > 1 else ""

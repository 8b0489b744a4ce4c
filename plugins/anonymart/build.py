"""The build: one `dbt build` in a process of its own, told what it needs by variables, never by a key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import duckdb

from anonymart import (
    audit,
    catalogue,
    config,
    crash,
    guard,
    lists,
    pseudonym_mark,
    seal,
    shared_persons,
)
from anonymart.contracts import load_contracts
from anonymart.disclosure import perturbation
from anonymart.erasure import places, receipts, removal, taken_back, tombstones
from anonymart.errors import AnonymartError, UsageError
from anonymart.home import PROJECT, Home
from anonymart.keys import Keys
from anonymart.migrate import steps
from anonymart.policy import Policy
from anonymart.processing import lines as processing
from anonymart.progress import Progress
from anonymart.rights import state
from anonymart.rows import one_row
from anonymart.session import Session
from anonymart.vault import schema

DBT_PROJECT = PROJECT / "dbt_project"
FAILED = (
    "error",
    "fail",
    "runtime error",
)  # what dbt says of a node that it could not make or that did not pass


@dataclass
class BuildReport:
    """What dbt did: nodes by status, seconds of each model, and the seconds it spent before its first
    model.
    """

    n_ok: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    start_up_seconds: float = 0.0


class _Part(NamedTuple):
    """What of the project is run: words for dbt, whether the warehouse is whole after it, and where cells of
    an earlier build stay, its day and the state of rights that it read.
    """

    words: tuple[str, ...] = ()
    is_whole: bool = True
    day: date | None = None
    rights: str | None = None


_ALL = _Part()
# What is made of closed periods alone, and lists that are part of the project.
_STAYS = ("path:models/intermediate/cells", "path:models/marts", "path:models/evidence", "resource_type:seed")


def build(
    session: Session,
    progress: Progress | None = None,
    select: str | None = None,
    actor: str | None = None,
) -> BuildReport:
    """Run every model and data test on what the vault holds, as of a date.

    Raises AnonymartError naming the model or test that failed, and its data stays as the last good build left
    it; also for a table of which nobody has said whether it holds people.
    """
    part = _Part(("--select", select), is_whole=False) if select else _ALL
    return _build(session, progress or Progress(quiet=True), part, actor)


def build_new(
    session: Session,
    progress: Progress,
    actor: str | None,
    stays: tuple[date, str] | None,
) -> BuildReport:
    """As `build`, but where `unchanged.day_of_cells` gave `stays`, the cells, marts and evidence of the last
    whole build stay: another one would make the same.
    """
    part = _Part(("--exclude", *_STAYS), day=stays[0], rights=stays[1]) if stays else _ALL
    return _build(session, progress, part, actor)


def _build(
    session: Session,
    progress: Progress,
    part: _Part,
    actor: str | None,
) -> BuildReport:
    from anonymart.release import approval
    from anonymart.unchanged import inputs_of

    rights_state = prepare(session, actor)
    if part.rights not in (None, rights_state):
        part = _ALL
    if part.day:
        progress.say(f"  no period closes: the cells of the build of {part.day} stay")
    with session.connect(vault="ro") as connection:
        inputs = inputs_of(connection, session.policy)
    crash.point("build.before_dbt")
    report = _run_dbt(session.home, session.policy, session.as_of, progress, part.words)
    crash.point("build.after_dbt")
    with session.connect(vault="ro", warehouse="ro") as connection:
        tombstones.attach(connection, session)
        places.check(connection)
    if part.is_whole:
        with session.connect(vault="rw", warehouse="rw") as connection:
            approval.note_built_again(connection)
            # The day of the cells: whatever closes after it has not been made.
            state.note_built(connection, rights_state, inputs, part.day or session.as_of)
            guard.note_run(connection, session.as_of)
    audit.record(session, "built", actor)
    return report


def run_models(home: Home, policy: Policy, as_of: date, select: str) -> None:
    """Let dbt make these models alone, on a home that was prepared; no build of the whole. Raises
    AnonymartError as `build` does.
    """
    _run_dbt(home, policy, as_of, Progress(quiet=True), ("--select", select))


def prepare(session: Session, actor: str | None = None) -> str:
    """All that must be done before dbt may touch the warehouse; gives the state of rights that dbt will read.

    Whatever was built before is no whole build any more: only `build` may say that one is. Raises UsageError
    without a vault, and for marts that share persons and do not say so.
    """
    from anonymart.release import approval

    if not session.home.vault.exists():
        raise UsageError(f"The vault {session.home.vault} does not exist yet: run `anonymart ingest` first.")
    seal.need_key(session)
    perturbation.check_seed(session.policy)
    shared_persons.check(load_contracts(), DBT_PROJECT)
    places.check_files(session.home)
    processing.check(session.policy)
    lists.drop_old(session.home)
    removal.finish(session)
    taken_back.settle(session)
    rights_state = _check_zones(session)
    # Figures of a build that is over its time: what the reviewer has not let out by now is made anew.
    approval.supersede(session, "a new build", actor)
    return rights_state


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
    if failures:
        raise AnonymartError(
            f"The build failed at {failures[0]}{_more(failures)}: mend it and run again, nothing was "
            f"published."
        )
    return report


def events(home: Home, policy: Policy, as_of: date, words: Sequence[str]) -> Iterator[dict]:
    """Run dbt with these words on the home, and give what it does as it does it; `end` with the code of its
    process comes last.

    The first word is dbt's command. Nothing that is given may quote a row.
    """
    project = lists.project()
    arguments = [
        *words,
        *("--project-dir", str(project)),
        *("--profiles-dir", str(project)),
        *("--target-path", str(home.dbt_target)),
        *("--log-path", str(home.dbt_logs)),
        *("--vars", json.dumps({"as_of": str(as_of), "policy": policy.raw, **_links(home)})),
        # Unit tests try the macros on rows of their own: they are the project's tests, not a home's.
        *(("--exclude-resource-type", "unit_test") if words[0] in ("build", "test") else ()),
    ]
    environment = {
        **os.environ,
        "ANONYMART_HOME": str(home.root),
        # The process reads what this one reads, of which home ever it is.
        **({config.ENVIRONMENT: str(own)} if (own := config.folder()) else {}),
        "DO_NOT_TRACK": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "PYTHONUNBUFFERED": "1",
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "anonymart.dbt_child", json.dumps(arguments)],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=environment,
        cwd=home.root,
    )
    try:
        yield from filter(None, map(_event, child.stdout or ()))
        yield {"kind": "end", "code": child.wait()}
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


def _links(home: Home) -> dict[str, int]:
    """How many keys make a pseudonym, where it is more than one: the models are compiled for it."""
    n_links = len(Keys.load(home).pseudonym_links)
    return {"pseudonym_links": n_links} if n_links > 1 else {}


def _event(line: str) -> dict | None:
    if not line.startswith("{"):
        return None
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if "kind" in event else None


def _more(failures: list[str]) -> str:
    return f" and {len(failures) - 1} more" if len(failures) > 1 else ""

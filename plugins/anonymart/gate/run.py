"""The gate's one run over a folder: read the very files, ask every expectation, build and read the Data Docs,
answer.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from anonymart.attack.beside import before, beside
from anonymart.attack.run import attack
from anonymart.attack.truth import read_truth
from anonymart.contracts import MartContract, load_contracts
from anonymart.errors import AnonymartError
from anonymart.gate import checkpoint, must_be_out, rewriting
from anonymart.gate.asking import failures_of, make_queries
from anonymart.gate.docs import finish_docs, page_texts
from anonymart.gate.drill import drill, page_failures
from anonymart.gate.evidence import finish_report, write_register
from anonymart.gate.identifiers import find_in_pages
from anonymart.gate.opened import Law, read_folder
from anonymart.gate.report import Failure, GateReport
from anonymart.gate.rules_figures import make_perturbed
from anonymart.gate.suites import DIRECT_IDENTIFIERS, RELEASE_METADATA, Suite, load_suites
from anonymart.keys import Keys
from anonymart.policy import Policy
from anonymart.release import exact, for_reviewer, people_file
from anonymart.release.folder import (
    CANDIDATE_PREFIX,
    DATA_DOCS,
    GATE_RESULT,
    MANIFEST,
    data_files,
    sha256,
    write_durably,
)
from anonymart.release.manifest import read_manifest
from anonymart.rights import state
from anonymart.session import Session

_BATCHES = {DIRECT_IDENTIFIERS: "gate.texts", RELEASE_METADATA: "gate.objects"}


def gate(
    session: Session,
    candidate: Path,
    as_of: date | None = None,
    suites_folder: Path | None = None,
) -> GateReport:
    """Whether the folder may be seen, with all that was found in it: names and counts, never a value
    (S-ANON).

    A candidate gets `gate.json` and `data_docs/`; any other folder is left as it is, and its Data Docs go
    under the home's tmp. Raises AnonymartError when the folder, the vault or the warehouse cannot be read:
    nothing has passed then; and Superseded for a candidate that was built before a right was taken in or
    carried out.
    """
    candidate = candidate.resolve()
    if rewriting.has_special(candidate):
        raise AnonymartError(
            f"{candidate.name} holds something that is no file, folder or link: take it out, or make "
            f"the candidate again."
        )
    seconds: dict[str, float] = {}
    contracts = load_contracts()
    manifest = read_manifest(candidate)
    as_of = as_of or _as_of(manifest)
    release_id = manifest["release_id"]
    is_candidate = candidate.name.startswith(CANDIDATE_PREFIX)
    data_docs = (candidate if is_candidate else session.home.tmp / f"gate-{candidate.name}") / DATA_DOCS
    shutil.rmtree(data_docs, ignore_errors=True)
    if is_candidate:
        (candidate / GATE_RESULT).unlink(missing_ok=True)
    with _timed(seconds, "import"):
        checkpoint.prepare()
    report = GateReport(
        str(candidate), as_of.isoformat(), data_docs=str(data_docs), seconds=seconds, needs_drill=is_candidate
    )
    report.files = {
        name: sha256(candidate / name) for name in [*data_files(candidate, list(contracts)), MANIFEST]
    }
    suites, report.failures = load_suites(contracts, suites_folder)
    exact_attacks: list[dict[str, Any]] = []
    with (
        people_file.kept(session, contracts.values()) as reading,
        reading.connect(vault="ro", warehouse="ro") as connection,
    ):
        if is_candidate:
            state.check_candidate(connection, release_id)
        with _timed(seconds, "read"):
            read_folder(connection, candidate, manifest, Law(contracts, suites, session.policy), session.keys)
            make_perturbed(connection, contracts, session.policy)
        queries, refused = make_queries(suites, contracts, session.policy, as_of)
        report.failures += refused
        with _timed(seconds, "ask"):
            batches = _BATCHES | {name: f"gate.{name}" for name in contracts}
            answers = checkpoint.ask(connection, suites, queries, batches, data_docs, release_id)
        for answer in answers:
            report.failures += failures_of(connection, answer)
        if is_candidate:
            report.failures += must_be_out.find(connection, session.keys, contracts, session.policy, as_of)
        report.expectations = [_entry(answer) for answer in answers]
        with _timed(seconds, "docs"):
            finish_docs(data_docs, f"The gate on release {release_id}", _by_suite(suites, answers))
            report.failures += page_failures(find_in_pages(connection, page_texts(data_docs)))
        if not report.failures:
            with _timed(seconds, "attack"):
                exact_attacks = _attack(connection, candidate, contracts, session.policy, report)
                # Of a published release the people have changed since.
                report.failures += (
                    _notes(connection, contracts, session.policy, release_id, as_of, session.keys)
                    if is_candidate
                    else []
                )
        if is_candidate and not report.failures:
            with _timed(seconds, "drill"):
                held = drill(reading, candidate, as_of, contracts, suites)
            report.drill = held.table()
            report.failures += held.failures()
        if is_candidate:
            report.failures += write_register(connection, session.home, candidate, session.policy, report)
            report.failures += finish_report(connection, candidate, report)
    if is_candidate:
        with session.connect(vault="rw") as connection:
            for_reviewer.note(connection, release_id, exact.ATTACKS, exact_attacks)
        write_durably(
            candidate / GATE_RESULT, json.dumps(report.for_release(), indent=1, ensure_ascii=False) + "\n"
        )
    return report


def _as_of(manifest: Mapping[str, Any]) -> date:
    try:
        return date.fromisoformat(manifest["as_of"])
    except ValueError:
        raise AnonymartError(
            "The manifest's as_of is no date: give the folder of a release or candidate."
        ) from None


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    begun = time.perf_counter()
    try:
        yield
    finally:
        seconds[name] = round(time.perf_counter() - begun, 3)


def _attack(
    connection: duckdb.DuckDBPyConnection,
    candidate: Path,
    contracts: Mapping[str, MartContract],
    policy: Policy,
    report: GateReport,
) -> list[dict[str, Any]]:
    """What keeps every rule is attacked: one recovery of a small count or a person's value, or an attack that
    fails its control, is a no. Of a candidate what is new is attacked, with all that was published at hand:
    carried cells were attacked when they were new, and are again in the week in which a rule or an attack
    becomes another.

    Gives tries and what was nearly found, which rest on the truth, for the reviewer.
    """
    truth = read_truth(connection, contracts)
    is_candidate, others = report.needs_drill, beside(candidate)
    if is_candidate:
        others = before([candidate, *others], policy)[candidate]
    made = attack(candidate, others, policy, truth, contracts, only_new=is_candidate)
    report.attacks = made.for_release()
    report.failures += [
        Failure(mart, measure, f"attack: {name}", "S-ANON", n) for name, mart, measure, n in made.failures()
    ]
    return made.as_dict()["attacks"]


def _notes(
    connection: duckdb.DuckDBPyConnection,
    contracts: Mapping[str, MartContract],
    policy: Policy,
    release_id: str,
    as_of: date,
    keys: Keys,
) -> list[Failure]:
    """The exact figures that the reviewer is told are worked out once more. A limit of the accountant that is
    not kept refuses nothing.
    """
    told = for_reviewer.notes(connection, release_id)
    now = exact.figures(connection, contracts, policy, "gate.evidence", as_of, keys)
    return [
        Failure("*", name, "note_unlike_persons", "S-ANON", 1)
        for name in now
        if name in told and told[name] != now[name]
    ]


def _by_suite(suites: list[Suite], answers: list[Any]) -> list[tuple[str, str, int, int]]:
    found = {
        suite.name: [answer.passed for answer in answers if answer.line.suite == suite.name]
        for suite in suites
    }
    return [
        (suite.name, suite.about, len(found[suite.name]), found[suite.name].count(False)) for suite in suites
    ]


def _entry(answer: Any) -> dict[str, Any]:
    line = answer.line
    named = {"kind": line.kind, "in": line.place}
    return {
        "suite": line.suite,
        "forbids": line.forbids,
        "column": line.column,
        **{key: value for key, value in named.items() if value},
        "policy": line.policy,
        "passed": answer.passed,
    }

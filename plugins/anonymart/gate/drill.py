"""The leak drill: leaks of every kind, planted in a copy of the candidate, must each be found by the gate's
own rules (S-ANON).

All of them lie in one copy and are looked for in one run: the same reading, the same suites, the same SQL as
for the candidate, asked without Great Expectations, whose pages nobody would read. The candidate has passed
when the drill begins, so whatever a rule finds in the copy was planted. One leak that is not found is a
failure of the gate, and nothing is published.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from anonymart import crash
from anonymart.contracts import MartContract
from anonymart.errors import AnonymartError
from anonymart.gate import drill_cells, drill_plants, must_be_out
from anonymart.gate.asking import ask_straight, make_queries
from anonymart.gate.docs import page_texts
from anonymart.gate.drill_forms import ALSO_KNOWN
from anonymart.gate.drill_plants import Key, Plant
from anonymart.gate.identifiers import find_in_pages
from anonymart.gate.opened import Law, read_folder
from anonymart.gate.report import Failure
from anonymart.gate.rules_figures import make_perturbed
from anonymart.gate.suites import Line, Suite
from anonymart.home import Home
from anonymart.release.folder import CANDIDATE_PREFIX, DATA_DOCS, DRILL_PREFIX, GATE_RESULT
from anonymart.release.manifest import read_manifest
from anonymart.session import Session

MISSED = "leak_not_caught"


@dataclass(frozen=True)
class Drill:
    """What was planted, and how often each (mart, column, kind) was found, by the line that found it."""

    plants: tuple[Plant, ...]
    found: Mapping[Line | None, list[Failure]]

    def missed(self, without: Line | None = None) -> list[Plant]:
        """The plants that nothing found; `without` leaves a line out, to show that it is needed."""
        planted = Counter(key for plant in self.plants for key in plant.keys)
        found: Counter[Key] = Counter()
        for line, failures in self.found.items():
            if line is None or line != without:
                found.update({failure[:3]: failure.n for failure in failures})
        # Plants that share a key are found together or not at all: nobody can tell which one was missed.
        return [plant for plant in self.plants if any(found[key] < planted[key] for key in plant.keys)]

    def table(self) -> list[dict[str, Any]]:
        """Names and counts for the report: leak, place, in how many marts, planted, caught."""
        missed = Counter((plant.leak, plant.place) for plant in self.missed())
        planted = Counter((plant.leak, plant.place) for plant in self.plants)
        marts: dict[tuple[str, str], set[str]] = {}
        for plant in self.plants:
            marts.setdefault((plant.leak, plant.place), set()).update(
                mart for mart, _, _ in plant.keys if mart != "*"
            )
        return [
            {
                "leak": leak,
                "place": place,
                "marts": len(marts[(leak, place)]),
                "planted": n,
                "caught": n - missed[(leak, place)],
            }
            for (leak, place), n in planted.items()
        ]

    def failures(self) -> list[Failure]:
        """One for each mart, column and kind that was planted and not found; a drill that planted nothing has
        failed too.
        """
        keys = sorted(
            {
                (plant.keys[0][0], plant.keys[0][1], f"{MISSED}: {plant.leak}, {plant.place}")
                for plant in self.missed()
            }
        )
        nothing = [] if self.plants else [("*", "*", f"{MISSED}: nothing was planted")]
        return [Failure(*key, "S-ANON", 1) for key in [*keys, *nothing]]


def drill(
    session: Session,
    candidate: Path,
    as_of: date,
    contracts: Mapping[str, MartContract],
    suites: list[Suite],
) -> Drill:
    """Plant in a copy of the candidate, let the rules read it, and say what they found. The candidate is left
    as it is.

    Raises AnonymartError when the copy cannot be made or read: nothing was proven then.
    """
    with _copy(session.home, candidate) as copy:
        try:
            plants = [
                *drill_plants.plant_files(copy, contracts, as_of),
                *drill_plants.rule_plants(contracts),
                *drill_plants.docs_plants(),
            ]
            crash.point("gate.drill_planted")
            with session.connect(vault="ro", warehouse="ro") as connection:
                read_folder(
                    connection,
                    copy,
                    read_manifest(copy),
                    Law(contracts, suites, session.policy),
                    session.keys,
                    ALSO_KNOWN,
                )
                drill_cells.plant_evidence(connection, contracts, session.policy, as_of)
                make_perturbed(connection, contracts, session.policy)
                queries, _ = make_queries(suites, contracts, session.policy, as_of)
                found: dict[Line | None, list[Failure]] = {
                    line: failures for line, failures in ask_straight(connection, queries).items()
                }
                out = must_be_out.plant(connection, contracts, drill_cells.SOMEBODY)
                plants += [Plant(must_be_out.LEAK, must_be_out.PLACE, (key,)) for key in out]
                found[None] = [
                    *page_failures(find_in_pages(connection, page_texts(copy / DATA_DOCS))),
                    *must_be_out.behind(connection, contracts, session.policy, as_of),
                ]
        except (duckdb.Error, OSError, StopIteration, ValueError):
            raise AnonymartError(
                "The leak drill could not be held on a copy of the candidate: run again, nothing was "
                "published."
            ) from None
    return Drill(tuple(plants), found)


def page_failures(found: Iterable[tuple[str, str, int]]) -> list[Failure]:
    """Kinds that were found in pages, as failures under the file or folder that holds them (D-IDENT)."""
    return [Failure("*", where, f"{kind} in {where}", "D-IDENT", n) for where, kind, n in found]


@contextmanager
def _copy(home: Home, candidate: Path) -> Iterator[Path]:
    """A copy in the home's tmp. What a kill leaves there goes with the next run, and holds the candidate and
    made-up leaks only.
    """
    root = Path(tempfile.mkdtemp(prefix=DRILL_PREFIX, dir=home.tmp))
    try:
        copy = root / f"{CANDIDATE_PREFIX}{candidate.name.removeprefix(CANDIDATE_PREFIX)}"
        shutil.copytree(candidate, copy, ignore=shutil.ignore_patterns(DATA_DOCS, GATE_RESULT))
        (copy / DATA_DOCS).mkdir()
        page = (candidate / DATA_DOCS / "index.html").read_text(encoding="utf-8")
        (copy / DATA_DOCS / "index.html").write_text(drill_plants.planted_page(page), encoding="utf-8")
        yield copy
    finally:
        shutil.rmtree(root, ignore_errors=True)

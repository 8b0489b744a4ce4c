"""The register is the only place of a figure: each of its entries, changed there, changes what the program
does.

Every figure is replaced by one that stands nowhere else. The models are compiled once and the gate writes its
queries with that register: a changed entry must be found again in their SQL. What ingest, retention and
rights read is noted by a register that remembers who asked for what.
"""

from __future__ import annotations

import copy
import re
import sys
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from anonymart.contracts import load_contracts
from anonymart.policy import Policy
from anonymart.release.privacy_report import NO_EVIDENCE

sys.path.insert(0, str(Path(__file__).parents[1] / "dbt"))

from small_home import SmallHome

from anonymart.session import Session
from tests.audience.conftest import line
from tests.policy.changes import REGISTER, leaves

AS_OF = date(2026, 6, 30)
# Texts and figures that must stay what they are for anything to compile.
CHANGED_TEXTS = {
    # The months of a cohort are counted out one by one in SQL: a large figure would write all numbers below
    # it.
    "observation.learner_retention_longest_months": 31,
    "window.time_zone": "Pacific/Kiritimati",
    "publication.first_period_on": "2009-08-07",
    "nps.confidence": 0.99,
    "rates.confidence": 0.99,
}
# Read by people, by the manifest of a release or by the answer to a request, not by a rule.
WORDS = re.compile(r"purposes\.[A-Z-]+\.(title|basis)|version")
# Terms of what no program keeps yet.
PLANNED = {
    # No mart of the whole school tells a quantile.
    "quantiles.smallest_base_median.broad",
    "quantiles.smallest_base_quartile.broad",
}


def name_of(path: tuple) -> str:
    return ".".join(map(str, path))


def at(value: Any, path: tuple) -> Any:
    for name in path:
        value = value[name]
    return value


def is_figure(path: tuple) -> bool:
    name = name_of(path)
    # A band ends where the next one begins, which the register's own check sees to.
    return at(REGISTER, path) is not None and path[-1] != "base_to" and not WORDS.fullmatch(name)


FIGURES = [path for path in leaves(REGISTER) if is_figure(path)]


def changed_register() -> tuple[dict, dict[str, Any]]:
    """The register with a value of its own in every place, and these values by entry."""
    register, values = copy.deepcopy(REGISTER), {}
    for number, path in enumerate(FIGURES):
        name = name_of(path)
        value = CHANGED_TEXTS.get(name, 7001 + 13 * number)
        at(register, path[:-1])[path[-1]] = value
        values[name] = value
    return register, values


def stands_in(value: Any, name: str, text: str) -> bool:
    """The value as it is, as months of years, as months added to a quarter or a half-year, or as a shift of
    days.
    """
    if name == "nps.confidence":
        return "2.57" in text
    if name == "rates.confidence":
        return "6.63" in text
    if isinstance(value, str):
        return value in text
    numbers = {
        value,
        12 * value,
        value + 3,
        value + 6,
        value + 1,
        value - 1,
        3 * value,
        value / 100,
        1 - value / 100,
    }
    # Months of two entries may be added up before they reach SQL.
    return not numbers_in(text).isdisjoint(map(str, numbers))


@cache
def numbers_in(text: str) -> frozenset[str]:
    """Every number as it is written, and its whole part."""
    found = set(re.findall(r"[0-9]+(?:\.[0-9]+)?", text))
    return frozenset(found | {number.partition(".")[0] for number in found})


@pytest.fixture(scope="module")
def sql(tmp_path_factory) -> dict[str, str]:
    """All SQL that the models and the gate make of the changed register."""
    register, _ = changed_register()
    home = SmallHome(tmp_path_factory.mktemp("changed") / "home")
    done = home.dbt("compile", "--quiet", variables={"as_of": str(AS_OF), "policy": register})
    assert done.returncode == 0, done.stdout[-2000:]
    compiled = (home.home.dbt_target / "compiled").rglob("*.sql")
    return {
        "dbt": "\n".join(path.read_text(encoding="utf-8") for path in compiled),
        "gate": gate_sql(register),
    }


def gate_sql(register: dict) -> str:
    from anonymart.gate.asking import make_queries
    from anonymart.gate.suites import SUITES_FOLDER, load_suites

    contracts = load_contracts()
    suites, failures = load_suites(contracts, SUITES_FOLDER)
    assert failures == []
    queries, refused = make_queries(suites, contracts, Policy(register), AS_OF)
    assert refused == []
    return "\n".join(queries.values())


def test_every_figure_reaches_what_it_rules(sql, followed_in_python):
    _, values = changed_register()
    deaf = [
        name
        for name, value in values.items()
        if not any(stands_in(value, name, text) for text in sql.values())
        and group(name) not in followed_in_python
    ]
    assert set(deaf) == PLANNED


@pytest.mark.parametrize(
    "name",
    [
        "counts.smallest.coarse",
        "rates.smallest_base.fine",
        "money.p_percent",
        "observation.chapter_completion_months",
    ],
)
def test_build_and_gate_follow_the_same_entry(sql, name):
    _, values = changed_register()
    assert stands_in(values[name], name, sql["dbt"])
    assert stands_in(values[name], name, sql["gate"])


def test_the_search_can_fail(sql):
    assert not any(stands_in(5479, "no.such.entry", text) for text in sql.values())


class Listening(Policy):
    """A register that remembers which entries were asked for."""

    asked: set[str]

    def figure(self, *path: str) -> Any:
        self.asked.add(".".join(path))
        return super().figure(*path)

    def of_class(self, noise: str) -> Policy:
        found = Listening(super().of_class(noise).raw)
        object.__setattr__(found, "asked", self.asked)
        return found


@pytest.fixture(scope="module")
def followed_in_python(tmp_path_factory) -> set[str]:
    """The entries that ingest, retention, the dates and the approval of releases, the clock of requests and
    the table of noise ask for.
    """
    from anonymart import guard
    from anonymart.backup import make
    from anonymart.disclosure import membership, perturbation, utility
    from anonymart.erasure import removal
    from anonymart.ingest import ingest
    from anonymart.release.approval import because
    from anonymart.release.share import safeguard_of
    from anonymart.release.states import Candidate
    from anonymart.rights import list_requests, machine
    from tests.disclosure import opened

    home = SmallHome(tmp_path_factory.mktemp("asked") / "home")
    home.load_first()
    policy = Listening(REGISTER)
    object.__setattr__(policy, "asked", set())
    folder = home.home.landing / "learners"
    folder.mkdir(parents=True)
    (folder / "one.csv").write_text("learner_id,birth_date\nL9,2015-01-01\n", encoding="utf-8")
    visits = home.home.landing / "audience"
    visits.mkdir()
    (visits / "access.log").write_text(line(), encoding="utf-8")
    report = ingest(Session(home.home, home.keys, policy, AS_OF))
    assert report.files[0].refused == 1, "a child of thirteen is refused (R-MINOR)"
    removal.enforce_terms(Session(home.home, home.keys, policy, AS_OF))
    make.backup(Session(home.home, home.keys, policy, AS_OF), tmp_path_factory.mktemp("backup"))
    home.execute("INSERT INTO vault.ledger.releases VALUES ('2026-06-30.1', '2026-06-30', '', 0, 0, NULL)")
    guard.check(Session(home.home, home.keys, policy, AS_OF))
    home.execute(
        "INSERT INTO vault.rights.requests VALUES (1, 1, 'R1', 'access', 'learner:L1', '2026-06-01', "
        "true, NULL, NULL)"
    )
    assert len(list_requests(Session(home.home, home.keys, policy, AS_OF))) == 1
    machine.advance_all(Session(home.home, home.keys, policy, AS_OF))
    perturbation.check_seed(policy)
    membership.within([], policy)
    assert (safeguard_of(policy, "FR"), safeguard_of(policy, "CH")) == ("none needed", "adequacy_decision")
    candidate = Candidate(folder, "2026-06-30.1")
    candidate.folder.mkdir()
    (candidate.folder / "privacy_report.json").write_text(
        '{"changes": {"since": "2026-05-31.1", "marts_added": [], "marts_gone": [], "columns_added": {}, '
        '"columns_gone": {}, "definitions": [], '
        '"policy": {}, "suppressed_share": {}}}',
        encoding="utf-8",
    )
    assert because(policy, candidate) == []
    # What each figure of bursts does is seen in tests/disclosure/test_bursts.py.
    opened.shown(policy)
    # That fewer cells tell nothing is seen in tests/disclosure/test_utility.py.
    with duckdb.connect() as connection:
        utility.measure(connection, load_contracts(), policy, NO_EVIDENCE)
    return policy.asked


def group(name: str) -> str:
    """Entries of a list are asked for as one, and so is an entry of each class of noise."""
    return re.sub(r"\.(\d+(\..*)?|coarse|fine|broad)$", "", name)

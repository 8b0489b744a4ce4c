"""A small_school for each test, and a quick copy of one whose candidate is sound."""

import shutil

import duckdb
import pytest

from anonymart.gate import checkpoint
from anonymart.gate.drill import Drill
from anonymart.gate.drill_plants import Plant
from anonymart.gate.report import Failure
from anonymart.home import Home
from tests.gate.school import CELLS, School, open_school


@pytest.fixture(scope="session")
def sound(tmp_path_factory):
    school = open_school(tmp_path_factory.mktemp("sound"))
    school.build(CELLS)
    return school


@pytest.fixture
def school(sound, tmp_path) -> School:
    """A copy of the sound small_school, to break."""
    shutil.copytree(sound.home.root, tmp_path / "home", symlinks=True)
    return School(Home(tmp_path / "home"), sound.keys, sound.policy, sound.contracts)


def ask(connection, suites, queries, batches, data_docs, release_id):
    """What checkpoint.ask does, without Great Expectations."""
    data_docs.mkdir(parents=True)
    answers = []
    for suite in suites:
        for line in suite.lines:
            if line in queries:
                try:
                    passed, was_asked = not connection.execute(queries[line]).fetchall(), True
                except duckdb.Error:
                    passed, was_asked = False, False
                answers.append(checkpoint.Answer(line, queries[line], passed, was_asked))
    return answers


@pytest.fixture
def without_great_expectations(monkeypatch):
    """The same suites, rules and SQL, asked straight: what is found does not depend on who asks, and this
    takes a second.
    """
    ask_straight(monkeypatch)


@pytest.fixture
def without_drill(monkeypatch):
    """A gate that takes the leak drill for held: it takes another second, and has tests of its own."""
    hold_no_drill(monkeypatch)


@pytest.fixture
def without_attack(monkeypatch):
    """The attacks take most of the gate's time, and have tests of their own."""
    attack_nothing(monkeypatch)


def ask_straight(patch):
    patch.setattr(checkpoint, "prepare", lambda: None)
    patch.setattr(checkpoint, "ask", ask)


def hold_no_drill(patch):
    leak = Plant("leak", "in a value", (("mart", "column", "kind"),))
    held = Drill((leak,), {None: [Failure("mart", "column", "kind", "S-ANON", 1)]})
    patch.setattr("anonymart.gate.run.drill", lambda *_: held)


def attack_nothing(patch):
    told = {"attack": "left out", "tried": 1, "succeeded": 0, "control": {"tried": 1, "succeeded": 1}}
    patch.setattr("anonymart.gate.run._attack", lambda *given: given[-1].attacks.append(told))

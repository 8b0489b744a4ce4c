"""A small_school for each test, and a quick copy of one whose candidate is sound."""

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from anonymart.gate import checkpoint
from anonymart.gate import run as gate_run
from anonymart.gate.drill import Drill
from anonymart.gate.drill_plants import Plant
from anonymart.gate.report import Failure
from anonymart.home import Home
from anonymart.release.folder import sha256
from tests.gate.school import CELLS, School, open_school


@pytest.fixture(scope="session")
def sound(tmp_path_factory):
    """Made once for the rooms that import it too."""
    if not _SOUND:
        school = open_school(tmp_path_factory.mktemp("sound"))
        school.build(CELLS)
        _SOUND.append(school)
    return _SOUND[0]


_SOUND: list[School] = []
_MADE: dict[str, tuple[Path, str | None]] = {}


def of_sound(school: School, name: str, act: Callable[[School], str | None]) -> str | None:
    """What `act` does to the home of a school, and gives: done once on the sound school, and copied into each
    home that is still a copy of it. The gate must be the one without its long parts; every other school acts
    itself.
    """
    if not _SOUND or school.home.root == _SOUND[0].home.root or not _is_copy(school, _SOUND[0]):
        return act(school)
    if name not in _MADE:
        root = _SOUND[0].home.root.parent / name
        shutil.copytree(_SOUND[0].home.root, root / "home", symlinks=True)
        made = School(Home(root / "home"), school.keys, school.policy, school.contracts)
        _MADE[name] = (root / "home", act(made))
    shutil.rmtree(school.home.root)
    home, told = _MADE[name]
    shutil.copytree(home, school.home.root, symlinks=True)
    return told


def _is_copy(school: School, sound: School) -> bool:
    """Whether the home has the bytes, the rules and the gate of the sound one, and nothing else."""
    is_ours = school.policy is sound.policy and school.contracts is sound.contracts
    is_quick = checkpoint.ask is ask and gate_run.drill is hold and gate_run._attack is leave_out
    return is_ours and is_quick and school.keys == sound.keys and _bytes(school) == _bytes(sound)


def _bytes(school: School) -> dict[str, str | None]:
    root = school.home.root
    return {str(path.relative_to(root)): sha256(path) if path.is_file() else None for path in root.rglob("*")}


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


def hold(*_):
    leak = Plant("leak", "in a value", (("mart", "column", "kind"),))
    return Drill((leak,), {None: [Failure("mart", "column", "kind", "S-ANON", 1)]})


def hold_no_drill(patch):
    patch.setattr(gate_run, "drill", hold)


def leave_out(*given):
    told = {"attack": "left out", "tried": 1, "succeeded": 0, "control": {"tried": 1, "succeeded": 1}}
    given[-1].attacks.append(told)


def attack_nothing(patch):
    patch.setattr(gate_run, "_attack", leave_out)

"""A candidate is a value with a state; only its own module knows what its folder is called (S-SAFE)."""

import ast
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from anonymart.errors import UsageError
from anonymart.home import Home
from anonymart.release import Candidate, Published, State, Waiting
from anonymart.release.publish import publish
from anonymart.session import Session

PLUGINS = Path(__file__).parents[2] / "plugins"
PREFIXES = {"WAITING_PREFIX", "REFUSED_PREFIX"}


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path)
    home.releases.mkdir()
    return home


@pytest.mark.parametrize("state", State)
def test_a_folder_s_name_follows_from_the_state_and_back(home, state):
    candidate = Candidate(home.releases, "2026-06-30.1", state)
    assert Candidate.named(home, candidate.name) == candidate
    assert candidate.folder == home.releases / candidate.name and not candidate.is_there


def test_a_state_changes_with_its_folder_and_the_value_never_does(home):
    built = Candidate(home.releases, "2026-06-30.1")
    built.folder.mkdir()
    waits = built.became(State.WAITING)
    assert (built.is_there, waits.is_there, built.state) == (False, True, State.BUILT)
    assert Candidate.all_in(home, State.WAITING) == [waits] and not Candidate.all_in(home, State.BUILT)
    with pytest.raises(FrozenInstanceError):
        waits.state = State.PUBLISHED


@pytest.mark.parametrize("name", ["../.candidate-2026-06-30.1", "a/b", ".."])
def test_a_path_is_no_candidate(home, name):
    with pytest.raises(UsageError, match="no candidate"):
        Candidate.named(home, name)


@pytest.mark.parametrize("state", [State.REFUSED, State.PUBLISHED])
def test_what_is_refused_or_published_is_not_published(home, state):
    candidate = Candidate(home.releases, "2026-06-30.1", state)
    candidate.folder.mkdir()
    (candidate.folder / "manifest.json").write_text('{"release_id": "2026-06-30.1"}')
    with pytest.raises(UsageError, match="no candidate of this home"):
        publish(Session(home, None), candidate)


def test_what_waits_says_what_to_do(home):
    waits = Waiting(
        Candidate(home.releases, "2026-06-30.1", State.WAITING), "2026-06-30", "ab" * 32, ["It is."], "now"
    )
    assert "anonymart approve 2026-06-30.1 --candidate abababababab " in waits.says
    assert str(waits.candidate.folder) in waits.says and Published("x") != waits


def test_no_other_module_takes_the_name_of_a_folder_apart():
    users = {
        str(path.relative_to(PLUGINS))
        for path in PLUGINS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.alias) and node.name in PREFIXES)
        or (isinstance(node, ast.Constant) and node.value in (".waiting-", ".refused-"))
    }
    assert users == {"anonymart/release/folder.py", "anonymart/release/states.py"}

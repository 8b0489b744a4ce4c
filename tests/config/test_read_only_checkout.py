"""A second user of one checkout, or one that is installed: builds write into the home alone."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from anonymart.home import PROJECT
from tests.dbt.small_home import AS_OF, SmallHome

_PARTS = ("plugins", "dbt_project", "expectations", "dags")
_DROP_FROM_BOUNDING_SET, _DAC_OVERRIDE, _DAC_READ_SEARCH = 24, 1, 2


def _as_others() -> None:
    """Let the permissions of files hold for root too: without the capabilities that overrule them."""
    for capability in (_DAC_OVERRIDE, _DAC_READ_SEARCH):
        ctypes.CDLL(None).prctl(_DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)


def _state(root: Path) -> dict[str, tuple[int, int]]:
    found = {str(path.relative_to(root)): path.lstat() for path in root.rglob("*")}
    return {name: (state.st_size, state.st_mtime_ns) for name, state in found.items()}


@pytest.fixture
def checkout(tmp_path):
    """A copy of the checkout that nobody may write, and a folder of a user that nobody may write either."""
    root = tmp_path / "checkout"
    for part in _PARTS:
        shutil.copytree(
            PROJECT / part, root / part, ignore=shutil.ignore_patterns("__pycache__", "target", "logs")
        )
    (tmp_path / "user").mkdir()
    closed = [*(path for path in root.rglob("*") if not path.is_symlink()), root, tmp_path / "user"]
    for path in closed:
        path.chmod(path.stat().st_mode & ~0o222)
    yield root
    for path in closed:
        path.chmod(path.stat().st_mode | 0o200)


@pytest.mark.long
@pytest.mark.parametrize("own", [False, True], ids=["shipped", "own lists"])
def test_a_build_writes_nothing_into_the_checkout(checkout, tmp_path, own):
    home = SmallHome(tmp_path / "home")
    home.load_first()
    home.register_everybody()
    if own:
        (home.home.root / "config" / "lists").mkdir(parents=True)
        (home.home.root / "config" / "lists" / "verbs.csv").write_text(
            "verb_id,verb\nhttps://x.example,passed\n"
        )
    before = _state(checkout)
    outside = {
        name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ANONYMART_"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "anonymart.cli", "build", "--as-of", str(AS_OF)],
        env={
            **outside,
            "ANONYMART_HOME": str(home.home.root),
            "HOME": str(tmp_path / "user"),
            "PYTHONPATH": str(checkout / "plugins"),
        },
        cwd=checkout,
        preexec_fn=_as_others,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert _state(checkout) == before
    assert not list((tmp_path / "user").iterdir())
    assert (home.home.dbt_target / "manifest.json").is_file()


def test_a_folder_that_cannot_be_written_is_named(checkout, tmp_path):
    """What a build says when its process may not write: the path and why, not a code and no word."""
    words = (
        '["parse", "--project-dir", "x", "--profiles-dir", "x", "--target-path", "%s", "--log-path", "x", '
        % (checkout / "dbt_project" / "target")
    )
    done = subprocess.run(
        [sys.executable, "-m", "anonymart.dbt_child", words + '"--vars", "{}"]'],
        cwd=tmp_path,
        preexec_fn=_as_others,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 1 and '"kind": "fault"' in done.stdout
    assert f"{checkout / 'dbt_project' / 'target'}: Permission denied" in done.stdout

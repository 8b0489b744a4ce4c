"""The environment: which Python, when it is made anew, and what is said when it cannot be."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "plugins" / "bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the bootstrap looks at."""
    (tmp_path / "plugins").mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "plugins/bootstrap.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def fake_python(folder: Path, name: str, version: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {version}\n")
    path.chmod(0o755)


def test_a_wrong_python_gets_one_sentence(bootstrap: ModuleType, tmp_path: Path) -> None:
    fake_python(tmp_path, "python-old", "3 10")
    with pytest.raises(bootstrap.SetupError) as raised:
        bootstrap.find_python(str(tmp_path / "python-old"))
    assert str(raised.value).startswith(
        "Anonymart needs Python 3.11, 3.12 or 3.13; this is 3.10: set PYTHON="
    )


def test_a_python_that_does_not_run_is_named(bootstrap: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(bootstrap.SetupError, match="does not run"):
        bootstrap.find_python(str(tmp_path / "no-python"))


def test_the_first_fitting_python_on_path_is_taken(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_python(tmp_path, "python3", "3 9")
    fake_python(tmp_path, "python3.12", "3 12")
    fake_python(tmp_path, "python3.11", "3 11")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bootstrap.find_python("") == "python3.12"


def test_no_python_at_all(tmp_path: Path) -> None:
    done = subprocess.run(
        [shutil.which("make"), "-C", str(ROOT), "env"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "none is on PATH: set PYTHON=" in done.stderr


def test_the_stamp_follows_lock_package_and_place_but_not_the_settings_of_tools(
    bootstrap: ModuleType, project: Path
) -> None:
    stamp = bootstrap.stamp_of(project)
    with (project / "pyproject.toml").open("a") as file:
        file.write('\n[tool.other]\nline = "x"\n')
    assert bootstrap.stamp_of(project) == stamp
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(text.replace('name = "anonymart"', 'name = "other"'))
    changed = bootstrap.stamp_of(project)
    with (project / "requirements.lock").open("a") as file:
        file.write("# changed\n")
    assert len({stamp, changed, bootstrap.stamp_of(project), bootstrap.stamp_of(ROOT)}) == 4


def test_fresh_only_with_its_stamp_and_its_python(bootstrap: ModuleType, project: Path) -> None:
    venv = project / ".venv"
    (venv / "bin").mkdir(parents=True)
    assert not bootstrap.is_fresh(project, venv)
    (venv / "anonymart.stamp").write_text(bootstrap.stamp_of(project))
    assert not bootstrap.is_fresh(project, venv)
    (venv / "bin" / "python").touch()
    assert bootstrap.is_fresh(project, venv)
    (venv / "anonymart.stamp").write_text("another")
    assert not bootstrap.is_fresh(project, venv)


def test_packages_that_cannot_be_had_end_in_a_sentence_and_no_stamp(project: Path) -> None:
    environment = {
        **os.environ,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(project),
        "PIP_CONFIG_FILE": os.devnull,
    }
    environment["PYTHON"] = sys.executable
    done = subprocess.run(
        [sys.executable, "plugins/bootstrap.py"], cwd=project, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "The packages could not be installed (ERROR:" in done.stderr
    assert "check the network" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project / ".venv" / "anonymart.stamp").exists()


def test_the_lock_has_a_hash_for_every_package_and_no_address(bootstrap: ModuleType) -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text
    entries = [block for block in text.split("\n") if block and not block.startswith((" ", "#"))]
    assert len(entries) >= bootstrap.count_packages(text) > 100
    assert all(entry.endswith("\\") for entry in entries)
    assert text.count("--hash=sha256:") > len(entries)


def test_the_command_runs_from_a_path_with_a_space(bootstrap: ModuleType, tmp_path: Path) -> None:
    venv = tmp_path / "my school" / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    site = venv / "site"
    (site / "anonymart" / "cli").mkdir(parents=True)
    (site / "anonymart" / "__init__.py").touch()
    (site / "anonymart" / "cli" / "__init__.py").write_text(
        "import sys\n\n\ndef main():\n    print(sys.argv[1:])\n"
    )
    bootstrap._link(ROOT, venv, site)
    done = subprocess.run(
        [str(venv / "bin" / "anonymart"), "a word", "b"],
        env={"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "['a word', 'b']\n"), done.stderr

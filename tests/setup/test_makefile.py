"""The targets that a person types."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run_make(*arguments: str, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    return subprocess.run(["make", *arguments], cwd=cwd, env=environment, capture_output=True, text=True)


def test_help_lists_every_target_and_is_what_make_says_alone() -> None:
    shown = run_make("help").stdout
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE).group(1).split()
    assert all(re.search(rf"^  make {target}\s+\S", shown, re.MULTILINE) for target in targets)
    assert run_make().stdout == shown


def test_clean_removes_the_demo_here_and_never_a_home_elsewhere(tmp_path: Path) -> None:
    project, elsewhere = tmp_path / "project", tmp_path / "home"
    for folder in (project / "var", project / "plugins", project / "dags", project / "tests", elsewhere):
        folder.mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", project)
    (project / "var" / "vault.duckdb").touch()
    (elsewhere / "vault.duckdb").touch()
    done = run_make("clean", cwd=project, ANONYMART_HOME=str(elsewhere))
    assert done.returncode == 0, done.stderr
    assert not (project / "var").exists()
    assert (elsewhere / "vault.duckdb").exists()


def test_ci_runs_everything() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().rstrip().endswith("make test-all")

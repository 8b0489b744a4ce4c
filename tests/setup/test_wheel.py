"""The wheel holds everything: built and installed without a network, run by its own command, and our DAGs in
an Airflow of one's own (S-SAFE).
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

OFFLINE = ("--no-index", "--no-deps", "--disable-pip-version-check", "--quiet")


def build(folder: Path) -> Path:
    """As `pip wheel .` does, in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        *OFFLINE,
        "--no-build-isolation",
        "--wheel-dir",
        str(folder),
        str(ROOT),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    [wheel] = folder.glob("*.whl")
    return wheel


class Installed:
    """A fresh environment with the wheel in it, and the packages of this one beside it, without the clone."""

    def __init__(self, root: Path, wheel: Path) -> None:
        self.root, self.bin = root, root / "venv" / "bin"
        venv.create(root / "venv", with_pip=False)
        [site] = (root / "venv" / "lib").glob("python3*/site-packages")
        # A path file of a path file is not read: the clone stays away.
        [ours] = (Path(sys.prefix) / "lib").glob("python3*/site-packages")
        (site / "packages.pth").write_text(f"{ours}\n")
        command = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(self.bin / "python"),
            "install",
            *OFFLINE,
            str(wheel),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-2000:]
        self.package = site / "anonymart"
        self.work = root / "work"
        self.work.mkdir()

    def environment(self, **more: str) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ANONYMART_", "AIRFLOW_", "PYTHONPATH"))
        }
        return {
            **kept,
            "ANONYMART_HOME": str(self.work / "home"),
            "AIRFLOW_HOME": str(self.work / "airflow"),
            "XDG_CACHE_HOME": str(self.work / "cache"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "PYTHONDONTWRITEBYTECODE": "1",
            **more,
        }

    def run(self, *words: str, code: int = 0, **more: str) -> str:
        done = subprocess.run(
            [str(self.bin / words[0]), *words[1:]],
            env=self.environment(**more),
            cwd=self.work,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == code, f"{words}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def sums(self) -> dict[str, str]:
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.package.rglob("*"))
            if path.is_file()
        }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_what_is_read_at_run_time(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder in ("dags", "dbt_project", "expectations"):
        tracked = subprocess.run(
            ["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True
        ).stdout.split()
        assert tracked and {f"anonymart/project/{name}" for name in tracked} <= names
    pages = {path.relative_to(ROOT / "plugins").as_posix() for path in (ROOT / "plugins").rglob("*.html")}
    assert pages and pages <= names
    assert not [
        name for name in names if "__pycache__" in name or "/target/" in name or name.startswith("tests")
    ]
    assert build(tmp_path).read_bytes() == wheel.read_bytes(), "two builds of one commit are the same bytes"


@pytest.mark.long
@pytest.mark.xdist_group("airflow")
def test_a_run_and_the_dags_of_an_installed_wheel(wheel, tmp_path):
    place = Installed(tmp_path, wheel)
    before = place.sums()
    head = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, capture_output=True, text=True
    ).stdout.strip()
    assert place.run("anonymart", "--version") == f"anonymart, version 0.1.0 (commit {head})\n"
    place.run("anonymart", "keys", "init")
    place.run(
        "anonymart",
        "demo",
        "generate",
        "--out",
        "school",
        "--learners",
        "200",
        "--seed",
        "1",
        "--as-of",
        "2026-06-30",
    )
    told = json.loads(
        place.run(
            "anonymart",
            "run",
            "--landing",
            "school/landing",
            "--as-of",
            "2026-06-30",
            "--json",
            "--approve-as",
            "reviewer",
            "--reason",
            "Read in full",
        )
    )
    assert told["release_id"] == "2026-06-30.1"
    assert (place.work / "home" / "releases" / "current" / "marts.duckdb").is_file()

    place.run("python", "-m", "airflow", "db", "migrate")
    dags = place.work / "airflow" / "dags"
    dags.mkdir(exist_ok=True)
    missing = place.run("anonymart", "airflow", "check", code=2)
    assert "missing  DAG file: " in missing and "missing  pool: there is no pool anonymart_writer" in missing
    assert "missing  reviewers: " in missing and "ok       plugin" in missing
    said = place.run(
        "anonymart", "airflow", "install", "--dags-folder", str(dags), ANONYMART_REVIEWERS="12:reviewer"
    )
    assert "missing" not in said and "15 load" in said and "look     auth manager" in said
    place.run("python", "-m", "airflow", "dags", "reserialize")
    listed = json.loads(
        place.run("python", "-m", "airflow", "dags", "list", "--output", "json").splitlines()[-1]
    )
    assert {dag["dag_id"] for dag in listed} == {path.stem for path in (ROOT / "dags").glob("*.py")}
    assert place.sums() == before, "nothing is written into what is installed"
    (dags / "anonymart_dags.py").write_text("# mine\n")
    place.run("anonymart", "airflow", "install", "--dags-folder", str(dags), code=2)

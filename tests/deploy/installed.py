"""The wheel in an environment like a school's: beside Airflow, FAB and Celery, without the clone."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

from tests.conftest import ROOT
from tests.setup.test_wheel import build

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
FOLDER = ROOT / ".venv-deploy"


def installed(wheel_folder: Path) -> Path:
    """The `bin` of the environment, kept in the clone until the lock or requirements.txt change; the wheel in
    it is built anew.
    """
    texts = (REQUIREMENTS.read_bytes(), (ROOT / "requirements.lock").read_bytes(), sys.prefix.encode())
    stamp, wanted = FOLDER / "deploy.stamp", hashlib.sha256(b"\0".join(texts)).hexdigest()
    if not stamp.is_file() or stamp.read_text() != wanted:
        venv.create(FOLDER, clear=True, with_pip=False)
        [site] = (FOLDER / "lib").glob("python3*/site-packages")
        # What the lock holds is not installed twice; a path file of a path file is not read, so the clone
        # stays away.
        [ours] = (Path(sys.prefix) / "lib").glob("python3*/site-packages")
        (site / "packages.pth").write_text(f"{ours}\n")
        _pip("--require-hashes", "-r", str(REQUIREMENTS))
        stamp.write_text(wanted)
    _pip("--no-index", "--force-reinstall", str(build(wheel_folder)))
    return FOLDER / "bin"


def _pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", "--python", str(FOLDER / "bin" / "python"), "install"]
    quiet = ["--no-deps", "--no-input", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [*command, *quiet, *words],
        env={**os.environ, "PIP_USER": "0"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, f"pip could not install what the deployment needs: {done.stderr[-2000:]}"

"""The units, the environment and the Containerfile of docs/deploy/: nothing in them is made up.
test_deploy.py starts Airflow by them.
"""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from anonymart_airflow.install import FAB
from anonymart_airflow.names import QUEUE
from tests.conftest import ROOT
from tests.deploy.files import AIRFLOW, COMPONENTS, FOLDER, environment, started, unit
from tests.deploy.installed import REQUIREMENTS

UNITS = sorted(path.name for path in FOLDER.glob("*.service"))
# Whose settings the core of Airflow does not know: tests/deploy has it in an environment of its own.
CELERY = {"AIRFLOW__CELERY__BROKER_URL", "AIRFLOW__CELERY__RESULT_BACKEND"}


def test_the_units_start_commands_that_airflow_has():
    from airflow.cli.cli_config import core_commands

    known = {command.name for command in core_commands}
    assert set(COMPONENTS) <= known
    assert [started("anonymart-airflow@.service", name) for name in COMPONENTS] == [
        [name] for name in COMPONENTS
    ]
    assert started("anonymart-worker.service")[:4] == ["celery", "worker", "--queues", QUEUE]


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_keeps_what_it_writes_to_itself(name):
    settings = unit(name)
    assert settings["User"] == ["anonymart"] and settings["UMask"] == ["0077"]
    assert settings["EnvironmentFile"] == ["/etc/anonymart/airflow.env"]
    for variable in ("AIRFLOW_HOME", "ANONYMART_HOME", "AIRFLOW__CORE__DAGS_FOLDER"):
        assert environment()[variable].startswith(settings["ReadWritePaths"][0])


@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_the_units(name, tmp_path):
    if shutil.which("systemd-analyze") is None:
        assert {"ExecStart", "User", "WantedBy"} <= set(unit(name))
        return
    text = (FOLDER / name).read_text(encoding="utf-8")
    (tmp_path / name).write_text(text.replace(AIRFLOW, "/bin/true"))
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(tmp_path / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")


def test_airflow_knows_every_variable_and_we_read_ours():
    from airflow.configuration import conf

    read = "\0".join(path.read_text(encoding="utf-8") for path in (ROOT / "plugins").rglob("*.py"))
    for name in environment():
        if name.startswith("AIRFLOW__") and name not in CELERY:
            section, key = name.removeprefix("AIRFLOW__").lower().split("__")
            assert conf.get(section, key, fallback=None) is not None or (section, key) in {
                ("api", "base_url"),
                ("core", "execution_api_server_url"),
            }, name
        elif name.startswith("ANONYMART_"):
            assert name in read, name
    assert environment()["AIRFLOW__CORE__AUTH_MANAGER"] == FAB


def test_no_secret_stands_in_the_environment_that_is_shown():
    for name, value in environment().items():
        is_secret = re.search(r"SECRET|FERNET|CONN$|BROKER|BACKEND|REVIEWERS", name)
        assert ("CHANGE-ME" in value) == bool(is_secret), name


def test_the_containerfile_copies_what_is_there():
    text = (FOLDER / "Containerfile").read_text(encoding="utf-8")
    copied = [word for line in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE) for word in line.split()]
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE).group(1)
    assert f"dist/anonymart-{version}-py3-none-any.whl" in copied
    assert [name for name in copied if not name.startswith("dist/") and not (ROOT / name).is_file()] == []
    assert "--require-hashes" in text and "USER anonymart" in text


def test_the_requirements_of_a_deployment_come_on_top_of_the_lock():
    def pinned(text: str) -> dict[str, str]:
        return dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", text, re.MULTILINE))

    lock = pinned((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    text = REQUIREMENTS.read_text(encoding="utf-8")
    wanted = REQUIREMENTS.with_suffix(".in").read_text(encoding="utf-8")
    assert len(pinned(text)) > 10 and text.count("--hash=sha256:") > len(pinned(text))
    assert set(pinned(text)) & set(lock) == set()
    assert pinned(wanted).items() <= pinned(text).items() and pinned(text)["celery"].startswith("5.5.")
    assert "http" not in text

"""What all tests share: one small demo home for those that look at a whole run, and the rules about skips."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import order, telling, warm

ROOT = Path(__file__).resolve().parents[1]
DEMO_LEARNERS = int(os.environ.get("ANONYMART_TEST_DEMO_LEARNERS", "600"))
IS_TEST_ALL = os.environ.get("ANONYMART_TEST_ALL") == "1"

NEEDS = {
    "needs_root": (lambda: os.geteuid() == 0, "needs root"),
    "needs_postgres": (lambda: any(Path("/usr/lib/postgresql").glob("*/bin/postgres")), "needs PostgreSQL"),
    "needs_celery": (
        lambda: (
            bool(shutil.which("redis-server")) and any(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
        ),
        "needs PostgreSQL and Redis",
    ),
    "needs_chromium": (lambda: shutil.which("chromium") is not None, "needs Chromium"),
    "needs_libreoffice": (lambda: shutil.which("soffice") is not None, "needs LibreOffice"),
}


@dataclass(frozen=True)
class DemoHome:
    """A home in which `make demo` has run: the folder, what the run printed, and the planted truth."""

    root: Path
    output: str

    @property
    def truth(self) -> Path:
        return self.root / "demo" / "school" / "truth"


def pytest_configure(config: pytest.Config) -> None:
    # Importing airflow makes its folder: not in the home of whoever runs the tests.
    if "AIRFLOW_HOME" not in os.environ:
        os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="anonymart-test-airflow-")
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop("AIRFLOW_HOME"), ignore_errors=True))
    if not hasattr(config, "workerinput"):
        config.add_cleanup(warm.start())
    warm.fork_dbt()
    for mark, (_, reason) in NEEDS.items():
        config.addinivalue_line("markers", f"{mark}: {reason}")
    if IS_TEST_ALL and not hasattr(config, "workerinput"):
        config.pluginmanager.register(telling.Telling(config))
    config.addinivalue_line("markers", "xdist_group(name): tests of one group run in one process")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        for mark, (is_there, reason) in NEEDS.items():
            if item.get_closest_marker(mark) and not is_there():
                item.add_marker(pytest.mark.skip(reason=reason))
        if "demo_home" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
        # One process makes what tests share, once, and runs every test that looks at it.
        if name := order.group(item):
            item.add_marker(pytest.mark.xdist_group(name))
    order.longest_first(items)
    if config.getoption("loadgroup", default=False):
        _name_groups(items)


def pytest_collection_finish() -> None:
    """What was collected stays to the end: looked through for garbage once, and no more."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _name_groups(items: list[pytest.Item]) -> None:
    """pytest-xdist 3.8 loses its groups under pytest 9.2 (its issue 1386), and each shared home would be made
    twice.
    """
    for item in items:
        names = sorted({mark.args[0] for mark in item.iter_markers("xdist_group")})
        suffix = f"@{'_'.join(names)}"
        if names and hasattr(item, "_id") and not item.nodeid.endswith(suffix):
            item._id = type(item._id).parse(item.nodeid + suffix)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Under `make test-all` a skip is a failure; tests on real data may skip where that data is not, but not
    in CI.
    """
    outcome = yield
    report = outcome.get_result()
    is_excused = item.get_closest_marker("real") is not None and os.environ.get("CI") != "true"
    if IS_TEST_ALL and report.skipped and not hasattr(report, "wasxfail") and not is_excused:
        report.outcome = "failed"
        report.longrepr = f"skipped under make test-all: {report.longrepr[-1]}"


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> DemoHome:
    """A home of DEMO_LEARNERS learners, made by a real Airflow as `make demo` does. Read it; do not change
    it.
    """
    root = tmp_path_factory.mktemp("demo") / "home"
    done = run_demo(root, DEMO_LEARNERS)
    assert done.returncode == 0, done.stdout[-3000:]
    return DemoHome(root, done.stdout)


def run_demo(root: Path, learners: int) -> subprocess.CompletedProcess[str]:
    """Run what `make demo` runs, on a home of its own."""
    environment = {**os.environ, "ANONYMART_HOME": str(root), "ANONYMART_DEMO_LEARNERS": str(learners)}
    command = [sys.executable, "-m", "anonymart_airflow.demo"]
    return subprocess.run(
        command,
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
    )

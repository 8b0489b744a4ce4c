"""A long run tells what failed while it goes: CI ends one that takes too long, and its name must be known."""

from __future__ import annotations

import pytest

from tests.telling import Telling


class Reporter:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def ensure_newline(self) -> None:
        pass

    def write_line(self, line: str) -> None:
        self.lines.append(line)


class Config:
    def __init__(self, reporter: Reporter) -> None:
        self.pluginmanager = self
        self._reporter = reporter

    def getplugin(self, name: str) -> Reporter | None:
        return self._reporter if name == "terminalreporter" else None


def report(name: str, outcome: str, why: str = "") -> pytest.TestReport:
    return pytest.TestReport(name, ("a.py", 1, name), {}, outcome, why, "call", duration=3.0)


def test_a_failure_is_told_at_once_with_its_end() -> None:
    reporter = Reporter()
    Telling(Config(reporter)).pytest_runtest_logreport(
        report("tests/a.py::test_b", "failed", "x\n" * 100 + "E  wrong")
    )
    assert reporter.lines[0] == "FAILED tests/a.py::test_b (call, 3 s)"
    assert reporter.lines[-1] == "    E  wrong" and len(reporter.lines) < 40


def test_how_far_it_is() -> None:
    reporter = Reporter()
    telling = Telling(Config(reporter), every_seconds=0)
    telling.pytest_runtest_logreport(report("tests/a.py::test_b", "passed"))
    telling.pytest_runtest_logreport(report("tests/a.py::test_c", "passed"))
    assert reporter.lines[-1] == "0 min: 2 passed, 0 failed, the last one tests/a.py::test_c"

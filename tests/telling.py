"""What a long run tells while it goes: each failure at once, with its end, and from time to time how far it
is. A run that is stopped by a time limit has then told what was wrong.
"""

from __future__ import annotations

import time

import pytest

EVERY_SECONDS = 300
_LAST_LINES = 25


class Telling:
    """A plugin of the process that hands out the tests."""

    def __init__(self, config: pytest.Config, every_seconds: float = EVERY_SECONDS) -> None:
        self._config = config
        self._every = every_seconds
        self._begun = self._told = time.monotonic()
        self._passed = self._failed = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed += 1
            self._say(f"FAILED {report.nodeid} ({report.when}, {report.duration:.0f} s)")
            for line in str(report.longrepr).splitlines()[-_LAST_LINES:]:
                self._reporter().write_line(f"    {line}")
        elif report.when == "call":
            self._passed += 1
        if time.monotonic() - self._told >= self._every:
            self._told = time.monotonic()
            self._say(
                f"{(self._told - self._begun) / 60:.0f} min: {self._passed} passed, {self._failed} failed, "
                f"the last one {report.nodeid}"
            )

    def _say(self, line: str) -> None:
        self._reporter().ensure_newline()
        self._reporter().write_line(line)

    def _reporter(self) -> pytest.TerminalReporter:
        return self._config.pluginmanager.getplugin("terminalreporter")

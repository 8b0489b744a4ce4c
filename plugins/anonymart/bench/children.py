"""A command in a process of its own, and what it used."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from anonymart.errors import AnonymartError

# Of the environment that the bench runs in, and would lead another environment astray, or let it compile its
# modules anew each time.
_NOT_OURS = (
    *("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV"),
    *("ANONYMART_CONFIG", "PYTEST_CURRENT_TEST"),
)


@dataclass(frozen=True)
class Used:
    """What a command printed; its seconds by the clock and of processors, with those of its children; the
    largest of their resident sets, in MiB.
    """

    seconds: float
    cpu_seconds: float
    peak_mib: int
    output: str = ""

    def as_dict(self) -> dict[str, float]:
        """The figures alone."""
        return {name: value for name, value in asdict(self).items() if name != "output"}


def run(
    command: Sequence[str], environment: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Used:
    """Run the command to its end; what it says on standard error is shown.

    Raises AnonymartError when it does not end with 0.
    """
    inherited = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as printed:
        begun = time.perf_counter()
        process = subprocess.Popen(command, env={**inherited, **(environment or {})}, cwd=cwd, stdout=printed)
        _, state, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(state)
        printed.seek(0)
        output = printed.read()
    if process.returncode:
        raise AnonymartError(
            f"The bench stopped: `{' '.join(command[1:5])}` ended with code {process.returncode}."
        )
    return Used(round(seconds, 3), round(used.ru_utime + used.ru_stime, 3), used.ru_maxrss // 1024, output)

"""Finding and ending what was started here, also what has lost its parent or renamed itself."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection

import psutil


def of_sessions(sessions: Collection[int]) -> list[psutil.Process]:
    """The live Airflow processes of these sessions.

    A session outlives its first process and process groups within it. Airflow's processes write their title
    over their environment, so no mark there could be read back; the name guards against a number that was
    used again.
    """
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            is_ours = os.getsid(process.pid) in sessions and "airflow" in " ".join(process.cmdline())
            if is_ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def end_sessions(sessions: Collection[int]) -> None:
    """Kill every process of these sessions, until none is left."""
    for _ in range(20):
        found = of_sessions(sessions)
        if not found:
            return
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found, timeout=2)

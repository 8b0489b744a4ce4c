"""What a figure was measured on: machine, versions, commit; and a loop whose processor seconds are the unit
of fixed costs.
"""

from __future__ import annotations

import os
import platform
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

from anonymart.home import PROJECT

_LIBRARIES = ("duckdb", "dbt-core", "dbt-duckdb", "great-expectations", "pyarrow")
_ROUNDS, _TURNS = 400_000, 5


def about(root: Path = PROJECT) -> dict[str, object]:
    """Processor, cores and memory of this machine, versions of what does the work, and the commit of a
    clone (None: not one).
    """
    return {
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
            "system": f"{platform.system()} {platform.machine()}",
        },
        "versions": {"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES},
        "commit": commit_of(root),
    }


def commit_of(root: Path) -> str | None:
    """The commit that is checked out there, with `+` where a tracked file differs from it."""
    head = _git(root, "rev-parse", "HEAD")
    if head is None:
        return None
    return head + ("+" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")


def calibrate() -> float:
    """Processor seconds of a loop of plain Python, the best of five: what start-up is made of, on this
    machine and now.
    """
    return min(_loop() for _ in range(_TURNS))


def _loop() -> float:
    begun = time.process_time()
    words: dict[str, int] = {}
    for number in range(_ROUNDS):
        word = f"{number % 1009}.{number % 7}"
        words[word] = words.get(word, 0) + len(word.split("."))
    assert len(words) == 1009 * 7
    return time.process_time() - begun


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _git(root: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None

"""dbt on another engine, in a process of the engines' own environment (`make engines`)."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from anonymart.errors import UsageError
from anonymart.home import PROJECT

ENGINES = ("sail", "spark")
ENVIRONMENT = PROJECT / ".venv-engines"
_CHILD = Path(__file__).with_name("child.py")
# What each engine needs beside dbt-core, with the versions that were tried.
_MODULES = {"sail": "pysail, dbt.adapters.sail", "spark": "pyspark, dbt.adapters.spark"}


def python(engine: str) -> Path:
    """The Python of the engines' environment. Raises UsageError where it is missing or has not the engine."""
    found = ENVIRONMENT / "bin" / "python"
    if not found.exists():
        raise UsageError(
            f"The environment of the engines {ENVIRONMENT.name} is not there: run `make engines` first."
        )
    tried = subprocess.run(
        [str(found), "-c", f"import {_MODULES[engine]}"],
        capture_output=True,
        timeout=120,
        env=_environment(Path("/")),
    )
    if tried.returncode:
        raise UsageError(
            f"The engine {engine} does not start in {ENVIRONMENT.name}: run `make engines` again."
        )
    return found


def events(engine: str, orders: str, folder: Path) -> Iterator[dict]:
    """Let the engine build, and give what it does as it does it; `end` with the code of its process comes
    last. `orders` is one line of JSON, and everything is written below `folder`.
    """
    child = subprocess.Popen(
        [str(python(engine)), str(_CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=_environment(folder),
        cwd=folder,
    )
    try:
        assert child.stdin and child.stdout
        child.stdin.write(orders + "\n")
        child.stdin.close()
        for line in child.stdout:
            if line.startswith("{"):
                yield json.loads(line)
        yield {"kind": "end", "code": child.wait()}
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of ours: no key, no home, no way to either."""
    kept = {name: os.environ[name] for name in ("PATH", "JAVA_HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "XDG_CACHE_HOME": str(folder),
        "TZ": "UTC",
        "DO_NOT_TRACK": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }

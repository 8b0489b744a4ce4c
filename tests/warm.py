"""A command in a process forked from one that has imported everything: it does the same, and its start costs
a tenth.

Only imports are shared. Each command has a process, an environment, databases and a death of its own, by
SIGKILL too. Commands are started as people type them in tests/docs, tests/setup, tests/airflow and where a
test says why.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.preloaded"])


def anonymart(
    *words: object, env: Mapping[str, str] | None = None, **options: object
) -> subprocess.CompletedProcess[str]:
    """`anonymart` with these words, to its end: as `python` gives it."""
    return python("from anonymart.cli import main\nmain()", *words, env=env, **options)


def python(
    code: str,
    *words: object,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = 600,
) -> subprocess.CompletedProcess[str]:
    """`python -c code` with these words, to its end: exit code (negative for a signal) and what it printed.
    Raises TimeoutExpired.
    """
    command = ["anonymart", *map(str, words)]
    with tempfile.TemporaryDirectory() as folder:
        printed = [Path(folder, name) for name in ("stdout", "stderr")]
        for path in printed:
            path.touch()
        process = _SERVER.Process(
            target=_run,
            args=(code, command, dict(os.environ if env is None else env), cwd or Path.cwd(), *printed),
        )
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(command, timeout)
        return subprocess.CompletedProcess(
            command, process.exitcode, *(path.read_text(encoding="utf-8") for path in printed)
        )


def _run(
    code: str, command: Sequence[str], environment: dict[str, str], cwd: Path, out: Path, err: Path
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    for number, (path, mode) in enumerate(
        ((os.devnull, os.O_RDONLY), (out, os.O_WRONLY), (err, os.O_WRONLY))
    ):
        opened = os.open(path, mode)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = list(command)
    exec(compile(code, "<test>", "exec"), {"__name__": "__main__"})

"""What the process behind tests/warm.py imports, once: with telemetry off, as the commands do. Templates that
a child compiled come back to it, and later children begin with them.
"""

from __future__ import annotations

import gc
import marshal
import os
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2

from anonymart import telemetry
from anonymart.gate import checkpoint

telemetry.switch_off()
checkpoint.prepare()

import dbt.adapters.duckdb  # noqa: E402
import dbt.cli.main  # noqa: E402, F401
import scipy.optimize  # noqa: E402, F401

import anonymart.cli  # noqa: E402
import anonymart.dbt_child  # noqa: E402, F401
from tests import warm  # noqa: E402

_compile = jinja2.Environment.compile
_known: dict[tuple, CodeType] = {}
_new: dict[tuple, CodeType] = {}


def _compile_once(
    self: jinja2.Environment, source: Any, name: Any = None, filename: Any = None, *rest: Any
) -> Any:
    """What jinja2 makes of a template of dbt follows from its text and the class of its environment."""
    if type(source) is not str or any(rest) or not type(self).__module__.startswith("dbt"):
        return _compile(self, source, name, filename, *rest)
    key = (type(self).__name__, source, name, filename, *sorted(self.extensions))
    if key not in _known:
        _known[key] = _new[key] = _compile(self, source, name, filename)
    return _known[key]


def give_back(folder: Path) -> None:
    """Leave what this child compiled for the process that forked it."""
    if _new:
        (folder / f"{os.getpid()}.new").write_bytes(marshal.dumps(_new))
        (folder / f"{os.getpid()}.new").rename(folder / str(os.getpid()))


def take(folder: Path, pid: int) -> None:
    """Take what a child has left."""
    path = folder / str(pid)
    if path.exists():
        _known.update(marshal.loads(path.read_bytes()))
        path.unlink()


jinja2.Environment.compile = _compile_once  # type: ignore[method-assign]
warm.fork_dbt()
gc.collect()
gc.freeze()

"""The process in which dbt runs. It prints one line of JSON for each node, and for each name that is listed,
and keeps values out of every message.

Messages of the database may quote a value of a row. So dbt's own logs are off, and of an error only its kind
is told; compilation errors, which come before any row is read, are told in full.
"""

from __future__ import annotations

import errno
import gc
import hashlib
import json
import os
import re
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

# dbt throws a parsed project away when a variable changes, and a build of each day brings another as_of. No
# model is parsed otherwise
# for another day: the SQL with the day in it is made when a model runs.
_DAY_OF_PARSING = "2000-01-01"
_PARSED = "partial_parse.msgpack"
_PARSED_OF = "partial_parse.project"
_PLACES = ("--project-dir", "--profiles-dir", "--target-path", "--log-path")
_QUIET = ("--quiet", "--log-level", "none", "--log-level-file", "none", "--no-use-colors")

_WANTED = {"NodeStart"}  # of dbt's events below information
_SAFE_KINDS = ("Compilation Error", "Contract Error", "This model has an enforced contract")


def main(arguments: list[str]) -> int:
    """Run dbt with the arguments; 0 when every node passed."""
    os.umask(0o077)
    begun = time.perf_counter()
    # Most objects of dbt stay to the end: looking through all of them for garbage takes a fifth of its time.
    gc.set_threshold(100_000, 50, 50)
    from dbt.cli.main import dbtRunner

    from anonymart import dbt_cursors, dbt_events

    dbt_cursors.keep()
    dbt_events.only(_WANTED)
    parsed = _parse(arguments)
    if parsed.exception is not None:
        _tell(kind="fault", why=safe_message(str(parsed.exception), None))
        return 1
    first: float | None = None

    def on_event(event: Any) -> None:
        nonlocal first
        if event.info.name in _WANTED and first is None:
            first = time.perf_counter()
            _tell(kind="start_up", seconds=round(first - begun, 2))

    result = dbtRunner(manifest=parsed.result, callbacks=[on_event]).invoke([*_QUIET, *arguments])
    # What `ls` lists are names of the project.
    for line in result.result if isinstance(result.result, list) else ():
        _tell(kind="line", text=str(line))
    nodes = list(getattr(result.result, "results", None) or [])
    for node in nodes:
        _tell(
            kind="node",
            name=node.node.name,
            status=str(node.status),
            seconds=round(node.execution_time or 0.0, 3),
            why=safe_message(node.message or "", node.failures),
        )
    if result.exception is not None:
        _tell(kind="fault", why=safe_message(str(result.exception), None))
    _scrub_artifacts(arguments)
    return 0 if result.success else 1


def _parse(arguments: list[str]) -> Any:
    """dbt's result of parsing the project. What a build before parsed is used again, in this home or in a new
    one of the same user.
    """
    from dbt.cli.main import dbtRunner

    given = {name: arguments[arguments.index(name) + 1] for name in (*_PLACES, "--vars")}
    variables = json.dumps({**json.loads(given["--vars"]), "as_of": _DAY_OF_PARSING})
    project, kept = Path(given["--project-dir"]), Path(given["--target-path"]) / _PARSED
    shared = (
        _cache(kept.parent)
        / f"{hashlib.sha256(f'{project} {variables}'.encode()).hexdigest()[:12]}.{_PARSED}"
    )
    _forget_other(kept, project)
    if not kept.exists():
        _copy(shared, kept)
    words = [word for name in _PLACES for word in (name, given[name])]
    result = dbtRunner().invoke([*_QUIET, "--no-write-json", "parse", *words, "--vars", variables])
    if result.exception is None and not _is_newer(shared, project):
        _copy(kept, shared)
    return result


def _forget_other(kept: Path, project: Path) -> None:
    """What was parsed of another project, as of one with other lists, would let dbt read its files."""
    of = kept.with_name(_PARSED_OF)
    if not of.is_file() or of.read_text(encoding="utf-8") != str(project):
        kept.unlink(missing_ok=True)
        of.parent.mkdir(parents=True, exist_ok=True)
        of.write_text(str(project), encoding="utf-8")


def _cache(own: Path) -> Path:
    """A folder of this user alone, or `own` where the user has none: nothing is written beside the project,
    which may be somebody else's, or installed.
    """
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "anonymart"
    except RuntimeError:
        return own


def _is_newer(parsed: Path, project: Path) -> bool:
    newest = max(
        path.stat().st_mtime
        for folder in ("models", "macros", "seeds", "tests")
        for path in (project / folder).rglob("*")
    )
    try:
        return parsed.stat().st_mtime > newest
    except OSError:
        return False


def _copy(source: Path, target: Path) -> None:
    """Put a copy in place at once; a project that cannot be written, or read by this user, is parsed anew for
    each home.
    """
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, beside)
        beside.replace(target)
    except OSError:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def safe_message(message: str, failures: int | None) -> str:
    """The message if it cannot quote a row, else only its kind."""
    first = " ".join(message.split())
    if any(kind in first for kind in _SAFE_KINDS):
        return first[:400]
    if failures:
        return f"{failures} rows fail its test"
    if "No space left" in first:
        return "the disk is full"
    kind = re.search(r"\b(\w+ (?:Error|Exception))\b", first)
    return kind.group(1) if kind else "an error that may quote a row, so it is not shown"


def _scrub_artifacts(arguments: list[str]) -> None:
    """Messages in dbt's run results are replaced by their safe form."""
    path = Path(arguments[arguments.index("--target-path") + 1]) / "run_results.json"
    if not path.exists():
        return
    content = json.loads(path.read_text(encoding="utf-8"))
    for result in content.get("results", []):
        if result.get("status") in ("error", "fail", "warn"):
            result["message"] = safe_message(result.get("message") or "", result.get("failures"))
            result["adapter_response"] = {}
    path.write_text(json.dumps(content), encoding="utf-8")


def _tell(**event: object) -> None:
    print(json.dumps(event), flush=True)


def _guarded(arguments: list[str]) -> int:
    """As main; of an unforeseen fault its kind is told, and of a file that cannot be read or written its
    path.
    """
    try:
        return main(arguments)
    except OSError as error:
        full = "the disk is full" if error.errno == errno.ENOSPC else None
        why = full or error.strerror or type(error).__name__
        _tell(kind="fault", why=f"{error.filename or 'a file'}: {why}")
    except Exception as error:
        _tell(kind="fault", why=f"an unforeseen {type(error).__name__}")
    return 1


if __name__ == "__main__":
    sys.exit(_guarded(json.loads(sys.argv[1])))

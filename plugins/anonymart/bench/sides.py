"""A revision of Anonymart with an environment of its own, driven by its command line alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from anonymart.bench import children
from anonymart.bench.children import Used
from anonymart.errors import UsageError
from anonymart.home import PROJECT

REVISIONS = PROJECT / "bench" / "revisions"


@dataclass(frozen=True)
class Side:
    """A revision: its name in tables, the folder that it is checked out in, and the Python that runs it."""

    name: str
    root: Path
    python: Path

    def run(self, home: Path, *words: str) -> tuple[dict, Used]:
        """What a command says on this home with `--json`, and what it used. Raises AnonymartError."""
        used = children.run(
            [str(self.python), "-m", "anonymart.cli", *words, "--json"],
            {"ANONYMART_HOME": str(home)},
            self.root,
        )
        return json.loads(used.output or "{}"), used

    def make_keys(self, home: Path) -> None:
        """A home with keys of its own."""
        environment = {"ANONYMART_HOME": str(home)}
        children.run([str(self.python), "-m", "anonymart.cli", "keys", "init"], environment, self.root)


def publishing(landing: Path, as_of: date) -> tuple[str, ...]:
    """The words of a run that publishes at once: a first release and a large change wait for the reviewer,
    and here there is nothing to read.
    """
    return (
        *("run", "--landing", str(landing), "--as-of", str(as_of)),
        *("--approve-as", "bench", "--reason", "Generated rows"),
    )


def this() -> Side:
    """What is checked out here, as it stands."""
    return Side("here", PROJECT, Path(sys.executable))


def of_revision(revision: str) -> Side:
    """The revision in a work tree of its own below bench/revisions, made with `make env` there; both are kept
    for the next time.

    Raises UsageError where this is no clone or the revision is not in it.
    """
    commit = _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if commit is None:
        raise UsageError(
            f"There is no revision {revision!r} here: give a commit, tag or branch of this clone (`git log`)."
        )
    root = REVISIONS / commit[:12]
    if not (root / "Makefile").is_file():
        shutil.rmtree(root, ignore_errors=True)
        _git("worktree", "prune")
        if _git("worktree", "add", "--quiet", "--detach", "--force", str(root), commit) is None:
            raise UsageError(f"{revision} could not be checked out in {root}: remove that folder.")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VIRTUAL")}
    if subprocess.run(["make", "--silent", "env"], cwd=root, env=environment, stdout=sys.stderr).returncode:
        raise UsageError(f"`make env` failed in {root}, where {revision} is checked out: its lines say why.")
    return Side(commit[:12], root, root / ".venv" / "bin" / "python")


def _git(*words: str) -> str | None:
    try:
        done = subprocess.run(["git", *words], cwd=PROJECT, capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None

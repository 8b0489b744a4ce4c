"""Which commit of Anonymart this is: of the clone, or the one that the wheel was built from."""

from __future__ import annotations

import subprocess

from anonymart.home import IS_INSTALLED, PROJECT

_DIGITS = 12


def reported() -> str:
    """`commit` and its first digits, `, changed` where the clone differs from it; or that none is known."""
    known = _of_wheel() if IS_INSTALLED else _of_clone()
    return f"commit {known}" if known else "no commit is known"


def _of_wheel() -> str:
    try:
        return (PROJECT / "commit").read_text(encoding="ascii").strip()[:_DIGITS]
    except OSError:
        return ""


def _of_clone() -> str:
    head = _git("rev-parse", f"--short={_DIGITS}", "HEAD")
    return f"{head}, changed" if head and _git("status", "--porcelain", "--untracked-files=no") else head


def _git(*words: str) -> str:
    """What git says of the clone; nothing where there is no git, no clone, or one that git does not trust
    this user with.
    """
    try:
        done = subprocess.run(["git", "-C", str(PROJECT), *words], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""

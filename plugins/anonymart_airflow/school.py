"""The fictional school of a demo home: made once, delivered to landing as often as `make demo` runs."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from anonymart.demo import DEMO_AS_OF, DEMO_LEARNERS, DEMO_SEED
from anonymart.errors import UsageError
from anonymart.home import Home


@dataclass(frozen=True)
class School:
    """What the school is made from; the same three give the same bytes."""

    learners: int = DEMO_LEARNERS
    seed: int = DEMO_SEED
    as_of: str = DEMO_AS_OF.isoformat()

    @classmethod
    def chosen(cls) -> School:
        """The demo's own, with the number of learners of ANONYMART_DEMO_LEARNERS where that is set."""
        text = os.environ.get("ANONYMART_DEMO_LEARNERS") or str(DEMO_LEARNERS)
        if not text.isdecimal():
            raise UsageError(
                "ANONYMART_DEMO_LEARNERS is no whole number: set it to 200 or more, or unset it."
            )
        return cls(learners=int(text))


def check_home(home: Home, school: School) -> None:
    """Raises UsageError when the home holds anything but this very demo: real data must not meet a fictional
    school.
    """
    written = _school_file(home)
    if not written.exists():
        if home.vault.exists() or home.keys_file.exists():
            raise UsageError(
                f"{home.root} holds a home that is no demo: set ANONYMART_HOME to another folder for "
                f"the demo."
            )
        return
    if json.loads(written.read_text(encoding="utf-8")) != asdict(school):
        raise UsageError(
            f"{home.root} holds a demo of another size: remove it (make clean), or set ANONYMART_HOME."
        )


def make(home: Home, school: School) -> None:
    """Write the school below the home unless it is there."""
    from anonymart.demo.generate import generate

    _school_file(home).parent.mkdir(mode=0o700, exist_ok=True)
    _school_file(home).write_text(json.dumps(asdict(school)), encoding="utf-8")
    if is_made(home):
        return
    half = home.root / "demo" / "unfinished"
    shutil.rmtree(half, ignore_errors=True)
    generate(half, school.learners, school.seed, date.fromisoformat(school.as_of))
    half.rename(home.root / "demo" / "school")


def is_made(home: Home) -> bool:
    """Whether the school's files are there and whole."""
    return (home.root / "demo" / "school").is_dir()


def deliver(home: Home) -> int:
    """Copy the school's files into landing, as a sender would, and give their number."""
    source = home.root / "demo" / "school" / "landing"
    files = [path for path in sorted(source.rglob("*")) if path.is_file()]
    for path in files:
        target = home.landing / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        # A plain copy: a link would be known for the very file that was committed before.
        shutil.copyfile(path, part)
        part.rename(target)
    return len(files)


def _school_file(home: Home) -> Path:
    return home.root / "demo" / "school.json"

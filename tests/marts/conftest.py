"""One small school for all marts: its landing files as delivered, and what a build makes of them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from anonymart.rights import rectify
from anonymart.run import build
from anonymart.session import Session
from tests.erasure.small_school import SmallSchool
from tests.marts.school import AS_OF, School
from tests.shared import made_once
from tests.whole.small_school import give_keys


@dataclass(frozen=True)
class Built:
    """A home that was built, and a copy of its landing folder as it was before anything was loaded."""

    root: Path
    landing: Path


def make(place: Path) -> None:
    """Deliver what the school has, and build all marts."""
    home = deliver(place)
    build(Session(home.home, home.keys, home.policy, AS_OF))


def deliver(place: Path) -> SmallSchool:
    """Load two deliveries, and carry out requests between the two. The keys are the same at each run, and so
    is the noise.
    """
    give_keys(place / "home")
    home, told = SmallSchool(place / "home"), School()
    for name in ("first", "requests", "second"):
        for source, rows in told.deliveries[name].items():
            home.deliver(source, f"{name}.ndjson", rows)
        if name in told.logs:
            home.deliver("audience", f"{name}.log", told.logs[name])
        shutil.copytree(home.home.landing, place / "landing", dirs_exist_ok=True)
        home.ingest(AS_OF)
        if name == "requests":
            _carry_out(home, told.requests["rights"])
    return home


def _carry_out(home: SmallSchool, requests: list[dict[str, Any]]) -> None:
    session = Session(home.home, home.keys, home.policy, AS_OF)
    for row in requests:
        if row["kind"] == "rectify":
            rectify.carry_out(session, row["request_id"])
    home.erase(*(row["request_id"] for row in requests if row["kind"] == "erase"), as_of=AS_OF)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The school, built once for all tests and workers. Read it; do not change it."""
    place = made_once(tmp_path_factory, "marts", make)
    return Built(place / "home", place / "landing")

"""A connection that has spilled is in no other one's way: a school that outgrows its memory has several open
at once in the gate, and analysts and pages read while a run writes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from anonymart import engine
from anonymart.erasure.files import remove_spill
from anonymart.home import Home
from anonymart.keys import Keys, init_keys
from anonymart.release.publish import recover
from anonymart.session import Session

SPILLS = "CREATE TABLE wide AS SELECT i, sha256(i::VARCHAR) AS text FROM range(1200000) AS r (i)"
ASKED = "SELECT count(*), max(text) FROM wide"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(engine, "MEMORY_LIMIT", "64MB")
    home = Home(tmp_path / "home").prepare()
    init_keys(home)
    return home


def spilled(home: Home) -> list[Path]:
    return [path for path in home.tmp.rglob("*") if path.is_file()]


def test_a_connection_opens_beside_one_that_has_spilled_and_both_spill(home):
    keys = Keys.load(home)
    with engine.connect(home, keys) as first:
        first.execute(SPILLS)
        assert spilled(home), "the test must make it spill"
        with engine.connect(home, keys) as second:
            second.execute(SPILLS)
            assert second.execute(ASKED).fetchall() == first.execute(ASKED).fetchall()
        assert first.execute(ASKED).fetchone() is not None
    assert not spilled(home)


def test_what_a_killed_run_spilled_is_in_nobodys_way_and_goes_with_the_next_rewrite(home):
    left = home.tmp / f"{engine.SPILL_PREFIX}17-0a1b2c3d" / "duckdb_temp_storage_DEFAULT-0.tmp"
    older = home.tmp / "spill" / left.name
    for path in (left, older):
        path.parent.mkdir()
        path.write_bytes(b"encrypted")
    with engine.connect(home, Keys.load(home)) as connection:
        connection.execute(SPILLS)
        assert left.is_file()
    remove_spill(home)
    assert not list(home.tmp.iterdir())


def test_the_next_run_removes_what_a_killed_process_spilled_and_leaves_what_others_need(home):
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    dead, alive = (home.tmp / f"{engine.SPILL_PREFIX}{pid}-0a1b2c3d" for pid in (process.pid, os.getpid()))
    for folder in (dead, alive):
        folder.mkdir()
    recover(Session(home, Keys.load(home)))
    assert not dead.exists() and alive.is_dir()

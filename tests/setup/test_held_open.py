"""A file of a release that a BI tool holds open for writing: a lock is called a lock."""

from __future__ import annotations

import subprocess
import sys

import pytest

from anonymart import engine
from anonymart.attack import release
from anonymart.contracts import load_contracts
from anonymart.errors import AnonymartError
from anonymart.gate import reading
from tests.ingest.conftest import SmallSchool

HOLD = (
    "import duckdb, sys; connection = duckdb.connect(sys.argv[1]); print('held', flush=True); "
    "sys.stdin.read()"
)


@pytest.mark.parametrize("is_held", [True, False])
def test_a_lock_is_told_as_a_lock_and_another_file_as_none(tmp_path, is_held):
    small_school = SmallSchool(tmp_path / "home")
    path = tmp_path / "marts.duckdb"
    says = "held open for writing by another program" if is_held else "cannot be opened as a DuckDB file"
    if not is_held:
        path.write_text("no database")
    with engine.connect(small_school.home, small_school.keys) as connection:
        holder = (
            subprocess.Popen(
                [sys.executable, "-c", HOLD, str(path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            if is_held
            else None
        )
        try:
            if holder:
                assert holder.stdout.readline() == "held\n"
            with pytest.raises(AnonymartError, match=says):
                reading.open_release(connection, tmp_path)
            with pytest.raises(AnonymartError, match=says):
                release._sources(connection, tmp_path, load_contracts())
        finally:
            if holder:
                holder.communicate("")


def test_a_damaged_file_is_no_lock_in_a_folder_of_blocks(tmp_path):
    small_school = SmallSchool(tmp_path / "blocks")
    small_school.home.vault.write_text("no database")
    with pytest.raises(AnonymartError, match="cannot be opened"):
        engine.connect(small_school.home, small_school.keys, vault="ro")

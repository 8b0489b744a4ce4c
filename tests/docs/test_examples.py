"""The examples run on a release: the notebook cell by cell in a process of its own, of the R script its
SQL.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys

import duckdb
import pytest

from tests.conftest import ROOT

NOTEBOOK, SCRIPT = (ROOT / "examples" / name for name in ("first-hour.ipynb", "first-hour.R"))


def cells(kind: str) -> list[str]:
    content = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == kind]


def test_the_notebook_is_one_of_nbformat_4_without_outputs():
    content = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (content["nbformat"], content["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in content["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in content["cells"]:
        assert set(cell) == {"cell_type", "id", "metadata", "source"} | (
            {"execution_count", "outputs"} if cell["cell_type"] == "code" else set()
        )
        assert not cell.get("outputs") and cell.get("execution_count") is None
        if cell["cell_type"] == "code":
            ast.parse("".join(cell["source"]))


@pytest.mark.long
@pytest.mark.xdist_group("docs")
def test_the_notebook_runs(reader):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(cells("code"))],
        capture_output=True,
        text=True,
        env={**os.environ, "RELEASE": str(reader.release)},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"Release {reader.release.resolve().name}" in done.stdout
    # Titles, not codes; a gap with its reason.
    assert "All paths together" in done.stdout
    assert "course-" not in done.stdout and "path-" not in done.stdout
    assert "too_few" in done.stdout


@pytest.mark.long
@pytest.mark.xdist_group("docs")
def test_the_sql_of_the_script_in_r_runs(reader):
    queries = re.findall(r'dbGetQuery\(marts, "(.+?)"\)', SCRIPT.read_text(encoding="utf-8"), re.DOTALL)
    assert len(queries) == 3
    with duckdb.connect(str(reader.release / "marts.duckdb"), read_only=True) as connection:
        for query in queries:
            assert connection.execute(query).fetchall()

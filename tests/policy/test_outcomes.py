"""Another figure in the register, another outcome: for each entry a few rows that a model, a rule of the
gate, ingest, retention or the handling of requests treats in another way.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.policy.cases import CASES
from tests.policy.changes import REGISTER, Case

AS_OF = "2026-06-30"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory) -> dict[int, tuple[str, str]]:
    """SQL of each case's model, under the register as it is and under the changed one."""
    path = tmp_path_factory.mktemp("compiled") / "cases.json"
    wanted = [
        (case.model, {"as_of": AS_OF, "policy": law}) for case in CASES for law in (REGISTER, case.register)
    ]
    path.write_text(json.dumps(wanted), encoding="utf-8")
    script = Path(__file__).with_name("compile_models.py")
    done = subprocess.run(
        [sys.executable, str(script), str(path)], capture_output=True, text=True, cwd=path.parent
    )
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
    found = json.loads(path.read_text(encoding="utf-8"))
    return {n: (found[2 * n], found[2 * n + 1]) for n in range(len(CASES))}


def outcomes(queries: tuple[str, str], case: Case) -> tuple:
    """What the case asks of its model, before and after the change, on tables of memory."""
    with duckdb.connect() as connection:
        connection.execute("ATTACH ':memory:' AS vault; ATTACH ':memory:' AS warehouse")
        connection.execute(
            "CREATE TEMP TABLE anonymart_keys AS SELECT repeat('a', 64) AS pseudonym_key, repeat('b', "
            "64) AS record_key"
        )
        for schema in ("staging", "intermediate", "seeds"):
            connection.execute(f"CREATE SCHEMA warehouse.{schema}")
        for name, query in case.given.items():
            schema = {"stg": "staging", "int": "intermediate"}.get(name[:3], "seeds")
            connection.execute(f"CREATE TABLE warehouse.{schema}.{name} AS {query}")
        return tuple(
            connection.execute(f"WITH outcome AS ({sql}) {case.ask}").fetchone()[0] for sql in queries
        )


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{case.entry}-{case.model}" for case in CASES])
def test_a_model_gives_another_outcome(compiled, number):
    case = CASES[number]
    assert outcomes(compiled[number], case) == (case.before, case.after)

"""Lint the SQL of the models: `python tests/dbt/lint_sql.py [sqlfluff's arguments and paths]`.

The models do not compile without a policy, and no figure of it may be repeated in a linter's configuration:
so the register is handed over in a file that lives as long as the run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[2]


def lint(arguments: list[str]) -> int:
    """Run `sqlfluff lint` on the arguments, or on all models; returns its exit code."""
    policy = yaml.safe_load((PROJECT / "expectations" / "policy.yml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        extra = Path(folder) / "policy.cfg"
        extra.write_text(
            f"[sqlfluff:templater:dbt:context]\nas_of = 2026-06-30\npolicy = {json.dumps(policy)}\n",
            encoding="utf-8",
        )
        command = [sys.executable, "-m", "sqlfluff", "lint", "--disable-progress-bar", "--config", str(extra)]
        return subprocess.run(
            [*command, *(arguments or ["dbt_project/models"])], cwd=PROJECT, check=False
        ).returncode


if __name__ == "__main__":
    sys.exit(lint(sys.argv[1:]))

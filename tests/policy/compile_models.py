"""Compiles models under many registers in one process: dbt parses once, which is what takes its time.

Run as `python compile_models.py cases.json`: a list of [model, vars] in the file becomes a list of SQL.
"""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any

from dbt.adapters.factory import get_adapter, register_adapter
from dbt.cli.main import dbtRunner
from dbt.compilation import Compiler
from dbt.config.runtime import RuntimeConfig
from dbt.context.providers import generate_runtime_macro_context
from dbt.flags import get_flags
from dbt.mp_context import get_mp_context

DBT = Path(__file__).parents[2] / "dbt_project"


def compile_each(cases: list[tuple[str, dict[str, Any]]], folder: Path) -> list[str]:
    """The SQL of each case: a model's name, and the vars that it is compiled with, on empty files of
    memory.
    """
    words = ["parse", "-q", "--target", "lint", "--project-dir", str(DBT), "--profiles-dir", str(DBT)]
    words += [
        "--target-path",
        str(folder / "target"),
        "--log-path",
        str(folder / "logs"),
        "--vars",
        json.dumps(cases[0][1]),
    ]
    manifest = dbtRunner().invoke(words).result
    config = RuntimeConfig.from_args(get_flags())
    register_adapter(config, get_mp_context())
    adapter = get_adapter(config)
    adapter.set_macro_resolver(manifest)
    adapter.set_macro_context_generator(generate_runtime_macro_context)
    compiler, found = Compiler(config), []
    for model, values in cases:
        config.cli_vars = values
        node = copy.copy(manifest.nodes[f"model.anonymart.{model}"])
        with adapter.connection_named(model):
            found.append(compiler.compile_node(node, manifest, write=False).compiled_code)
    return found


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(
        json.dumps(compile_each(json.loads(path.read_text(encoding="utf-8")), path.parent)), encoding="utf-8"
    )

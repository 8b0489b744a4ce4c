"""No function takes eight parameters or more: what belongs together is one value with a name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST = 7


def functions() -> Iterator[tuple[str, int]]:
    """Every function of the code with its number of parameters, self and cls left out, and commands: these
    take one for each option.
    """
    for path in (path for folder in ("plugins", "dags") for path in sorted((ROOT / folder).rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or any(
                "click." in ast.unparse(one) for one in node.decorator_list
            ):
                continue
            given = node.args
            names = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
            yield (
                f"{path.relative_to(ROOT)}: {node.name}",
                len([name for name in names if name not in ("self", "cls")]),
            )


def test_no_function_takes_eight_parameters() -> None:
    found = list(functions())
    assert len(found) > 1000
    assert [(name, count) for name, count in found if count > MOST] == []

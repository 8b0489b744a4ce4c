"""No module of ours imports, by way of others, a module that imports it: neither at its top nor inside a
function.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"


def modules() -> dict[str, Path]:
    """Every module under plugins/ by its dotted name."""
    found = {}
    for path in PLUGINS.rglob("*.py"):
        parts = path.relative_to(PLUGINS).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def at_top(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run when a module is imported: what stands in functions and under TYPE_CHECKING is left
    out.
    """
    for child in ast.iter_child_nodes(node):
        is_for_types = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and not is_for_types:
            yield child
            yield from at_top(child)


def imported_by(path: Path, names: Mapping[str, Path], everywhere: bool) -> set[str]:
    """The modules of ours that a file imports: at its top only, or `everywhere` in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree) if everywhere else at_top(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            # `from package import module` needs the module; `from module import name` the module that it
            # names.
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {module if module in names else node.module for module in inner}
    return found & set(names)


def circle(everywhere: bool) -> list[str]:
    """One circle of imports, each module importing the one before it; empty when there is none."""
    names = modules()
    assert len(names) > 300
    graph = {name: imported_by(path, names, everywhere) - {name} for name, path in names.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


@pytest.mark.parametrize("everywhere", [False, True], ids=["at the top of modules", "inside functions too"])
def test_no_module_imports_itself_by_way_of_others(everywhere: bool) -> None:
    assert circle(everywhere) == []

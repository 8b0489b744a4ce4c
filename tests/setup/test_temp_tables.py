"""A TEMP table is made and used in one module, or it is declared once, with its columns and the module that
makes it.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import duckdb
import pytest

from anonymart import temp_tables
from anonymart.temp_tables import TempTable

LIBRARY = Path(__file__).resolve().parents[2] / "plugins" / "anonymart"
DECLARED = {name: each for name, each in vars(temp_tables).items() if isinstance(each, TempTable)}
MADE = re.compile(r"TEMP(?:ORARY)? TABLE (?:IF NOT EXISTS )?(\w+)")
USED = re.compile(r"\b(?:FROM|JOIN|INTO|USING|EXISTS|UPDATE|DESCRIBE|TABLE)\s+(\w+)\b(?!\s*[.(])")
# A name of a query's own hides the table of that name.
WITHIN = re.compile(r"(?:\bWITH(?:\s+RECURSIVE)?|,)\s+(\w+)\s*(?:\([^)]*\)\s*)?AS\s+(?:MATERIALIZED\s+)?\(")
NOT_TEMP = {
    ("notify.tell", "said"): "a table in a database of its own",
    ("gate.rules_nested", "persons"): "a name within a query that is put together of parts",
}


def modules() -> dict[str, str]:
    """The text of each module by its name within the library."""
    return {
        ".".join(path.relative_to(LIBRARY).with_suffix("").parts): path.read_text(encoding="utf-8")
        for path in LIBRARY.rglob("*.py")
    }


def texts(tree: ast.Module) -> Iterator[str]:
    """The strings of a module but its docstrings; what an f-string puts in is a word of no table."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if id(node) in docstrings | parts:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else " _ " for part in node.values
            )


class Module:
    """What a module makes and uses of TEMP tables, by name."""

    def __init__(self, text: str) -> None:
        tree = ast.parse(text)
        found = list(texts(tree))
        self.typed = {name for each in found for name in MADE.findall(each)}
        self.declared = {
            DECLARED[node.value.id].name
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and node.attr in ("empty", "made_of")
            and isinstance(node.value, ast.Name)
            and node.value.id in DECLARED
        }
        within = {name for each in found for name in WITHIN.findall(each)}
        self.used = {name for each in found for name in USED.findall(each)} - within
        self.reads = {
            DECLARED[element.id].name
            for node in tree.body
            if isinstance(node, ast.Assign)
            and [getattr(target, "id", None) for target in node.targets] == ["READS"]
            and isinstance(node.value, ast.Tuple)
            for element in node.value.elts
            if isinstance(element, ast.Name)
        }


@cache
def read(text: str) -> Module:
    """The module of a text, read once for all tests."""
    return Module(text)


def faults(sources: dict[str, str]) -> list[str]:
    """What is wrong, one sentence each."""
    found = {name: read(text) for name, text in sources.items()}
    makers: dict[str, set[str]] = defaultdict(set)
    for module, told in found.items():
        for table in told.typed | told.declared:
            makers[table].add(module)
    declared = {each.name: each for each in DECLARED.values()}
    wrong = [
        f"{table}: made in {', '.join(sorted(makers[table]))}, declared as of {each.owner}"
        for table, each in declared.items()
        if makers[table] != {each.owner}
    ]
    for module, told in found.items():
        wrong += [f"{module}: {name} is made without its declaration" for name in told.typed & set(declared)]
        others = {
            name
            for name in told.used & set(makers)
            if module not in makers[name] and (module, name) not in NOT_TEMP
        }
        wrong += [
            f"{module}: {name} is another module's and stands in no READS" for name in others - told.reads
        ]
        wrong += [f"{module}: {name} stands in READS and is not read" for name in told.reads - others]
    return sorted(wrong)


def test_a_temp_table_has_one_module_or_a_declaration():
    assert faults(modules()) == []


MAKES_IT = 'SQL = "CREATE TEMP TABLE line_things AS"'
MAKES_ANOTHER_S = 'SQL = "CREATE OR REPLACE TEMP TABLE to_erase (a INT)"'


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"new": 'SQL = "SELECT * FROM to_erase"'}, "new: to_erase is another module's"),
        ({"new": 'SQL = "INSERT INTO line_things"', "old": MAKES_IT}, "new: line_things is another module's"),
        ({"new": MAKES_ANOTHER_S}, "to_erase: made in erasure.people, new"),
        ({"new": "READS = (TO_ERASE,)"}, "new: to_erase stands in READS and is not read"),
    ],
)
def test_it_is_told_when_one_does_not(changed, says):
    assert any(fault.startswith(says) for fault in faults(modules() | changed))


def test_a_declaration_makes_what_it_says():
    with duckdb.connect() as connection:
        for each in DECLARED.values():
            names = [column.split()[0] for column in each.columns]
            kinds = [column.split(" ", 1)[1] for column in each.columns]
            connection.execute(each.empty)
            of_empty = connection.execute(f"DESCRIBE {each.name}").fetchall()
            nulls = ", ".join(f"NULL::{kind} AS {name}" for name, kind in zip(names, kinds, strict=True))
            connection.execute(each.made_of(f"SELECT {nulls}, 1 AS another"))
            of_query = connection.execute(f"DESCRIBE {each.name}").fetchall()
            assert [f"{name} {kind}" for name, kind, *_ in of_empty] == list(each.columns)
            assert [name for name, *_ in of_query] == [*names, *(["another"] if each.is_open else [])]
        with pytest.raises(duckdb.BinderException):
            connection.execute(temp_tables.RESTRICTED.made_of("SELECT 1 AS another"))

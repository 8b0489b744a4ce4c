"""pyproject.toml declares what the code imports, and requirements.lock holds what pyproject.toml declares."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OURS = {"anonymart", "anonymart_airflow", "bootstrap", "tests"}
# Airflow is installed under this name; it pins the versions of the packages that its modules come from.
PARTS_OF_AIRFLOW = ("apache-airflow-core", "apache-airflow-task-sdk", "apache-airflow-providers-standard")
# Made once in an environment of its own (its README says how), and run by no test.
NOT_RUN = {
    ROOT / "tests" / "disclosure" / "vectors" / "make_vectors.py",
    # Runs in the engines' environment, with what the extras `sail` and `spark` name.
    ROOT / "plugins" / "anonymart" / "engines" / "child.py",
}
# What a user may install besides.
USERS_EXTRAS = ("fab",)
# Its lists of names are loaded by a module name that is made at run time.
NEVER_IMPORTED = {"faker"}


def requirements(*extras: str) -> dict[str, Requirement]:
    """What pyproject.toml declares for a user, and for these extras, by canonical name."""
    lines = PROJECT["dependencies"] + [
        line for extra in extras for line in PROJECT["optional-dependencies"][extra]
    ]
    return {canonicalize_name(Requirement(line).name): Requirement(line) for line in lines}


@cache
def owners() -> dict[str, set[str]]:
    """The distributions that each module comes from: packages and modules, by dotted name."""
    found: dict[str, set[str]] = {}
    for distribution in distributions():
        name = canonicalize_name(distribution.metadata["Name"])
        for file in distribution.files or ():
            if file.suffix in (".py", ".so", ".pyd"):
                parts = [*file.parts[:-1], file.name.split(".")[0]]
                module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
                found.setdefault(module, set()).add(name)
    return found


def imports_of(path: Path) -> set[str]:
    """The modules that a file imports anywhere, also inside functions; `from a import b` gives `a`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "importorskip":
            found.add(node.args[0].value)
    return found


def owners_of(module: str) -> set[str]:
    """The distributions that a module comes from; a name that only a stub or a namespace has falls back on
    its parent.
    """
    while module and module not in owners():
        module = module.rpartition(".")[0]
    return {"apache-airflow" if name in PARTS_OF_AIRFLOW else name for name in owners().get(module, ())}


def undeclared(folders: tuple[str, ...], declared: set[str], local: set[str]) -> dict[str, str]:
    """Each foreign module that these folders import from no declared distribution, with one file that
    does.
    """
    found = {}
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for module in () if path in NOT_RUN else imports_of(path):
            top = module.split(".")[0]
            if top in sys.stdlib_module_names or top in OURS or top in local:
                continue
            if not owners_of(module) & declared:
                found[module] = str(path.relative_to(ROOT))
    return found


def test_what_the_code_imports_is_declared() -> None:
    assert undeclared(("plugins", "dags"), set(requirements(*USERS_EXTRAS)), set()) == {}


def test_an_extra_is_imported_only_where_its_feature_is() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "plugins").rglob("*.py")
        for module in imports_of(path)
        if owners_of(module) & (set(requirements("fab")) - set(requirements()))
    }
    assert found == {"plugins/anonymart_airflow/roles.py"}


def test_what_the_tests_import_is_declared() -> None:
    # Tests import the helper modules beside them by their bare names.
    beside = {path.stem for path in (ROOT / "tests").rglob("*.py")}
    assert undeclared(("tests",), set(requirements("dev", "fab")), beside) == {}


def test_what_is_declared_for_users_is_used() -> None:
    used = set()
    for folder in ("plugins", "dags"):
        for path in (ROOT / folder).rglob("*.py"):
            used |= {owner for module in imports_of(path) for owner in owners_of(module)}
    assert set(requirements()) - used == NEVER_IMPORTED


ENGINES = {"sail", "spark"}


def lock_entries() -> dict[str, tuple[set[str], bool]]:
    """Per package of the lock: its versions (some differ by Python) and whether it says that pyproject.toml
    wants it.
    """
    found: dict[str, tuple[set[str], bool]] = {}
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text):
        name, version = re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", entry).groups()
        versions, direct = found.get(canonicalize_name(name), (set(), False))
        found[canonicalize_name(name)] = (
            versions | {version},
            direct or "anonymart (pyproject.toml)" in entry,
        )
    return found


def test_the_lock_agrees_with_pyproject() -> None:
    # The engines' extras stand in a lock of their own, requirements-engines.lock.
    extras = set(PROJECT["optional-dependencies"]) - ENGINES
    lock, declared = lock_entries(), requirements(*extras)
    assert {name for name, (_, direct) in lock.items() if direct} == set(declared)
    wrong = [
        f"{requirement} but {version}"
        for name, requirement in declared.items()
        for version in lock[name][0]
        if version not in requirement.specifier
    ]
    assert wrong == []


@pytest.mark.parametrize("name", sorted(requirements("dev", "fab")))
def test_the_environment_is_the_locks(name: str) -> None:
    installed = {canonicalize_name(item.metadata["Name"]): item.version for item in distributions()}
    assert installed[name] in lock_entries()[name][0]

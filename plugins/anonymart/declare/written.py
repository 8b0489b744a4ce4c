"""Every file that follows from the YAML of the marts: what it must hold, and whether it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from anonymart import shared_persons
from anonymart.contracts import load_contracts
from anonymart.declare import cells, models
from anonymart.declare.suites import RULES_FILE, load_words, suite
from anonymart.dictionary import WRITER, dictionary
from anonymart.errors import UsageError
from anonymart.gate.suites import DIRECT_IDENTIFIERS, RELEASE_METADATA
from anonymart.policy import Policy
from anonymart.written_pages import rewritten

_MODELS = Path("dbt_project") / "models"
_MARTS, _CELLS = _MODELS / "marts", _MODELS / "intermediate" / "cells"
_SUITES, _PAGE = Path("expectations") / "suites", Path("docs") / "analyst.md"
_SQL_MARK = f"{{# Written by `{WRITER}` from the YAML of the marts: do not edit. #}}\n"
_YAML_MARK = f"# Written by `{WRITER}` from the YAML of the marts: do not edit.\n"
_SUITE_MARK = (
    f"# Written by `{WRITER}` from the YAML of the mart and the words of {RULES_FILE}: change those.\n"
    "# The gate refuses a release while a line that the mart needs is missing here.\n"
)


@dataclass(frozen=True)
class Declared:
    """Files that must change (a path below the project with its new text), and those of marts that are no
    more.
    """

    stale: Mapping[Path, str]
    left_over: tuple[Path, ...]


def files(root: Path, policy: Policy) -> dict[Path, str]:
    """The text of every file that is written, by its path below the project. Raises UsageError for a contract
    or a page that cannot be read, and for marts that share persons and do not say so.
    """
    contracts = load_contracts(root / _MARTS)
    shared_persons.check(contracts, root / "dbt_project")
    words = load_words(root / RULES_FILE)
    found = {
        _MODELS / "evidence" / "cell_evidence.sql": _SQL_MARK + models.evidence(contracts.values()),
        _MODELS / "exposures.yml": _YAML_MARK + models.exposures(contracts.values()),
        _PAGE: rewritten(_text(root / _PAGE), "dictionary", dictionary(contracts, policy), WRITER),
    }
    for name, contract in contracts.items():
        found[_MARTS / f"{name}.sql"] = _SQL_MARK + models.mart(contract)
        found[_CELLS / f"int_cells__{name}.sql"] = _SQL_MARK + models.cells(contract)
        found[_CELLS / f"int_cells__{name}.yml"] = _YAML_MARK + cells.page(contract)
        found[_SUITES / f"{name}.yml"] = _SUITE_MARK + suite(name, contracts, words)
    return found


def compare(root: Path, policy: Policy) -> Declared:
    """What is not as the YAML of the marts asks."""
    wanted = files(root, policy)
    stale = {path: text for path, text in wanted.items() if _text(root / path) != text}
    by_hand = {_SUITES / f"{name}.yml" for name in (DIRECT_IDENTIFIERS, RELEASE_METADATA)}
    known = {*wanted, *by_hand}
    found = [
        *(root / _MARTS).glob("*.sql"),
        *(root / _CELLS).glob("int_cells__*"),
        *(root / _SUITES).glob("*.yml"),
    ]
    left_over = sorted(path.relative_to(root) for path in found if path.relative_to(root) not in known)
    return Declared(stale, tuple(left_over))


def write(root: Path, declared: Declared) -> None:
    """Write the stale files; what is left over is for a person to remove."""
    for path, text in declared.stale.items():
        (root / path).write_text(text, encoding="utf-8")


def need_clone(root: Path) -> None:
    """Raise UsageError where the project is no clone: an installed package is not edited."""
    if not (root / _PAGE).is_file():
        raise UsageError(
            "Marts are declared in a clone of the project, not in an installed package: run it there."
        )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""

"""The suite of a mart: the rules that its contract needs, in the reviewer's words (`expectations/rules.yml`),
by group.

What a contract needs is code (`gate/suites.py`), so that the gate refuses a suite in which a line is missing,
whoever wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import yaml

from anonymart.contracts import MartContract, parsed
from anonymart.errors import UsageError
from anonymart.gate.suites import needed
from anonymart.shapes import shaped

RULES_FILE = Path("expectations") / "rules.yml"

Words = Mapping[str, Mapping[str, Mapping[str, Any]]]  # group, rule, policy and says
_Text = Annotated[str, msgspec.Meta(min_length=1)]


class _Worded(msgspec.Struct, forbid_unknown_fields=True):
    """The words of one rule."""

    policy: _Text
    says: _Text


def load_words(path: Path) -> Words:
    """The words of every rule, by group in the order of the file. Raises UsageError for a file that is not of
    its form, or words a rule twice.
    """
    try:
        groups: Words = parsed(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        raise UsageError(f"{path.name} cannot be read as YAML: mend the file.") from None
    shaped(groups, dict[str, dict[str, Any]], path.name)
    rules = [(name, words) for group in groups.values() for name, words in group.items()]
    for name, words in rules:
        shaped(words, _Worded, path.name, name)
    if len(dict(rules)) < len(rules):
        raise UsageError(f"{path.name} words a rule twice: give each rule its words once.")
    return groups


def suite(name: str, contracts: Mapping[str, MartContract], words: Words) -> str:
    """The YAML of the suite of a mart, without the line that says who wrote it. Raises UsageError for a rule
    that nobody has worded.
    """
    asked: dict[str, list[str]] = {}
    for forbids, column, _, _ in needed(name, contracts):
        asked.setdefault(forbids, []).append(column)
    lines = [
        f"suite: {name}",
        f"about: What the mart {name} may not hold, on the files that would be published.",
        "expectations:",
    ]
    for group, rules in words.items():
        here = [forbids for forbids in rules if forbids in asked]
        if here:
            lines.append(f"  # {group}")
        for forbids in here:
            lines += _entry(forbids, asked.pop(forbids), rules[forbids])
    if asked:
        raise UsageError(
            f"{RULES_FILE} does not say what {min(asked)} forbids: give it a policy id and a sentence."
        )
    return "\n".join(lines) + "\n"


def _entry(forbids: str, columns: list[str], words: Mapping[str, Any]) -> list[str]:
    return [
        f"  - forbids: {forbids}",
        *([] if columns == ["*"] else [f"    columns: [{', '.join(columns)}]"]),
        f"    policy: {words['policy']}",
        f"    says: {_scalar(words['says'])}",
    ]


def _scalar(text: str) -> str:
    """A sentence as YAML, quoted where a colon or a hash would end it."""
    return json.dumps(text, ensure_ascii=False) if ": " in text or " #" in text else text

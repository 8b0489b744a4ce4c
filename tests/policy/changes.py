"""The register with one entry changed, and what belongs to it to stay whole."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import yaml

from anonymart.policy import POLICY_FILE, Policy

REGISTER: dict[str, Any] = yaml.safe_load(POLICY_FILE.read_text(encoding="utf-8"))


def leaves(value: Any, path: tuple = ()) -> list[tuple]:
    """The path of every entry of a register; places of a list count from 0."""
    if isinstance(value, dict):
        return [leaf for name, inner in value.items() for leaf in leaves(inner, (*path, name))]
    if isinstance(value, list):
        return [leaf for number, inner in enumerate(value) for leaf in leaves(inner, (*path, number))]
    return [path]


ENTRIES = {".".join(map(str, path)): path for path in leaves(REGISTER)}


def changed(**entries: Any) -> dict[str, Any]:
    """The register with these entries, named by their paths, set to other values."""
    register = copy.deepcopy(REGISTER)
    for name, value in entries.items():
        inner = register
        for step in ENTRIES[name][:-1]:
            inner = inner[step]
        inner[ENTRIES[name][-1]] = value
    return register


def policy(name: str, value: Any) -> Policy:
    """The register with one entry changed, as the program reads it."""
    return Policy(changed(**{name: value}))


@dataclass(frozen=True)
class Case:
    """An entry, another value for it, the model that it rules, what the model reads, and what is seen of it
    before and after.

    `given` is SQL by table; `ask` is a query on the CTE `outcome`. `also` are entries that must move along.
    """

    entry: str
    value: Any
    model: str
    given: dict[str, str]
    ask: str
    before: Any
    after: Any
    also: tuple[tuple[str, Any], ...] = ()

    @property
    def register(self) -> dict[str, Any]:
        return changed(**{self.entry: self.value}, **dict(self.also))

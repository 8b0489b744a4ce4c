"""Which other releases somebody has to hold against one: all that stand beside it, or the few of them that
tell all that the others do.

A release carries every cell of those before it that were not recalled. So the last one before it tells what
all of them tell, but for what was recalled, and for the policy by which an older cell was published (S-ANON).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from anonymart.attack.release import Release, order_of
from anonymart.policy import Policy
from anonymart.release.folder import MANIFEST, WITHDRAWN


def beside(folder: Path) -> list[Path]:
    """The other releases in the folder that a release stands in, by name; candidates, links and what was
    refused are none.
    """
    siblings = sorted(folder.resolve().parent.iterdir())
    return [
        path
        for path in siblings
        if path != folder.resolve()
        and not path.name.startswith(".")
        and not path.is_symlink()
        and (path / MANIFEST).is_file()
    ]


def before(folders: Iterable[Path], policy: Policy) -> dict[Path, list[Path]]:
    """For each of the releases those of them that stand before it and tell what no later one before it does,
    oldest first: the last one, the recalled ones, and the last one under each other policy.

    Those that came later were held against it when they came.
    """
    found: dict[Path, list[Path]] = {}
    recalled: list[Path] = []
    # The last release of each row of releases that were published by one policy.
    ends: list[Path] = []
    last: dict[str, Any] | None = None
    for folder in sorted(folders, key=_order):
        found[folder] = sorted([*recalled, *ends], key=_order)
        if (folder / WITHDRAWN).is_file():
            recalled.append(folder)
            continue
        law = Release(folder, {}).policy(policy).raw
        if law == last:
            ends.pop()
        ends.append(folder)
        last = law
    return found


def _order(folder: Path) -> tuple[str, int]:
    return order_of(folder.name)

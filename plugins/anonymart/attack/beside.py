"""Which other releases somebody has to hold against one: all that stand beside it, or the few of them that
tell all that the others do.

A release carries every cell of those before it that were not recalled. So the last one before it tells what
all of them tell, but for what was recalled, and for the policy by which an older cell was published (S-ANON).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

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


def before(folder: Path, others: Iterable[Path], policy: Policy) -> list[Path]:
    """Of the other releases those that stand before this one and tell what no later one before it does,
    oldest first: the last one, the recalled ones, and the last one under each other policy.

    Those that came later were held against it when they came.
    """
    earlier = sorted(
        (other for other in others if order_of(other.name) < order_of(folder.name)),
        key=lambda other: order_of(other.name),
    )
    recalled = {other for other in earlier if (other / WITHDRAWN).is_file()}
    standing = [other for other in earlier if other not in recalled]
    return [other for other in earlier if other in recalled or other in _ends(standing, policy)]


def _ends(standing: list[Path], policy: Policy) -> set[Path]:
    """The last release of each row of releases that were published by one policy."""
    laws = [Release(folder, {}).policy(policy).raw for folder in standing]
    return {
        folder
        for number, folder in enumerate(standing)
        if number + 1 == len(standing) or laws[number] != laws[number + 1]
    }

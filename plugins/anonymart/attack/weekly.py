"""The weekly attack run: what is new in a release against all that was carried, and the three criteria of
WP29 on generated people (S-ANON).
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anonymart.attack import wp29
from anonymart.attack.beside import before, beside
from anonymart.attack.halves import LEARNERS, SEED, make_halves
from anonymart.attack.remembered import Remembered
from anonymart.attack.report import AttackReport
from anonymart.attack.rules import PublishedRules
from anonymart.attack.run import attack
from anonymart.attack.truth import truth_of
from anonymart.contracts import load_contracts
from anonymart.errors import AnonymartError, AttackSucceeded
from anonymart.home import Home
from anonymart.lock import reading
from anonymart.policy import Policy
from anonymart.progress import Progress

_PREFIX = "attack-run-"
# A whole build may have to end first.
_PATIENCE_SECONDS = 3600.0


@dataclass
class Attacked:
    """What was attacked now, and the names of the releases that were attacked before and did not change."""

    reports: list[AttackReport] = field(default_factory=list)
    remembered: list[str] = field(default_factory=list)


def attack_releases(home: Home, policy: Policy, progress: Progress | None = None) -> Attacked:
    """Attack what is new in the current release, and in each that was never attacked as it is now, oldest
    first; each with those before it at hand. Empty where nothing was published yet.

    The truth is read at once, while nobody writes (it waits for that); the attacks then leave the zones
    alone. Raises AnonymartError when a folder, the vault or the warehouse cannot be read.
    """
    contracts, progress = load_contracts(), progress or Progress(quiet=True)
    found = Attacked()
    with reading(home, _PATIENCE_SECONDS):
        if not home.current.exists():
            return found
        current = home.current.resolve()
        truth, why = truth_of(home, current, contracts)
    memory = Remembered(home, policy)
    for folder, others in before([current, *beside(current)], policy).items():
        attacked = memory.hash_of(folder, others)
        if folder != current and memory.knows(folder, attacked):
            found.remembered.append(folder.name)
            continue
        progress.say(f"Attacking {folder.name}, {why}.")
        report = attack(folder, others, policy, truth, contracts, progress, only_new=True)
        found.reports.append(report)
        if report.passed:
            memory.keep(folder, attacked)
    return found


def attack_generated(
    home: Home, policy: Policy, learners: int = LEARNERS, seed: int = SEED, progress: Progress | None = None
) -> dict[str, Any]:
    """Singling out, linking and inference on a release of generated members, and on their naive release as
    the control.

    Gives per criterion the tries and successes on members and outsiders, the p-value and whether it stands
    after Holm, and the same of the control. Needs two to three minutes and some hundred megabytes in the
    home's tmp, which it leaves empty.
    """
    _sweep(home)
    place = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=home.tmp))
    try:
        halves = make_halves(place, policy, load_contracts(), learners, seed, progress)
        rules = PublishedRules.of(policy)
        real = wp29.attack(halves, halves.release, rules)
        control = wp29.attack(halves, wp29.naive_release(halves), rules.naive())
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return {"criteria": [_reported(*pair) for pair in zip(real, control, strict=True)]}


def judge(reports: list[AttackReport], generated: dict[str, Any] | None = None) -> None:
    """Raise AttackSucceeded when anything was recovered, AnonymartError when an attack failed its own
    control; else nothing.
    """
    criteria = (generated or {}).get("criteria", [])
    found = [report.sentence() for report in reports if report.recovered]
    found += [
        f"{each['attack']} tells members from people who are not in the data."
        for each in criteria
        if each["is_significant"]
    ]
    if found:
        raise AttackSucceeded(" ".join(found))
    broken = [report.sentence() for report in reports if report.broken]
    broken += [
        f"{each['attack']} did not succeed on its own control: it proves nothing."
        for each in criteria
        if not each["control"]["is_significant"]
    ]
    if broken:
        raise AnonymartError(" ".join(broken))


def _reported(real: wp29.Criterion, control: wp29.Criterion) -> dict[str, Any]:
    return {"attack": real.name, **_figures(real), "control": _figures(control)}


def _figures(criterion: wp29.Criterion) -> dict[str, Any]:
    return {
        "tried": criterion.members.tried,
        "succeeded": criterion.members.succeeded,
        "interval": list(criterion.members.interval),
        "outsiders": {
            "tried": criterion.outsiders.tried,
            "succeeded": criterion.outsiders.succeeded,
            "interval": list(criterion.outsiders.interval),
        },
        "p_value": criterion.p_value,
        "is_significant": criterion.is_significant,
    }


def _sweep(home: Home) -> None:
    """What a killed attack run left behind."""
    for path in home.tmp.glob(f"{_PREFIX}*"):
        shutil.rmtree(path, ignore_errors=True)

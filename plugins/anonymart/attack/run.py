"""The whole attack run on one release: eleven attacks on its files, each beside its control (S-ANON, issue
"Figures that survive an attacker").

The attacks see the release and the published rules only. The truth, where there is one, scores them.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from anonymart.attack import (
    averaging,
    controls,
    corrections,
    dictionary,
    differences,
    dominance,
    equal_sets,
    homogeneity,
    linear,
    quantiles,
    recounting,
    subtraction,
)
from anonymart.attack.fresh import fresh
from anonymart.attack.release import Release, Table, order, read_release
from anonymart.attack.report import AttackReport, Outcome
from anonymart.attack.rules import PublishedRules
from anonymart.attack.score import Result, Truth
from anonymart.contracts import MartContract, load_contracts
from anonymart.policy import Policy
from anonymart.progress import Progress
from anonymart.release.folder import WITHDRAWN

_REPEATS = 20
_SMALL_DICTIONARY = 100_000


def attack(
    folder: Path,
    against: Iterable[Path],
    policy: Policy,
    truth: Truth | None = None,
    contracts: Mapping[str, MartContract] | None = None,
    progress: Progress | None = None,
    only_new: bool = False,
) -> AttackReport:
    """Attack the release in `folder` with all releases in `against` at hand, and each attack's own naive
    control.

    With `only_new` the cells that were carried from a release before it, and that hang together with no new
    one, are compared and not attacked again. Raises AnonymartError when a folder holds no release. Without a
    truth nothing is scored: what the attacker is certain of counts.
    """
    contracts = contracts or load_contracts()
    progress = progress or Progress(quiet=True)
    truth = truth or Truth()
    release = read_release(folder, contracts)
    others = [read_release(other, contracts) for other in against]
    rules = rules_of(release, others, policy)
    recent = fresh(release, _before(release, others)) if only_new else release
    report = AttackReport(
        release=release.name, against=[other.name for other in others], is_scored=truth.is_known
    )
    with tempfile.TemporaryDirectory(prefix="anonymart-attack-") as place:
        made = _Controls(replace(rules, earlier={}), contracts, Path(place))
        for name, real, control in _attacks(release, recent, others, rules, truth, made):
            with progress.step(name, f"Attack: {name.replace('_', ' ')}"):
                report.outcomes.append(Outcome(real(), control()))
            report.seconds[name] = progress.seconds[name]
    return report


def rules_of(release: Release, others: Iterable[Release], policy: Policy) -> PublishedRules:
    """The present rules, and those of the cells that this release, or one before it, was published with by
    other figures: their reports tell them.

    A recalled cell whose plain counts a correction left as they were has the noise of then.
    """
    rules = PublishedRules.of(policy)
    earlier: dict[tuple[str, str], PublishedRules] = {}
    for other in [release, *sorted(_before(release, others), key=order, reverse=True)]:
        law = PublishedRules.of(other.policy(policy))
        recalled = frozenset() if other is release else other.recalled_marts
        for mart, table in other.tables.items():
            keys = _left_as_recalled(table, release.tables.get(mart)) if mart in recalled else table.cells
            earlier |= {(mart, key): law for key in keys}
    return replace(rules, earlier={place: law for place, law in earlier.items() if law != rules})


def _left_as_recalled(recalled: Table, now: Table | None) -> list[str]:
    """The cells whose plain counts read as they did when they were recalled: they were not drawn anew."""
    counts = recalled.contract.plain_counts
    return [
        key
        for key, row in recalled.cells.items()
        if now is not None
        and key in now.cells
        and all(row.get(name) == now.cells[key].get(name) for name in counts)
    ]


def _before(release: Release, others: Iterable[Release]) -> list[Release]:
    return [other for other in others if order(other) < order(release)]


def _attacks(
    release: Release,
    recent: Release,
    others: list[Release],
    rules: PublishedRules,
    truth: Truth,
    made: _Controls,
) -> list[tuple[str, Callable[[], Result], Callable[[], Result]]]:
    """Each attack with its control. `recent` is what of the release is attacked; whole releases are compared,
    and all files read.
    """
    bounds: linear.Bounds = {}

    def program() -> Result:
        bounds.update(linear.bounds_of(recent, rules))
        return linear.attack(recent, rules, truth, bounds)

    return [
        (linear.NAME, program, made.linear),
        (differences.NAME, lambda: differences.attack(release, others, rules, truth), made.differences),
        (averaging.NAME, lambda: averaging.attack(recent, others, rules, truth), made.averaging),
        (dictionary.NAME, lambda: dictionary.attack(release.folder, truth.identifiers), made.dictionary),
        (homogeneity.NAME, lambda: homogeneity.attack(recent, rules, truth, bounds), made.homogeneity),
        (dominance.NAME, lambda: dominance.attack(recent, rules, truth), made.dominance),
        (subtraction.NAME, lambda: subtraction.attack(recent, others, rules, truth), made.subtraction),
        (equal_sets.NAME, lambda: equal_sets.attack(recent, rules, truth), made.equal_sets),
        (recounting.NAME, lambda: recounting.attack(recent, others, rules), made.recounting),
        (quantiles.NAME, lambda: quantiles.attack(recent, rules, truth), made.quantiles),
        (corrections.NAME, lambda: corrections.attack(release, others, rules), made.corrections),
    ]


class _Controls:
    """Each attack on its naive release."""

    def __init__(self, rules: PublishedRules, contracts: Mapping[str, MartContract], place: Path) -> None:
        self.rules, self.contracts, self.place = rules, contracts, place
        self.naive = rules.naive()

    def _read(self, name: str, mart: str, rows: list[dict]) -> Release:
        return controls.read(self.place / name, self.contracts, {mart: rows})

    def linear(self) -> Result:
        rows, rules = controls.naive_nps(), self.rules.naive(controls.HIDDEN_BELOW)
        release = self._read("linear", "nps_quarterly", controls.hide_small(rows))
        truth = controls.facts_of(self.contracts["nps_quarterly"], rows)
        return linear.attack(release, rules, truth, linear.bounds_of(release, rules))

    def differences(self) -> Result:
        before = self._read("before", "nps_quarterly", controls.naive_nps())
        after = self._read("after", "nps_quarterly", controls.naive_nps(newcomer=True))
        return differences.attack(after, [before], self.naive, Truth())

    def averaging(self) -> Result:
        rows, contract = controls.naive_nps(quarters=8), self.contracts["nps_quarterly"]
        made = [
            controls.in_memory(
                f"noise-{n}", contract, controls.with_fresh_noise(rows, self.rules.law, controls.SEED + n)
            )
            for n in range(_REPEATS)
        ]
        truth = controls.facts_of(contract, rows)
        return averaging.attack(made[0], made[1:], self.rules, truth)

    def dictionary(self) -> Result:
        return dictionary.attack(
            self._read("hashes", "nps_quarterly", controls.naive_hashes()).folder, size=_SMALL_DICTIONARY
        )

    def homogeneity(self) -> Result:
        release = self._read("outcomes", "salary_outcome", controls.naive_outcomes())
        return homogeneity.attack(release, self.naive, Truth(), linear.bounds_of(release, self.naive))

    def dominance(self) -> Result:
        rows, attempts = controls.naive_difficulty()
        release = self._read("difficulty", "exercise_difficulty", rows)
        return dominance.attack(
            release, self.naive, controls.tops_of(self.contracts["exercise_difficulty"], rows, attempts)
        )

    def subtraction(self) -> Result:
        """The warehouse hides a path of detractors alone, but overlooks that the others and all of them tell
        it.
        """
        release = self._read("hidden", "nps_quarterly", controls.naive_hidden_paths())
        return subtraction.attack(release, [], replace(self.naive, bands=self.rules.bands), Truth())

    def equal_sets(self) -> Result:
        """The same noise for the same people in each quarter, as the plain cell key method has it."""
        rows, sets = controls.naive_twins(self.rules.law)
        contract = self.contracts["nps_quarterly"]
        truth = replace(controls.facts_of(contract, rows["true"]), sets=sets)
        return equal_sets.attack(self._read("twins", contract.name, rows["published"]), self.rules, truth)

    def recounting(self) -> Result:
        """Cohorts that are counted again at each closing, and lose somebody."""
        return recounting.attack(
            self._read("cohorts", "learner_retention_cohort", controls.naive_cohorts()), [], self.naive
        )

    def corrections(self) -> Result:
        mart = "course_engagement_monthly"
        before, after = (
            self._read(name, mart, rows)
            for name, rows in zip(("recalled", "corrected"), controls.naive_correction(), strict=True)
        )
        (before.folder / WITHDRAWN).write_text(json.dumps({"marts": [mart]}), encoding="utf-8")
        return corrections.attack(after, [before], self.naive)

    def quantiles(self) -> Result:
        rows, truth = controls.naive_salaries(self.contracts["salary_outcome"])
        return quantiles.attack(self._read("salaries", "salary_outcome", rows), self.naive, truth)

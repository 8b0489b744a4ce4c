"""The weekly attacks look at what is new: how much is attacked does not grow with the number of releases
(S-ANON).
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from anonymart.attack import controls, linear, remembered, run, weekly
from anonymart.attack.beside import before, beside
from anonymart.attack.fresh import fresh
from anonymart.attack.report import AttackReport, Outcome
from anonymart.attack.score import Result
from anonymart.disclosure.perturbation import BEFORE_CLASSES
from anonymart.home import Home
from anonymart.lock import writing
from anonymart.policy import Policy

NPS = "nps_quarterly"
PATHS = ("path-a", "path-b", "all")


def quarter(number: int) -> date:
    return date(2020 + number // 4, 1 + 3 * (number % 4), 1)


def cells(n_quarters: int, **changed: int) -> list[dict]:
    """Answers of some paths and of all, the same in each release that tells a quarter."""
    return [
        {
            "path_id": path,
            "quarter": quarter(number),
            "n_invited": 400,
            "n_respondents": (n := 100 + number) * (2 if path == "all" else 1),
            "n_promoters": 50 * (2 if path == "all" else 1) + changed.get(f"q{number}", 0),
            "n_passives": 30 * (2 if path == "all" else 1),
            "n_detractors": (n - 80) * (2 if path == "all" else 1),
            "is_complete": True,
        }
        for number in range(n_quarters)
        for path in PATHS
    ]


class School:
    """A home with releases alone: each carries the quarters of the one before, and adds one."""

    def __init__(self, root: Path, contracts) -> None:
        self.home, self.contracts = Home(root).prepare(), contracts

    def publish(self, number: int, n_quarters: int | None = None, **changed: int) -> Path:
        """Release number `number`, which becomes the current one."""
        folder = self.home.releases / f"20{20 + number // 4}-{1 + 3 * (number % 4):02}-28.1"
        rows = {NPS: cells(n_quarters or number, **changed)}
        controls.write_release(folder, self.contracts, rows)
        self.home.current.unlink(missing_ok=True)
        self.home.current.symlink_to(folder.name)
        return folder


@pytest.fixture
def school(tmp_path, contracts):
    return School(tmp_path / "home", contracts)


@pytest.fixture
def attacked(monkeypatch):
    """What the weekly run attacks, and against what, in place of attacking it."""
    seen: list[tuple[str, list[str]]] = []

    def attack(folder, others, *_, **__):
        seen.append((folder.name, [other.name for other in others]))
        report = AttackReport(folder.name, [], False)
        report.outcomes.append(Outcome(Result("x"), Result("x", succeeded=1)))
        return report

    monkeypatch.setattr(weekly, "attack", attack)
    return seen


def test_each_week_the_newest_release_is_attacked_against_the_one_before_it(school, attacked, policy):
    """However many there are: one release, held against one other."""
    for number in range(1, 13):
        folder = school.publish(number)
        found = weekly.attack_releases(school.home, policy)
        assert [name for name, _ in attacked] == [folder.name]
        assert len(attacked[0][1]) == min(1, number - 1)
        assert len(found.reports) + len(found.remembered) == number
        attacked.clear()


def test_what_was_published_before_there_was_a_memory_is_attacked_once(school, attacked, policy):
    folders = [school.publish(number) for number in range(1, 6)]
    weekly.attack_releases(school.home, policy)
    assert [name for name, _ in attacked] == [folder.name for folder in folders]
    assert max(len(others) for _, others in attacked) == 1
    attacked.clear()
    weekly.attack_releases(school.home, policy)
    assert [name for name, _ in attacked] == [folders[-1].name]


def test_other_attacks_or_another_policy_attack_all_again(school, attacked, policy, monkeypatch):
    for number in range(1, 4):
        school.publish(number)
    weekly.attack_releases(school.home, policy)
    attacked.clear()
    stricter = json.loads(json.dumps(policy.raw, default=str))
    stricter["raw"]["keep_days"] += 1
    weekly.attack_releases(school.home, Policy(stricter))
    assert len(attacked) == 3
    attacked.clear()
    monkeypatch.setattr(remembered, "attacks", lambda: "other attacks")
    weekly.attack_releases(school.home, Policy(stricter))
    assert len(attacked) == 3


def test_a_recalled_release_and_those_after_it_are_attacked_again_and_against_it(school, attacked, policy):
    folders = [school.publish(number) for number in range(1, 6)]
    weekly.attack_releases(school.home, policy)
    attacked.clear()
    for folder in folders[2:]:
        (folder / "WITHDRAWN.json").write_text(json.dumps({"marts": [NPS]}))
    corrected = school.publish(6, q2=6)
    weekly.attack_releases(school.home, policy)
    names = [folder.name for folder in folders]
    assert [name for name, _ in attacked] == [*names[2:], corrected.name]
    assert attacked[-1][1] == names[1:]
    attacked.clear()
    last = school.publish(7, q2=6)
    weekly.attack_releases(school.home, policy)
    assert attacked == [(last.name, [*names[2:], corrected.name])]


def test_a_release_whose_file_is_not_as_it_was_is_attacked_again(school, attacked, policy):
    folders = [school.publish(number) for number in range(1, 5)]
    weekly.attack_releases(school.home, policy)
    attacked.clear()
    other = controls.write_release(school.home.tmp / "other", school.contracts, {NPS: cells(2, q1=5)})
    (other / "marts.duckdb").replace(folders[1] / "marts.duckdb")
    weekly.attack_releases(school.home, policy)
    assert [name for name, _ in attacked] == [folder.name for folder in folders[1:]]


def test_what_succeeded_is_never_remembered(school, attacked, policy, monkeypatch):
    folders = [school.publish(number) for number in range(1, 4)]
    failed = AttackReport("x", [], False)
    monkeypatch.setattr(weekly, "attack", lambda *_, **__: failed)
    assert len(weekly.attack_releases(school.home, policy).reports) == len(folders)
    assert len(weekly.attack_releases(school.home, policy).reports) == len(folders)
    assert not school.home.attacked.exists()


def test_an_unreadable_memory_forgets_and_holds_ids_and_hashes_only(school, attacked, policy):
    folder = school.publish(1)
    school.home.attacked.write_text("no json")
    weekly.attack_releases(school.home, policy)
    told = json.loads(school.home.attacked.read_text())
    assert told.keys() == {folder.name} and len(told[folder.name]) == 64
    assert school.home.attacked.stat().st_mode & 0o777 == 0o600


def test_a_writer_need_not_wait_for_the_attacks(school, policy, monkeypatch):
    school.publish(1)
    was_free = []

    def attack(folder, *_, **__):
        with writing(school.home, patience=0):
            was_free.append(folder.name)
        return AttackReport(folder.name, [], False)

    monkeypatch.setattr(weekly, "attack", attack)
    weekly.attack_releases(school.home, policy)
    assert was_free


@pytest.mark.long
def test_the_number_of_tries_stays_as_releases_are_added(school, policy):
    """Real attacks: each release adds a quarter, and each time as much is attacked."""
    tried = []
    for number in (1, 2, 3):
        school.publish(number)
        (report,) = weekly.attack_releases(school.home, policy).reports
        tried.append({each.real.attack: each.real.tried for each in report.outcomes})
    assert tried[0][linear.NAME] == tried[1][linear.NAME] == tried[2][linear.NAME] > 0
    assert [each["differences"] for each in tried] == [0, len(PATHS), 2 * len(PATHS)], "carried: compared"


@pytest.mark.long
def test_the_few_releases_before_tell_all_that_all_of_them_tell(school, policy):
    """Rules of older cells, comparisons and verdicts are those of an attack with every release at hand."""
    for number in range(1, 7):
        folder = school.publish(number)
        if number < 3:
            register = {f"counts.{name}": value for name, value in BEFORE_CLASSES._asdict().items()}
            (folder / "privacy_report.json").write_text(json.dumps({"register": register}))
    newest = school.publish(8)
    few = before([newest, *beside(newest)], policy)[newest]
    assert [other.name for other in few] == ["2020-07-28.1", "2021-07-28.1"]
    contracts = school.contracts
    whole, part = (
        [run.read_release(other, contracts) for other in others] for others in (beside(newest), few)
    )
    release = run.read_release(newest, contracts)
    assert run.rules_of(release, whole, policy) == run.rules_of(release, part, policy)
    assert run.rules_of(release, whole, policy).earlier
    assert fresh(release, whole) == fresh(release, part)
    one, other = (run.attack(newest, others, policy, only_new=True) for others in (beside(newest), few))
    assert [each.real.succeeded for each in one.outcomes] == [each.real.succeeded for each in other.outcomes]


@pytest.mark.long
def test_a_changed_cell_is_found_beside_the_last_release(school, policy):
    school.publish(2)
    school.publish(3, q0=5)
    report = weekly.attack_releases(school.home, policy).reports[-1]
    assert ("differences", NPS, "n_promoters", len(PATHS)) in report.failures()


def test_carried_cells_that_hang_together_with_a_new_one_are_attacked_with_it(made):
    """A new path of a quarter lies in the carried "all" of that quarter; the other quarter is left out."""
    old = made("2026-05-31.1", nps_quarterly=[row for row in cells(2) if row["path_id"] != "path-b"])
    new = made("2026-06-30.1", nps_quarterly=[
        row for row in cells(2) if row["path_id"] != "path-b" or row["quarter"] == quarter(1)
    ])  # fmt: skip
    kept = fresh(new, [old]).tables[NPS].cells
    assert sorted(kept) == [f"{path}|{quarter(1)}" for path in ("all", "path-a", "path-b")]
    assert fresh(new, []) is new

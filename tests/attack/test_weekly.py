"""The attack run as a whole: controls that must succeed, verdicts, exit codes, the gate's no, and WP29's
criteria (S-ANON).
"""

import json
from datetime import date

import pytest
from click.testing import CliRunner

from anonymart.attack import controls, halves, homogeneity, linear, run, weekly, wp29
from anonymart.attack.release import Release, Table
from anonymart.attack.score import Result
from anonymart.cli.commands import anonymart
from anonymart.errors import AnonymartError, AttackSucceeded
from anonymart.gate import run as gate_run
from tests.attack.test_attacks import NPS, outcome

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("attack")]

QUARTER = date(2025, 1, 1)
ATTACKS = {
    "linear_programming",
    "differences",
    "averaging",
    "dictionary",
    "homogeneity",
    "dominance",
    "subtraction",
    "equal_sets",
    "recounting",
    "quantiles",
    "corrections",
}


@pytest.fixture(scope="module")
def folder(contracts, noise, tmp_path_factory):
    """A release with the noise of the warehouse."""
    rows = controls.with_fresh_noise(controls.naive_nps(), noise, 1)
    return controls.write_release(
        tmp_path_factory.mktemp("releases") / "2026-06-30.1", contracts, {NPS: rows}
    )


@pytest.fixture(scope="module")
def report(folder, policy):
    return run.attack(folder, [], policy)


def test_every_attack_succeeds_on_its_control_and_on_nothing_else(report):
    assert {outcome.real.attack for outcome in report.outcomes} == ATTACKS
    assert {outcome.real.attack for outcome in report.broken} == set()
    assert report.recovered == [] and report.passed and not report.is_scored


def test_the_report_tells_counts_and_names_only(report):
    entry = report.as_dict()["attacks"][0]
    assert {"tried", "succeeded", "control", "interval"} <= entry.keys()
    assert all({"attack", "succeeded", "control"} == kept.keys() for kept in report.for_release())


def test_an_attack_that_fails_its_control_is_a_failure(folder, policy, monkeypatch):
    monkeypatch.setattr(homogeneity, "attack", lambda *_: Result(homogeneity.NAME))
    report = run.attack(folder, [], policy)
    assert not report.passed and [outcome.real.attack for outcome in report.broken] == ["homogeneity"]
    assert ("homogeneity failed its own control", "*", "*", 1) in report.failures()
    with pytest.raises(AnonymartError, match="its own control") as raised:
        weekly.judge([report])
    assert raised.value.exit_code == 1


def test_one_recovery_is_a_failure_that_names_the_place(contracts, policy, tmp_path):
    release = controls.write_release(tmp_path / "naive", contracts, {"salary_outcome": [outcome(1.0)]})
    report = run.attack(release, [], policy)
    assert report.failures() == [("homogeneity", "salary_outcome", "n_employed", 1)]
    with pytest.raises(AttackSucceeded, match="salary_outcome n_employed"):
        weekly.judge([report])


def test_the_command_tells_an_outsider_that_it_is_unscored(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("ANONYMART_HOME", str(tmp_path / "nowhere"))
    done = CliRunner().invoke(anonymart, ["attack", "--release", str(folder), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["passed"] and not told["is_scored"] and len(told["attacks"]) == len(ATTACKS)
    assert not (tmp_path / "nowhere").exists()


def test_the_command_compares_with_what_stands_beside(folder, contracts, noise, tmp_path, monkeypatch):
    """A second release that drew its noise anew: the cells differ, the exit code is the gate's no."""
    monkeypatch.setenv("ANONYMART_HOME", str(tmp_path / "nowhere"))
    other = controls.write_release(
        folder.parent / "2026-07-31.1",
        contracts,
        {NPS: controls.with_fresh_noise(controls.naive_nps(), noise, 2)},
    )
    try:
        done = CliRunner().invoke(anonymart, ["attack", "--release", str(other)])
        assert isinstance(done.exception, AttackSucceeded) and done.exception.exit_code == 3
        assert "differences succeeded" in str(done.exception)
    finally:
        for path in other.iterdir():
            path.unlink()
        other.rmdir()


def test_a_demo_release_survives_its_attackers(demo_home, policy, contracts):
    """Scored with the truth of its own home; what carries no noise is apart, and no bound misses its true
    count.
    """
    from anonymart.home import Home

    home = Home(demo_home.root)
    (report,) = weekly.attack_releases(home, policy).reports
    assert report.is_scored and report.passed, report.failures()
    program = next(outcome.real for outcome in report.outcomes if outcome.real.attack == linear.NAME)
    assert program.tried == program.scored > 1000
    assert program.details["wrong"] == 0
    written = json.loads((home.current / "gate.json").read_text(encoding="utf-8"))
    assert {entry["attack"] for entry in written["attacks"]} == ATTACKS


def test_the_gate_says_no_to_what_an_attack_recovers(folder, policy, contracts, monkeypatch):
    """The gate hands on every place that was recovered, and a broken attack, as failures of its own."""
    verdict = gate_run.GateReport("x", "2026-06-30", expectations=[{}], needs_drill=False)
    monkeypatch.setattr(gate_run, "read_truth", lambda *_: run.Truth())
    gate_run._attack(None, folder, contracts, policy, verdict)
    assert verdict.passed and len(verdict.attacks) == len(ATTACKS)
    monkeypatch.setattr(linear, "attack", lambda *_: _hit(linear.NAME))
    verdict = gate_run.GateReport("x", "2026-06-30", expectations=[{}], needs_drill=False)
    gate_run._attack(None, folder, contracts, policy, verdict)
    assert not verdict.passed
    assert [(failure.mart, failure.column, failure.kind) for failure in verdict.failures] == [
        (NPS, "n_detractors", "attack: linear_programming")
    ]


def test_without_an_attack_nothing_has_passed():
    assert not gate_run.GateReport("x", "2026-06-30", expectations=[{}]).passed


def _hit(name):
    result = Result(name, tried=1)
    result.hit(NPS, "n_detractors")
    return result


# Attack 7


def test_holm_stops_at_the_first_that_is_not_significant():
    """Three p-values at 0.1 %: limits 0.1/3, 0.1/2 and 0.1/1 per cent, in order."""

    def marked(*p_values):
        found = [wp29.Criterion(str(n), Result("x"), Result("x"), p) for n, p in enumerate(p_values)]
        return [criterion.is_significant for criterion in wp29.holm(found)]

    assert marked(0.0003, 0.0004, 0.0009) == [True, True, True]
    assert marked(0.0004, 0.0004, 0.0004) == [False, False, False]
    assert marked(0.0003, 0.0006, 0.0009) == [True, False, False]


@pytest.fixture(scope="module")
def small_halves(contracts):
    """Made-up people in made-up cells: in each second cell one member alone; outsiders are spread in the same
    way over other cells.
    """
    contract, rows, members, outsiders = contracts["chapter_completion"], {}, {}, {}
    for n in range(400):
        cell, size = f"c|h{n}|{QUARTER}", 1 if n % 2 else 4
        rows[cell] = {
            "course_id": "c",
            "chapter_id": f"h{n}",
            "start_quarter": QUARTER,
            "n_started": size,
            "n_completed": size * (n % 6 == 0),
        }
        for people, number in ((members, n), (outsiders, (n * 7 + 1) % 400)):
            inside = frozenset(range(1000 * number, 1000 * number + (1 if number % 2 else 4)))
            people[contract.name, cell, "n_started"] = inside
            people[contract.name, cell, "n_completed"] = inside if number % 6 == 0 else frozenset()
    release = Release(None, {contract.name: Table(contract, rows)})
    return halves.Halves(
        release,
        controls.facts_of(contract, rows.values()),
        halves.Population(members),
        halves.Population(outsiders),
    )


def test_exact_counts_single_out_and_infer_members(small_halves, rules):
    found = {
        each.name: each for each in wp29.attack(small_halves, wp29.naive_release(small_halves), rules.naive())
    }
    assert (
        found["singling_out"].is_significant
        and found["singling_out"].members.succeeded == found["singling_out"].members.tried
    )
    assert found["inference"].is_significant


def test_inference_guesses_once_a_cell_and_once_a_person(rules, contracts):
    """People of one cell are guessed alike. Taken for independent guesses, 40 cells of 25 people seemed to
    tell members (p < 10^-8).
    """
    contract, rows, members, outsiders = contracts["chapter_completion"], {}, {}, {}
    for n in range(40):
        cell = f"c|h{n}|{QUARTER}"
        rows[cell] = {
            "course_id": "c",
            "chapter_id": f"h{n}",
            "start_quarter": QUARTER,
            "n_started": 25,
            "n_completed": 16,
        }
        for people, completed in ((members, 16), (outsiders, 12)):
            people[contract.name, cell, "n_started"] = frozenset(range(25 * n, 25 * n + 25))
            people[contract.name, cell, "n_completed"] = frozenset(
                range(25 * n + n % 25 % 9, 25 * n + n % 25 % 9 + completed)
            )
    release = Release(None, {contract.name: Table(contract, rows)})
    made = halves.Halves(
        release,
        controls.facts_of(contract, rows.values()),
        halves.Population(members),
        halves.Population(outsiders),
    )
    inference = wp29.attack(made, release, rules.naive())[2]
    assert inference.members.tried == inference.outsiders.tried == 40 and not inference.is_significant
    same = dict.fromkeys(members, frozenset(range(25)))
    alone = halves.Halves(release, made.truth, halves.Population(same), halves.Population(same))
    assert wp29.attack(alone, release, rules.naive())[2].members.tried == 25


def test_a_row_of_zeros_singles_out_and_no_row_does_not(small_halves, contracts, rules):
    """The noise alone: one person gives a published 0 more often than not. Rows of zeros are left out, then
    nothing is told.
    """
    contract, rows = contracts["chapter_completion"], small_halves.release.tables["chapter_completion"].cells
    noisy = controls.with_fresh_noise(rows.values(), rules.by_class[contract.noise].law, 3)
    for is_left_out in (False, True):
        kept = [row for row in noisy if not is_left_out or row["n_started"] or row["n_completed"]]
        found = wp29.attack(small_halves, controls.in_memory("r", contract, kept), rules)
        assert found[0].name == "singling_out" and found[0].is_significant is not is_left_out

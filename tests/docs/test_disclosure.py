"""The statistician's page: its figures are those of the register and of its table of noise."""

from __future__ import annotations

import random

import pytest
from click.testing import CliRunner

from anonymart.disclosure import risk
from anonymart.disclosure.perturbation import MODULUS, draw, of_policy
from anonymart.errors import UsageError
from anonymart.policy import CLASSES, Policy, load_policy
from anonymart.statistician import PAGE, main, sections
from anonymart.written_pages import rewritten
from tests.docs.pages import page
from tests.docs.refresh import costs, risks

POLICY = load_policy()
TABLE = of_policy(POLICY)["coarse"]


def test_its_figures_are_up_to_date(tmp_path):
    done = CliRunner().invoke(main, ["--check"])
    assert done.exit_code == 0, done.output
    stale = tmp_path / "disclosure.md"
    stale.write_text(PAGE.read_text(encoding="utf-8").replace("| 0.1510 |", "| 0.0001 |"), encoding="utf-8")
    assert CliRunner().invoke(main, ["--check", "--page", str(stale)]).exit_code == 1
    assert CliRunner().invoke(main, ["--page", str(stale)]).exit_code == 0
    assert stale.read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8")


def test_they_follow_the_policy():
    counts = {"largest_deviation": (7, 9, 11), "variance": (3.5, 6, 8), "smallest": (3, 4, 5)}
    by_class = {name: dict(zip(CLASSES, figures, strict=True)) for name, figures in counts.items()}
    raw = {**POLICY.raw, "counts": by_class, "means": {**POLICY.raw["means"], "noise_of_largest": 0.625}}
    changed, now = sections(Policy(raw)), sections(POLICY)
    assert all(changed[name] != now[name] for name in now)
    assert "| `means.noise_of_largest` | 0.625 |" in changed["parameters"]
    with pytest.raises(UsageError, match=r"does not explain means\.weight"):
        sections(Policy({**raw, "means": {**raw["means"], "weight": 1}}))


def test_no_figure_of_the_register_is_typed_by_hand():
    text = page("docs/disclosure.md")
    for name in ("noise", "parameters", "risk", "attacks", "utility"):
        before, rest = text.split(f"<!-- {name}: begin", 1)
        text = before + rest.split(f"<!-- {name}: end -->", 1)[1]
    prose = text.split("## Sources")[0]
    assert not [value for value in (" 31 ", " 40 ", "100 EUR", "85 %", " 11 ", "0.95") if value in prose]


def test_the_risk_is_that_of_a_simulated_attacker():
    """A coin decides whether the person is there; the attacker sees the published count and takes the
    likelier case.
    """
    dice, n_right, n_tries = random.Random(3), 0, 20_000
    without, with_person = (risk.published_counts(TABLE, n) for n in (12, 13))
    for _ in range(n_tries):
        is_there = dice.random() < 0.5
        shown = 12 + is_there + draw(TABLE, 12 + is_there, dice.randrange(MODULUS))
        n_right += (with_person.get(shown, 0) > without.get(shown, 0)) == is_there
    assert n_right / n_tries == pytest.approx(risk.best_guess(TABLE, 12), abs=0.012)
    assert risk.best_guess(TABLE, 12) == pytest.approx((1 + risk.total_variation(without, with_person)) / 2)
    assert 0.5 < risk.best_guess(TABLE, 12) < risk.best_guess(TABLE, 12, cells=3) < 1
    assert risk.certain({0: 1.0}, {0: 0.25, 3: 0.75}) == 0.375


def test_the_costs_of_a_release_as_a_table():
    part = {
        "new_cells": 9,
        "suppressed": {"too_few": 2, "protected": 0},
        "count_error_persons": "too_few_cells",
    }
    table = costs({**part, "marts": {"nps_quarterly": part}}).splitlines()
    assert (
        len(table) == 4
        and table[2].startswith("| nps_quarterly | 9 | too few cells | - |")
        and table[3].startswith("| all together | 9 |")
    )
    with pytest.raises(UsageError, match="lost the markers"):
        rewritten("no marks", "utility", "x", "y")


def test_the_attacks_of_a_release_as_a_table():
    found = {
        "attack": "averaging",
        "tried": 2000,
        "succeeded": 0,
        "interval": [0.0, 0.001843],
        "control": {"tried": 30, "succeeded": 12},
    }
    assert risks([found]).splitlines()[2:] == ["| `averaging` | 2,000 | 0 | 0.184 % | 12 of 30 |"]

"""The benches go through, and the small one tells when the whole way has become slower."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from anonymart.bench import compare, landings, machine, sides, watch, whole
from anonymart.bench.children import Used
from anonymart.cli.bench import _PARTS, bench_group
from anonymart.errors import AnonymartError, UsageError
from anonymart.progress import Progress

HELD = {"work_to_plain_read": 2.0, "first_release_to_loop": 100.0, "nothing_new_to_loop": 20.0}


def test_a_ratio_half_as_large_again_is_told() -> None:
    assert watch.slower(HELD, HELD) == []
    assert watch.slower({name: 1.5 * held for name, held in HELD.items()}, HELD) == []
    [sentence] = watch.slower(HELD | {"nothing_new_to_loop": 31.0}, HELD)
    assert "a run with nothing new" in sentence and "31 times, committed are 20" in sentence


def test_the_difference_of_two_long_runs_may_be_off_by_their_noise() -> None:
    off = HELD | {"work_to_plain_read": 3.4}
    assert watch.slower(off | {watch.NOISE: 0.5}, HELD) == []
    assert len(watch.slower(off | {watch.NOISE: 0.3}, HELD)) == 1
    # Not that of the others.
    assert len(watch.slower(HELD | {"nothing_new_to_loop": 31.0, watch.NOISE: 5.0}, HELD)) == 1


def test_what_is_committed_is_whole() -> None:
    assert watch.committed().keys() == watch.WHAT.keys()


def test_without_committed_ratios_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "COMMITTED", tmp_path / "bench" / "committed.json")
    with pytest.raises(AnonymartError, match="bench watch --commit"):
        watch.committed()
    watch.commit(HELD | {watch.NOISE: 0.5})
    assert watch.committed() == HELD
    assert json.loads(watch.COMMITTED.read_text(encoding="utf-8"))["machine"]["cores"] >= 1


@pytest.mark.parametrize("now, code", [(2.9, 0), (3.1, 1)])
def test_the_command_ends_with_1_when_it_became_slower(
    monkeypatch: pytest.MonkeyPatch, now: float, code: int
) -> None:
    monkeypatch.setattr(watch, "measure", lambda work, progress: HELD | {"work_to_plain_read": now})
    monkeypatch.setattr(watch, "committed", lambda: HELD)
    done = CliRunner().invoke(bench_group, ["watch", "--json"])
    assert done.exit_code == code
    assert json.loads(done.stdout)["measured"]["work_to_plain_read"] == now
    assert code == 0 or "It became slower" in str(done.exception)


def test_a_revision_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="no revision 'nowhere'"):
        sides.of_revision("nowhere")


def test_a_line_is_the_ratio_of_medians() -> None:
    line = compare.Line("x", "x", aim=0.5, here=[1, 2, 9], other=[4, 4, 5], plain=[1, 1])
    told = line.as_dict()
    assert (told["ratio"], told["here_to_plain"], told["other_to_plain"]) == (0.5, 2.0, 4.0)
    assert compare.table({"lines": [told]})[1].split()[1:5] == ["2.00", "4.00", "0.50", "0.50"]


def test_the_command_names_every_line() -> None:
    assert compare.PARTS.keys() == set(_PARTS)


def test_what_it_was_measured_on() -> None:
    about = machine.about()
    assert about["versions"].keys() >= {"python", "duckdb", "dbt-core"}
    assert 0 < machine.calibrate() < 60


def test_a_comparison_asks_both_sides_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Side(sides.Side):
        def make_keys(self, home: Path) -> None:
            home.mkdir()

        def run(self, home: Path, *words: str) -> tuple[dict, Used]:
            asked.append((self.name, words[0]))
            return {}, Used(1.0, 2.0 if self.name == "here" else 4.0, 1)

    here, other = (Side(name, tmp_path, Path(sys.executable)) for name in ("here", "other"))
    monkeypatch.setattr(sides, "this", lambda: here)
    monkeypatch.setattr(sides, "of_revision", lambda revision: other)
    sizes = compare.Sizes(answers=1000, turns=2)
    told = compare.compare("other", ["answers"], sizes, tmp_path / "work", Progress(quiet=True))
    assert asked == [(name, "ingest") for name in ("here", "here", "other", "other") * 2]
    assert told["lines"][0]["ratio"] == 0.5
    assert not (tmp_path / "work").exists()


def test_a_school_of_many_diplomas_is_what_a_landing_may_hold(tmp_path: Path) -> None:
    landing = landings.diplomas(tmp_path, 3)
    assert {path.name for path in landing.iterdir()} == {"catalogue", "learners", "enrolments", "salary"}


@pytest.mark.long
def test_the_bench_measures_everything(tmp_path: Path) -> None:
    found = whole.measure(2000, tmp_path, people=600_000)
    assert found["full"]["release_id"] == f"{landings.AS_OF}.1"
    assert set(found["full"]["steps"]) >= set(whole.STEPS)
    assert found["commit"] and found["versions"]["duckdb"]
    assert whole.lines(found)


@pytest.mark.long
@pytest.mark.xdist_group("bench")
def test_it_has_not_become_slower(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "anonymart.cli",
        "bench",
        "watch",
        "--json",
        "--work",
        str(tmp_path / "work"),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    assert json.loads(done.stdout)["measured"].keys() == {*watch.WHAT, watch.NOISE}

"""Per mart: the reviewer lets the others through and holds one back. Nothing of it stands anywhere until a
release publishes it, of people as they then stand (S-ANON, S-SAFE).
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from anonymart import audit
from anonymart.contracts import load_contracts
from anonymart.errors import GateRefused, SentenceRefused, UsageError
from anonymart.gate import gate
from anonymart.gate import run as gate_run
from anonymart.gate.report import Failure
from anonymart.release import Published, Waiting, for_reviewer, held_marts, recover
from anonymart.release.answer import refuse_waiting
from anonymart.release.approval import Reviewer, decisions, waiting
from anonymart.release.manifest import read_manifest
from anonymart.release.privacy_report import read_privacy_report
from anonymart.run import approve, approve_without, release
from anonymart.session import Session
from tests import warm
from tests.gate.school import AS_OF, CELLS, NEXT_MONTH, Cell, engagement, nps, salary
from tests.release.test_publish import FIRST, gated, published, read
from tests.release.yes import REVIEWER, ask, make_candidate

pytestmark = pytest.mark.long
QUICK = pytest.mark.usefixtures("without_great_expectations", "without_drill", "without_attack")
SECOND = f"{NEXT_MONTH}.1"
NO_SALARIES = Reviewer("reviewer", "The salaries wait for another look")
THEME = Cell(
    "nps_theme_quarterly",
    {"theme": "content", "quarter": date(2026, 1, 1)},
    {"n_respondents": 120, "n_positive": 60, "n_negative": 30},
    {},
    {
        **{"n_respondents": 120, "n_positive": 60, "n_negative": 30},
        **{"positive_share": 0.5, "negative_share": 0.25},
    },
)


def session(school, as_of: date = AS_OF) -> Session:
    return Session(school.home, school.keys, school.policy, as_of)


def waits(school) -> Waiting:
    ask(session(school), gated(school))
    found = waiting(session(school))
    assert found is not None
    return found


def hold(school, *marts: str, reviewer: Reviewer = NO_SALARIES):
    return approve_without(session(school, NEXT_MONTH), FIRST, reviewer, None, marts)


def held(school) -> list[str]:
    with school.connect(vault="ro") as connection:
        return [mart for (mart,) in connection.execute("SELECT mart FROM vault.ledger.held_marts").fetchall()]


def rows(school, table: str, zone: str = "warehouse") -> list[tuple]:
    with school.connect(**{zone: "ro"}) as connection:
        return connection.execute(f"FROM {zone}.{table} ORDER BY ALL").fetchall()


def cells(folder: Path, mart: str) -> list[tuple]:
    return read(folder, f"FROM release.main.{mart} ORDER BY ALL")


@QUICK
def test_ten_marts_go_through_and_one_is_held_back(school):
    whole = waits(school)
    shown = {mart: cells(whole.candidate.folder, mart) for mart in school.contracts}
    assert shown["salary_outcome"] and shown["nps_quarterly"]
    assert hold(school, "salary_outcome") == Published(FIRST)
    current = school.home.current.resolve()
    assert {mart: cells(current, mart) for mart in school.contracts} == {**shown, "salary_outcome": []}
    assert gate(session(school), current).passed
    manifest = read_manifest(current)
    assert manifest["approval"]["because"] == [
        "It is the first release.", "The reviewer holds back: salary_outcome.",
    ]  # fmt: skip
    assert manifest["approval"]["candidate_sha256"] != whole.candidate_sha256
    assert manifest["marts"]["salary_outcome"]["new_cells"] == 0
    assert held(school) == ["salary_outcome"]
    assert [mart for mart, _, _ in rows(school, "ledger.closed_periods", "vault")].count(
        "salary_outcome"
    ) == 0
    told = [entry for entry in audit.entries(school.home) if entry["act"] not in ("built", "shared")]
    assert audit.verify(session(school)).passed
    assert [entry["act"] for entry in told] == [
        "waiting", "superseded", "held_back", "waiting", "approved", "published",
    ]  # fmt: skip
    assert (told[2]["marts"], told[2]["reason"], told[2]["candidate_sha256"]) == (
        ["salary_outcome"],
        NO_SALARIES.reason,
        whole.candidate_sha256,
    )


@QUICK
def test_the_accountant_charges_nobody_for_what_is_held(school):
    def charged() -> tuple[int, int]:
        with school.connect(vault="ro") as connection:
            told = for_reviewer.notes(connection, FIRST)["membership"]
        return told["persons"], told["shares"][-1]["draws"]

    waits(school)
    persons, draws = charged()
    hold(school, "course_engagement_monthly")
    assert charged()[0] == persons - 40, "40 persons stand in this mart alone"
    assert draws > 0 and held_marts.held_now(session(school))[0]["reason"] == NO_SALARIES.reason


@QUICK
def test_what_was_held_comes_again_waits_and_is_published_under_the_same_keys(school):
    folder = waits(school).candidate.folder
    seen = cells(folder, "salary_outcome")
    hold(school, "salary_outcome")
    assert release(session(school)) is None, "without a build there is nothing to publish"
    school.build([salary(), engagement(date(2026, 5, 1))], NEXT_MONTH)
    again = release(session(school, NEXT_MONTH))
    assert isinstance(again, Waiting)
    assert again.because == ["In it again, after the reviewer held it back: salary_outcome."]
    assert approve(session(school), SECOND, REVIEWER) == Published(SECOND)
    assert cells(school.home.current.resolve(), "salary_outcome") == seen, (
        "of the same people the same figures"
    )
    assert held(school) == []
    ledger = rows(school, "ledger.cells_salary_outcome", "vault")
    assert [row[-1] for row in ledger] == [SECOND], "charged to the release that publishes it, once"
    school.build([engagement(date(2026, 6, 1))], date(2026, 8, 29))
    assert isinstance(release(session(school, date(2026, 8, 29))), Published), "no reason is left"


@QUICK
def test_whether_a_cell_is_complete_is_told_as_of_the_release_that_publishes_it(school):
    """Five years after the first day of its month somebody may have left it: here between the two days."""
    old = engagement(date(2021, 7, 1))
    school.build([old, nps()])
    [seen] = cells(waits(school).candidate.folder, "course_engagement_monthly")
    hold(school, "course_engagement_monthly")
    school.build([old], NEXT_MONTH)
    release(session(school, NEXT_MONTH))
    approve(session(school), SECOND, REVIEWER)
    [told] = cells(school.home.current.resolve(), "course_engagement_monthly")
    assert (seen[-1], told[-1]) == (True, False) and seen[:-1] == told[:-1]


@QUICK
def test_a_mart_of_which_cells_are_published_keeps_them_as_they_are(school):
    published(school)
    school.build([engagement(date(2026, 5, 1)), nps(date(2025, 10, 1))], NEXT_MONTH)
    carried = cells(school.home.current.resolve(), "course_engagement_monthly")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("anonymart.release.approval.because", lambda *_: ["A test asks."])
        release(session(school, NEXT_MONTH))
        done = approve_without(session(school), SECOND, NO_SALARIES, None, ["course_engagement_monthly"])
    assert done == Published(SECOND)
    assert cells(school.home.current.resolve(), "course_engagement_monthly") == carried
    assert len(cells(school.home.current.resolve(), "nps_quarterly")) == 3


@QUICK
def test_what_is_told_together_is_held_together(school):
    school.build([*CELLS, THEME])
    found = waits(school)
    assert held_marts.groups(found.candidate) == [
        ("course_engagement_monthly",), ("nps_quarterly", "nps_theme_quarterly"), ("salary_outcome",),
    ]  # fmt: skip
    assert hold(school, "nps_theme_quarterly") == Published(FIRST)
    assert sorted(held(school)) == ["nps_quarterly", "nps_theme_quarterly"]
    assert not cells(school.home.current.resolve(), "nps_quarterly")


@QUICK
@pytest.mark.parametrize(
    ("marts", "says"),
    [
        (["salaries"], "no such mart to hold back: name one of course_engagement_monthly, nps_q"),
        (["exercise_difficulty"], "nothing new in exercise_difficulty"),
        (["salary_outcome", "nps_quarterly", "course_engagement_monthly"], "refuse the release instead"),
    ],
)
def test_what_cannot_be_held_is_said_and_nothing_is_changed(school, marts, says):
    before = waits(school)
    with pytest.raises(UsageError, match=says):
        hold(school, *marts)
    assert waiting(session(school)) == before and held(school) == []


@QUICK
def test_a_reason_with_a_figure_is_not_taken(school):
    """It stands in the manifest of the release that tells nothing of what is held."""
    before = waits(school)
    with pytest.raises(SentenceRefused, match="write it without digits"):
        hold(school, "salary_outcome", reviewer=Reviewer("reviewer", "A median of 32 950 looks wrong"))
    assert waiting(session(school)) == before and held(school) == []


@QUICK
def test_a_correction_goes_out_whole(school):
    waits(school)
    with school.connect(vault="rw") as connection:
        connection.execute(
            "INSERT INTO vault.ledger.withdrawals VALUES ('2026-05-30.1', '2026-06-15', 'counted twice', "
            "['nps_quarterly'], '2026-05-30.1', NULL)"
        )
    with pytest.raises(UsageError, match="approve it whole, or refuse it"):
        hold(school, "salary_outcome")
    assert held(school) == []


@QUICK
def test_a_rest_that_reads_otherwise_waits(school):
    """As after a repair of the program between the two candidates: the yes was for what was read."""
    waits(school)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(held_marts, "is_the_rest", lambda *_: False)
        outcome = hold(school, "salary_outcome")
    assert isinstance(outcome, Waiting) and outcome.because[-1] == "The reviewer holds back: salary_outcome."
    assert not school.home.current.exists()
    assert approve(session(school), FIRST, REVIEWER) == Published(FIRST)
    assert held(school) == ["salary_outcome"], "until a release publishes it"


@QUICK
def test_the_rest_is_compared_mart_by_mart(school):
    whole = waits(school).candidate
    chosen = held_marts.choose(session(school), whole, ["salary_outcome"])
    assert not held_marts.is_the_rest(whole, chosen), "the mart is still in it"
    hold(school, "salary_outcome")
    now = replace(whole, state=held_marts.Candidate.named(school.home, FIRST).state)
    assert held_marts.is_the_rest(now, chosen)
    other = {**chosen.rest, "nps_quarterly": ("0" * 64, {})}
    assert not held_marts.is_the_rest(now, replace(chosen, rest=other))


@QUICK
def test_a_gate_that_refuses_the_rest_publishes_nothing_and_the_hold_stays(school, monkeypatch):
    waits(school)
    monkeypatch.setattr(
        gate_run, "_attack", lambda *given: given[-1].failures.append(Failure("m", "c", "k", "S-ANON", 1))
    )
    with pytest.raises(GateRefused):
        hold(school, "salary_outcome")
    assert held(school) == ["salary_outcome"] and not school.home.current.exists()
    assert waiting(session(school)) is None


KILLED = """
import sys
from datetime import date
from pathlib import Path
import pytest
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.policy import load_policy
from anonymart.release.approval import Reviewer
from anonymart.run import approve_without
from anonymart.session import Session
from tests.gate import conftest
with pytest.MonkeyPatch.context() as patch:
    conftest.ask_straight(patch), conftest.hold_no_drill(patch), conftest.attack_nothing(patch)
    home = Home(Path(sys.argv[1]))
    session = Session(home, Keys.load(home), load_policy(), date(2026, 6, 30))
    approve_without(session, "2026-06-30.1", Reviewer("reviewer", "Later"), None, ["salary_outcome"])
"""


@QUICK
@pytest.mark.parametrize(
    ("point", "published_by_kill"),
    [
        ("held.after_noted", False),
        ("held.after_taken_out", False),
        ("gate.after", False),
        ("approval.after_held", False),
        ("publish.before_commit", False),
        ("publish.after_commit", True),
    ],
)
def test_a_kill_leaves_a_hold_that_is_told_of_and_nothing_unapproved(school, point, published_by_kill):
    waits(school)
    environment = {
        **os.environ,
        "ANONYMART_CRASH_AT": point,
        "ANONYMART_KEYS_FILE": str(school.home.keys_file),
    }
    done = warm.python(KILLED, school.home.root, env=environment)
    assert done.returncode == -9, done.stderr[-2000:]
    recover(session(school))
    assert held(school) == ["salary_outcome"] and audit.verify(session(school)).passed
    assert school.home.current.exists() == published_by_kill
    if published_by_kill:
        assert not cells(school.home.current.resolve(), "salary_outcome")
        return
    outcome = release(session(school))
    assert isinstance(outcome, Waiting), "never by itself, though the first reviewer is gone"
    is_in_again = point == "held.after_noted"
    assert outcome.because[-1] == (
        "In it again, after the reviewer held it back: salary_outcome."
        if is_in_again
        else "The reviewer holds back: salary_outcome."
    )
    assert bool(cells(outcome.candidate.folder, "salary_outcome")) == is_in_again


@QUICK
def test_a_refusal_or_another_release_lifts_no_hold(school):
    waits(school)
    hold(school, "salary_outcome")
    school.build([salary(), engagement(date(2026, 5, 1))], NEXT_MONTH)
    release(session(school, NEXT_MONTH))
    refuse_waiting(session(school), SECOND, Reviewer("reviewer", "Not yet"))
    assert held(school) == ["salary_outcome"]
    release(session(school, NEXT_MONTH))
    assert approve_without(session(school), SECOND, NO_SALARIES, None, ["salary_outcome"]) == Published(
        SECOND
    )
    assert held(school) == ["salary_outcome"]
    assert len(cells(school.home.current.resolve(), "course_engagement_monthly")) == 3


@QUICK
def test_a_yes_beforehand_is_no_way_around(school):
    """`--approve-as` says yes to whatever is found, unread."""
    waits(school)
    hold(school, "salary_outcome")
    assert release(session(school), reviewer=REVIEWER) is None
    assert not cells(make_candidate(session(school)), "salary_outcome")
    school.build([salary()], NEXT_MONTH)
    assert isinstance(release(session(school, NEXT_MONTH), reviewer=REVIEWER), Waiting)
    assert held(school) == ["salary_outcome"]


@pytest.mark.usefixtures("without_drill")
def test_a_held_cell_stands_in_no_file_no_report_and_no_note(school):
    """The attack: whoever reads every byte that is left, packed or not, finds no figure and no key of the
    held cells. The same search finds them in the candidate that the reviewer read.
    """
    school.build([cell for cell in CELLS if cell.mart != "salary_outcome"] + [salary(graduates=7919)])
    whole = waits(school)
    [row] = cells(whole.candidate.folder, "salary_outcome")
    figures = {str(value) for value in row if isinstance(value, int | float) and len(str(value)) > 4}
    figures.add("7919")
    assert len(figures) >= 8
    named = {*figures, "RNCP37805|2024"}
    assert found_in(whole.candidate.folder, figures) == figures, "the search works"
    with school.connect(vault="ro") as connection:
        before = str(for_reviewer.notes(connection, FIRST))
    hold(school, "salary_outcome")
    release_folder = school.home.current.resolve()
    assert found_in(release_folder, named) == set()
    report = read_privacy_report(release_folder)["marts"]["salary_outcome"]
    assert (report["rows"], report["new_cells"], report["closed_periods"]) == (0, 0, 0)
    left = [path.name for path in school.home.releases.iterdir()]
    assert sorted(left) == [FIRST, "current"]
    with school.connect(vault="ro") as connection:
        notes = str(for_reviewer.notes(connection, FIRST))
    assert "salary_outcome" in before and not any(text in notes for text in named)
    told = (school.home.root / "audit.ndjson").read_text() + str(decisions(session(school)))
    assert not any(text in told for text in named)


def found_in(folder: Path, texts: set[str]) -> set[str]:
    """Which of these stand in a file of the folder: its bytes, what it packs, the rows of its tables."""
    return {text for text in texts for content in contents(folder) if text in content}


def contents(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        yield data.decode("latin-1")
        if zipfile.is_zipfile(io.BytesIO(data)):
            with zipfile.ZipFile(path) as packed:
                yield from (packed.read(name).decode("latin-1") for name in packed.namelist())
        if path.suffix == ".parquet":
            yield str(duckdb.sql(f"FROM '{path}'").fetchall())
    for mart in load_contracts():
        yield str(cells(folder, mart))

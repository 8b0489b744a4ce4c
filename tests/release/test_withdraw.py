"""Recalling a release: `current` goes back, the next release corrects what was wrong and nothing else
(S-ANON, S-SAFE).
"""

import json
import os
import shutil
import signal
import stat
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from anonymart import crash, guard
from anonymart.erasure import places
from anonymart.errors import AnonymartError, UsageError
from anonymart.gate import gate
from anonymart.home import Home
from anonymart.policy import Policy
from anonymart.release import (
    Candidate,
    Wrong,
    has_news,
    list_releases,
    plan_withdrawal,
    recover,
    reword,
    withdraw,
)
from anonymart.release.manifest import altered_files, read_manifest
from anonymart.session import Session
from tests import warm
from tests.gate.conftest import ask_straight, attack_nothing, hold_no_drill
from tests.gate.school import AS_OF, CELLS, School, engagement, nps, salary, stayed
from tests.release.test_publish import ledger, published, read
from tests.release.yes import make_candidate, publish

pytestmark = [
    pytest.mark.usefixtures("without_great_expectations", "without_drill", "without_attack"),
    pytest.mark.long,
    pytest.mark.xdist_group("recall"),
]
PROJECT = Path(__file__).parents[2]
FIRST, SECOND, THIRD = "2026-06-30.1", "2026-07-30.1", "2026-08-29.1"
JULY, AUGUST = date(2026, 7, 30), date(2026, 8, 29)
MAY = [engagement(date(2026, 5, 1)), engagement(date(2026, 5, 1), "course-data"), nps(date(2025, 10, 1))]
JUNE = [engagement(date(2026, 6, 1))]
WHY = "completions of two courses were counted twice"
ENGAGEMENT = "course_engagement_monthly"


@pytest.fixture(scope="module")
def three(sound, tmp_path_factory):
    """Three releases: one of everything, one of May and a quarter, one of June."""
    root = tmp_path_factory.mktemp("three") / "home"
    shutil.copytree(sound.home.root, root, symlinks=True)
    school = School(Home(root), sound.keys, sound.policy, sound.contracts)
    with pytest.MonkeyPatch.context() as patch:
        for left_out in (ask_straight, hold_no_drill, attack_nothing):
            left_out(patch)
        published(school)
        for cells, day in ((MAY, JULY), (JUNE, AUGUST)):
            school.build(cells, day)
            published(school, day)
    return school


@pytest.fixture
def school(three, tmp_path):
    shutil.copytree(three.home.root, tmp_path / "home", symlinks=True)
    return School(Home(tmp_path / "home"), three.keys, three.policy, three.contracts)


def recall(school, release_id=SECOND, why=WHY, marts=(), periods=(), as_of=AUGUST):
    wrong = Wrong(release_id, why, tuple(marts), tuple(periods))
    plan = plan_withdrawal(Session(school.home, school.keys, given_day=as_of), wrong)
    return withdraw(Session(school.home, school.keys, given_day=as_of), wrong, plan.token)


def mark(school, release_id):
    return json.loads((school.home.releases / release_id / "WITHDRAWN.json").read_text())


def everything(school):
    """What a command that fails may not change: the files of the releases, the ledger and the marts of the
    warehouse.
    """
    files = {
        path.relative_to(school.home.root): path.lstat().st_mtime_ns
        for path in school.home.releases.rglob("*")
    }
    with school.connect(vault="ro", warehouse="ro") as connection:
        tables = connection.execute(
            "SELECT database_name, schema_name, table_name FROM duckdb_tables() WHERE schema_name IN "
            "('ledger', 'marts')"
        ).fetchall()
        return files, {table: connection.execute(f"FROM {'.'.join(table)}").fetchall() for table in tables}


def test_a_plan_changes_nothing_and_acting_needs_its_token(school):
    before = everything(school)
    wrong = Wrong(SECOND, WHY, (ENGAGEMENT,))
    plan = plan_withdrawal(Session(school.home, school.keys, given_day=AUGUST), wrong)
    assert (plan.recalled, plan.cells, plan.current, plan.is_done) == (
        [SECOND, THIRD],
        {ENGAGEMENT: 2},
        FIRST,
        False,
    )
    other = plan_withdrawal(Session(school.home, school.keys, given_day=AUGUST), Wrong(SECOND, WHY))
    assert other.cells == {ENGAGEMENT: 2, "nps_quarterly": 1}
    with pytest.raises(UsageError, match="not that of the present plan"):
        withdraw(Session(school.home, school.keys, given_day=AUGUST), wrong, other.token)
    assert everything(school) == before


def test_current_goes_back_and_the_folders_say_why(school):
    sums = {name: read_manifest(school.home.releases / name)["files"] for name in (SECOND, THIRD)}
    assert recall(school).is_done
    assert os.readlink(school.home.current) == FIRST
    assert mark(school, SECOND) == {
        "release_id": SECOND,
        "as_of": "2026-08-29",
        "why": WHY,
        "marts": [ENGAGEMENT, "nps_quarterly"],
        "replaced_by": None,
    }
    assert mark(school, THIRD)["marts"] == [ENGAGEMENT, "nps_quarterly"]
    assert not (school.home.releases / FIRST / "WITHDRAWN.json").exists()
    for name in (SECOND, THIRD):
        folder = school.home.releases / name
        assert stat.S_IMODE((folder / "WITHDRAWN.json").stat().st_mode) == 0o644
        assert altered_files(folder, read_manifest(folder)) == []
        assert read_manifest(folder)["files"] == sums[name]
    listed = {entry["release_id"]: entry for entry in list_releases(Session(school.home, school.keys))}
    assert [name for name, entry in listed.items() if entry["is_current"]] == [FIRST]
    assert listed[FIRST]["withdrawn"] is None
    assert listed[THIRD]["withdrawn"] == {
        "as_of": "2026-08-29",
        "why": WHY,
        "marts": [ENGAGEMENT, "nps_quarterly"],
        "replaced_by": None,
    }
    guard.check(Session(school.home, school.keys, school.policy, AUGUST))
    with pytest.raises(UsageError, match="before the last release"):
        guard.check(Session(school.home, school.keys, school.policy, JULY))


def test_the_correction_computes_the_wrong_cells_anew_and_carries_the_rest(school):
    recall(school, marts=[ENGAGEMENT])
    right = [engagement(date(2026, 5, 1), active=80), stayed(engagement(date(2026, 5, 1), "course-data"))]
    school.build(right, AUGUST)
    candidate = make_candidate(Session(school.home, school.keys, school.policy, AUGUST))
    assert candidate.name == ".candidate-2026-08-29.2"
    manifest = read_manifest(candidate)
    assert manifest["replaces"] == [
        {"release_id": name, "why": WHY, "marts": [ENGAGEMENT], "as_of": "2026-08-29"}
        for name in (SECOND, THIRD)
    ]
    assert (manifest["marts"][ENGAGEMENT]["new_cells"], manifest["marts"][ENGAGEMENT]["closed_periods"]) == (
        2,
        1,
    )
    assert published(school, AUGUST) == "2026-08-29.2"
    new, old = school.home.current.resolve(), school.home.releases / THIRD
    for mart in school.contracts:
        differing = set(read(new, f"FROM release.main.{mart}")) ^ set(read(old, f"FROM release.main.{mart}"))
        assert {(mart, str(row[1])) for row in differing} <= {(ENGAGEMENT, "2026-05-01")}
        assert bool(differing) == (mart == ENGAGEMENT)
    query = (
        f"SELECT n_active_learners FROM release.main.{ENGAGEMENT} WHERE month = DATE '2026-05-01' ORDER "
        f"BY course_id"
    )
    assert (read(old, query), read(new, query)) == ([(40,), (40,)], [(40,), (80,)])
    assert {mark(school, name)["replaced_by"] for name in (SECOND, THIRD)} == {"2026-08-29.2"}
    listed = list_releases(Session(school.home, school.keys))[-1]
    assert (listed["is_current"], listed["replaces"], listed["carried_cells"]) == (True, [SECOND, THIRD], 7)
    for release in list_releases(Session(school.home, school.keys)):
        report = gate(
            Session(school.home, school.keys, school.policy), school.home.releases / release["release_id"]
        )
        assert report.passed, (release["release_id"], report.sentences())
    with school.connect(vault="ro", warehouse="ro") as connection:
        unlisted = {
            f"{row[0]}.{row[1]}.{row[2]}"
            for row in connection.execute(
                "SELECT database_name, schema_name, table_name FROM duckdb_tables() WHERE schema_name = "
                "'ledger'"
            ).fetchall()
        }
    assert unlisted - set(places.BY_NAME) == set()


def test_one_period_can_be_recalled_alone(school):
    recall(school, FIRST, marts=["salary_outcome"], periods=["2024"])
    assert not school.home.current.is_symlink()
    assert ledger(
        school, "SELECT mart, period_key, release_id, last_release_id FROM vault.ledger.withdrawn_periods"
    ) == [("salary_outcome", "2024|6", FIRST, THIRD)]
    assert ledger(school, "SELECT release_id FROM vault.ledger.withdrawn_salary_outcome") == [(FIRST,)]
    assert ledger(school, "FROM vault.ledger.cells_salary_outcome") == []
    assert len(ledger(school, f"FROM vault.ledger.cells_{ENGAGEMENT}")) == 5


@pytest.mark.parametrize("as_of", [AUGUST, date(2026, 9, 1)])
def test_an_id_is_never_used_again(school, as_of):
    recall(school, THIRD)
    school.build([engagement(date(2026, 6, 1), active=60)], as_of)
    candidate = make_candidate(Session(school.home, school.keys, school.policy, as_of))
    assert candidate.name == f".candidate-{as_of}.{2 if as_of == AUGUST else 1}"


def test_a_correction_without_any_cell_is_news_too(school):
    recall(school, THIRD)
    school.build([], AUGUST)
    candidate = make_candidate(Session(school.home, school.keys, school.policy, AUGUST))
    assert has_news(Candidate.named(school.home, candidate.name))
    assert gate(Session(school.home, school.keys, school.policy), candidate, AUGUST).passed
    assert publish(Session(school.home, school.keys, school.policy), candidate) == "2026-08-29.2"
    assert mark(school, THIRD)["replaced_by"] == "2026-08-29.2"


def test_the_build_that_was_wrong_cannot_be_published_again(school):
    recall(school, THIRD)
    with pytest.raises(AnonymartError, match="no mart course_engagement_monthly: run `anonymart build`"):
        make_candidate(Session(school.home, school.keys, school.policy, AUGUST))


def test_a_candidate_from_before_the_withdrawal_is_not_published(school):
    recall(school, THIRD)
    school.build([stayed(cell) for cell in JUNE], AUGUST)
    candidate = make_candidate(Session(school.home, school.keys, school.policy, AUGUST))
    manifest = read_manifest(candidate)
    del manifest["files"]
    from anonymart.release.manifest import write_manifest

    write_manifest(candidate, manifest | {"replaces": []})
    report = gate(Session(school.home, school.keys, school.policy), candidate, AUGUST)
    assert {failure.kind for failure in report.failures} == {"replaces_unlike_ledger"}
    (candidate / "gate.json").write_text(json.dumps({"passed": True, "files": report.files}))
    with pytest.raises(AnonymartError, match="before the last withdrawal"):
        publish(Session(school.home, school.keys, school.policy), candidate)
    assert os.readlink(school.home.current) == SECOND


def test_the_gate_refuses_what_lies_outside_the_scope(school):
    """A cell that was right and comes out otherwise, and a cell that is added to a period which nobody called
    wrong.
    """
    recall(school, marts=[ENGAGEMENT])
    school.build(
        [engagement(date(2026, 5, 1), active=80), engagement(date(2026, 6, 1), "course-data")], AUGUST
    )
    candidate = make_candidate(Session(school.home, school.keys, school.policy, AUGUST))
    school.tamper(
        candidate,
        f"UPDATE release.main.{ENGAGEMENT} SET n_active_learners = 45 WHERE month = DATE '2026-04-01' "
        f"AND course_id = 'julia'",
    )
    report = gate(Session(school.home, school.keys, school.policy), candidate, AUGUST)
    # Files that another hand wrote have other bytes, too.
    assert {
        (failure.column, failure.kind)
        for failure in report.failures
        if failure.kind != "bytes_unlike_reading"
    } == {("n_active_learners", "carried_cell_changed"), ("*", "closed_period_reopened")}


def test_what_tells_more_than_plain_counts_is_not_shown_where_they_stay(school):
    """Moved or not: a figure that stays beside one that is hidden would say that nobody left its cell."""
    recall(school, FIRST, marts=["salary_outcome"])
    changed = salary()
    changed.published["salary_p50"], changed.true_values["salary_p50"] = 99100.0, 99050.0
    school.build([changed], AUGUST)
    report = gate(
        Session(school.home, school.keys, school.policy),
        make_candidate(Session(school.home, school.keys, school.policy, AUGUST)),
        AUGUST,
    )
    assert {
        failure.column for failure in report.failures if failure.kind == "correction_tells_a_difference"
    } == {
        *(f"{rate}{end}" for rate in ("employed_rate", "in_field_rate") for end in ("", "_low", "_high")),
        "salary_p25",
        "salary_p50",
        "salary_p75",
    }
    school.build([stayed(changed)], AUGUST)
    assert published(school, AUGUST)


def test_a_cell_that_many_moved_shows_all_its_figures_anew(school, monkeypatch):
    """Detractors move by five only, the answers by forty: the cell is new with all its figures, to rules,
    drill and attackers alike.
    """
    monkeypatch.undo()
    recall(school, SECOND, marts=["nps_quarterly"])
    school.build([nps(date(2025, 10, 1), detractors=35, answered=160)], AUGUST)
    report = gate(
        Session(school.home, school.keys, school.policy),
        make_candidate(Session(school.home, school.keys, school.policy, AUGUST)),
        AUGUST,
    )
    assert report.passed, report.sentences()


def test_a_cell_of_few_comes_again_when_nobody_is_left(school):
    """Its last people left between the release and its correction: without its row the correction would say
    so.
    """
    september, counts = date(2026, 9, 29), {"n_active_learners": 8, "n_registrations": 7, "n_completions": 0}
    few = replace(
        engagement(date(2026, 7, 1)),
        true_counts=counts | {"median_progress": 8},
        published=counts | {"median_progress": None},
        reasons={"median_progress": "too_few"},
    )
    school.build([few], september)
    fourth = published(school, september)
    recall(school, fourth, as_of=september)
    school.build([], september)
    report = gate(
        Session(school.home, school.keys, school.policy),
        make_candidate(Session(school.home, school.keys, school.policy, september)),
        september,
    )
    assert {(failure.mart, failure.kind) for failure in report.failures} == {
        (ENGAGEMENT, "recalled_cell_missing")
    }
    school.build(
        [stayed(replace(few, true_counts=dict.fromkeys(few.true_counts, 0), earliest_closing_on=None))],
        september,
    )
    assert published(school, september)


def test_a_recalled_count_that_a_wider_noise_would_not_tell_stays(school):
    """Eight were told when the mart had the noise of the coarse class; the class that it has now tells twelve
    at least. What is no recalled figure is refused.
    """
    recall(school, THIRD)
    counts = dict(school.policy.figure("counts"))
    wider = {name: value | {"coarse": value["broad"]} if isinstance(value, dict) else value
             for name, value in counts.items()}  # fmt: skip
    policy = Policy(school.policy.raw | {"counts": wider})
    month = engagement(date(2026, 6, 1))
    assert month.published["n_completions"] < policy.of_class("coarse").figure("counts", "smallest")
    school.build([stayed(month)], AUGUST)
    candidate = make_candidate(Session(school.home, school.keys, school.policy, AUGUST))

    def small() -> set[str]:
        report = gate(Session(school.home, school.keys, policy), candidate, AUGUST)
        return {each.column for each in report.failures if each.kind == "count_under_threshold"}

    assert small() == set()
    school.tamper(candidate, f"UPDATE release.main.{ENGAGEMENT} SET n_completions = 7 WHERE month = "
                  f"DATE '{month.dimensions['month']}'")  # fmt: skip
    assert small() == {"n_completions"}


def test_a_cell_of_few_that_had_no_row_stays_away(school):
    """Two were published as 0; whoever came late would give them a row. Many people may come."""
    recall(school, THIRD)
    counts = {"n_active_learners": 8, "n_registrations": 7, "n_completions": 0}
    few = replace(
        engagement(date(2026, 6, 1), "course-data"),
        true_counts=counts | {"median_progress": 8},
        published=counts | {"median_progress": None},
        reasons={"median_progress": "too_few"},
    )
    school.build([stayed(JUNE[0]), few], AUGUST)
    report = gate(
        Session(school.home, school.keys, school.policy),
        make_candidate(Session(school.home, school.keys, school.policy, AUGUST)),
        AUGUST,
    )
    assert {(failure.mart, failure.kind) for failure in report.failures} == {
        (ENGAGEMENT, "few_added_by_correction")
    }
    school.build([stayed(JUNE[0]), engagement(date(2026, 6, 1), "course-data")], AUGUST)
    assert published(school, AUGUST)


def test_a_count_that_few_people_moved_stays_as_it_was_recalled(school):
    recall(school, THIRD)
    moved = engagement(date(2026, 6, 1), active=46)
    school.build([moved], AUGUST)
    report = gate(
        Session(school.home, school.keys, school.policy),
        make_candidate(Session(school.home, school.keys, school.policy, AUGUST)),
        AUGUST,
    )
    assert {(failure.column, failure.kind) for failure in report.failures} == {
        ("n_active_learners", "count_unlike_persons")
    }
    moved.published["n_active_learners"] = 40
    school.build([stayed(moved)], AUGUST)
    assert published(school, AUGUST)


def test_a_pool_is_wrong_with_each_of_its_years(school):
    """The pool of 2023 and 2024 stands in the period 2024, which another release closed: it goes with
    2023.
    """
    with school.connect(vault="rw") as connection:
        cells = "vault.ledger.cells_salary_outcome"
        for year, year_from, release_id in ((2023, 2023, FIRST), (2024, 2023, SECOND), (2025, 2025, THIRD)):
            connection.execute(
                f"INSERT INTO {cells} (diploma_id, graduation_year, graduation_year_from, months_after, "
                f"release_id) VALUES ('RNCP37805', ?, ?, 24, ?)",
                [year, year_from, release_id],
            )
            connection.execute(
                "INSERT INTO vault.ledger.closed_periods VALUES ('salary_outcome', ?, ?)",
                [f"{year}|24", release_id],
            )
    plan = plan_withdrawal(
        Session(school.home, school.keys, given_day=AUGUST), Wrong(FIRST, WHY, ("salary_outcome",), ("2023",))
    )
    assert plan.periods == {"salary_outcome": ["2023|24", "2024|24"]}
    assert plan.cells == {"salary_outcome": 2}


BAD = {
    "unknown id": ({"release_id": "2026-07-30.9"}, "not known"),
    "no reason": ({"why": "  \n "}, "--why is empty"),
    "long reason": ({"why": "x" * 301}, "longer than"),
    "unprintable": ({"why": "wrong\x07"}, "cannot be printed"),
    "e-mail": ({"why": "asked by nobody@nowhere.example"}, r"\(email\)"),
    "known name": ({"why": "the answers of Le Goff were doubled"}, r"\(known family_name\)"),
    "known account": ({"why": "annemartin77 complained"}, r"\(known account\)"),
    "unknown mart": ({"marts": ["salaries"]}, "no mart salaries"),
    "mart of another release": ({"marts": ["salary_outcome"]}, "not the first to publish"),
    "period of another release": ({"periods": ["2026-04-01"]}, "not the first to publish the period"),
    "mart without the period": (
        {"marts": [ENGAGEMENT, "nps_quarterly"], "periods": ["2026-05-01"]},
        "of these periods in nps_quarterly",
    ),
    "a day too early": ({"as_of": JULY}, "before 2026-08-29"),
}


@pytest.mark.parametrize(("given", "says"), BAD.values(), ids=BAD)
def test_what_cannot_be_withdrawn(school, given, says):
    before = everything(school)
    with pytest.raises(UsageError, match=says) as raised:
        recall(school, **given)
    assert given.get("why", "").strip() not in str(raised.value) or not given.get("why", "").strip()
    assert everything(school) == before


def test_what_is_withdrawn_cannot_be_again_and_what_is_left_can(school):
    recall(school, SECOND, marts=["nps_quarterly"])
    for release_id in (SECOND, THIRD):
        with pytest.raises(UsageError, match="withdrawn already"):
            recall(school, release_id)
    assert recall(school, FIRST, marts=["nps_quarterly"]).recalled == [FIRST]
    assert not school.home.current.is_symlink()
    school.build([stayed(cell) for cell in CELLS[2:4] + MAY[2:]], AUGUST)
    assert published(school, AUGUST) == "2026-08-29.2"
    assert [entry["release_id"] for entry in read_manifest(school.home.current)["replaces"]] == [
        SECOND,
        THIRD,
        FIRST,
    ]
    for name in (FIRST, SECOND, THIRD):
        report = gate(Session(school.home, school.keys, school.policy), school.home.releases / name)
        assert report.passed, (name, report.sentences())


def test_a_reason_that_came_to_name_somebody_can_be_worded_anew(school):
    why = "figures of the brandelune project were wrong"
    recall(school, THIRD, why=why)
    with school.connect(vault="rw") as connection:
        connection.execute(
            "INSERT INTO vault.register.learners (load_no, learner_id, family_name) VALUES (2, "
            "'learner-000009', 'Brandelune')"
        )
    school.build([stayed(cell) for cell in JUNE], AUGUST)
    report = gate(
        Session(school.home, school.keys, school.policy),
        make_candidate(Session(school.home, school.keys, school.policy, AUGUST)),
        AUGUST,
    )
    assert {failure.kind for failure in report.failures} == {"known_family_name in manifest"}
    for release_id, text, says in (
        (SECOND, WHY, "not named in a withdrawal"),
        (THIRD, why, "known family_name"),
    ):
        with pytest.raises(UsageError, match=says):
            reword(Session(school.home, school.keys, given_day=AUGUST), release_id, text)
    assert reword(Session(school.home, school.keys, given_day=AUGUST), THIRD, WHY) == WHY
    assert mark(school, THIRD)["why"] == WHY
    assert published(school, AUGUST)
    with pytest.raises(UsageError, match="not named in a withdrawal"):
        reword(Session(school.home, school.keys, given_day=AUGUST), THIRD, why.replace("brandelune ", ""))


def test_a_withdrawal_needs_the_release_that_would_be_current(school):
    shutil.rmtree(school.home.releases / FIRST)
    with pytest.raises(AnonymartError, match="restore it from a copy first"):
        recall(school)
    assert os.readlink(school.home.current) == THIRD


def test_a_home_without_a_vault_has_nothing_to_withdraw(tmp_path, three):
    home = Home(tmp_path / "home").prepare()
    with pytest.raises(UsageError, match="not known"):
        plan_withdrawal(Session(home, three.keys, given_day=AS_OF), Wrong(FIRST, WHY))


KILLED = """
import sys
from datetime import date
from pathlib import Path
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.policy import load_policy
from anonymart.release import Wrong, recover, withdraw
from anonymart.session import Session
from tests.release.yes import publish
home = Home(Path(sys.argv[1]))
session = Session(home, Keys.load(home), load_policy(), date(2026, 8, 29))
"""
WITHDRAW = "withdraw(session, Wrong(sys.argv[2], sys.argv[3]), sys.argv[4])"


def kill(school, point, statement, *words):
    process = warm.python(
        KILLED + statement, school.home.root, *words, env=os.environ | {"ANONYMART_CRASH_AT": point}
    )
    assert process.returncode == -signal.SIGKILL, point


def test_a_kill_before_the_commit_has_withdrawn_nothing(school):
    plan = plan_withdrawal(Session(school.home, school.keys, given_day=AUGUST), Wrong(SECOND, WHY))
    kill(school, "withdraw.before_commit", WITHDRAW, SECOND, WHY, plan.token)
    assert recover(Session(school.home, school.keys)) == []
    assert os.readlink(school.home.current) == THIRD
    assert ledger(school, "FROM vault.ledger.withdrawals") == []
    assert recall(school).is_done


def test_a_kill_after_the_commit_is_finished_wherever_the_next_ones_come(school):
    """Withdrawn and killed, then recovery itself is killed at every point that it passes."""
    plan = plan_withdrawal(Session(school.home, school.keys, given_day=AUGUST), Wrong(SECOND, WHY))
    kill(school, "withdraw.after_commit", WITHDRAW, SECOND, WHY, plan.token)
    assert os.readlink(school.home.current) == THIRD
    for point in [point for point in crash.POINTS if point.startswith("withdraw.") and "commit" not in point]:
        kill(school, point, "recover(session)")
        assert os.readlink(school.home.current) == FIRST
    assert recover(Session(school.home, school.keys)) == [f"marked {THIRD} as withdrawn"]
    assert recover(Session(school.home, school.keys)) == []
    assert len(ledger(school, "FROM vault.ledger.withdrawals")) == 2
    for release_id in (SECOND, THIRD):
        assert {
            path.name for path in (school.home.releases / release_id).iterdir() if "WITHDRAWN" in path.name
        } == {"WITHDRAWN.json", "WITHDRAWN.sig"}


def test_a_kill_between_the_correction_and_its_marks(school):
    recall(school)
    school.build([stayed(cell) for cell in MAY], AUGUST)
    candidate = make_candidate(Session(school.home, school.keys, school.policy, AUGUST))
    assert gate(Session(school.home, school.keys, school.policy), candidate, AUGUST).passed
    kill(
        school,
        "publish.after_swap",
        "publish(session, home.releases / sys.argv[2])",
        candidate.name,
    )
    assert mark(school, SECOND)["replaced_by"] is None
    assert recover(Session(school.home, school.keys)) == [
        f"marked {name} as withdrawn" for name in (SECOND, THIRD)
    ]
    assert mark(school, SECOND)["replaced_by"] == "2026-08-29.2"


def test_the_command(school):
    def command(*words):
        done = warm.anonymart(*words, env={**os.environ, "ANONYMART_HOME": str(school.home.root)})
        return done.returncode, done.stdout, done.stderr

    words = ("withdraw", SECOND, "--why", WHY, "--mart", ENGAGEMENT, "--as-of", "2026-08-29")
    code, shown, _ = command(*words)
    assert code == 0
    assert shown.splitlines()[:3] == [
        f"Would recall: {SECOND}, {THIRD}",
        f"{ENGAGEMENT}: 2 cells of 1 periods to compute anew",
        f"Current: {FIRST}",
    ]
    token = shown.split()[-1]
    code, shown, _ = command(*words, "--token", token, "--json")
    found = json.loads(shown)
    assert code == 0
    assert (found["is_done"], found["recalled"], found["cells"], found["current"]) == (
        True,
        [SECOND, THIRD],
        {ENGAGEMENT: 2},
        FIRST,
    )
    code, shown, said = command(*words, "--json")
    assert (code, json.loads(shown)["exit_code"]) == (2, 2)
    assert "withdrawn already" in said
    code, shown, _ = command("releases")
    assert [line.endswith(f"(withdrawn: {WHY})") for line in shown.splitlines()] == [False, True, True]
    code, shown, _ = command("releases", "--json")
    assert [entry["withdrawn"] and entry["withdrawn"]["why"] for entry in json.loads(shown)["releases"]] == [
        None,
        WHY,
        WHY,
    ]

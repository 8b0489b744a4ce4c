"""Publishing: only what the gate has passed, all or nothing, whatever moment it is killed at (S-ANON,
S-SAFE).
"""

import json
import os
import signal
import stat
from datetime import date
from pathlib import Path

import duckdb
import pytest

from anonymart import guard
from anonymart.errors import AnonymartError, GateRefused, UsageError
from anonymart.gate import gate
from anonymart.release import Candidate, has_news, list_releases, recover, refuse
from anonymart.release.manifest import altered_files, read_manifest
from anonymart.release.privacy_report import read_privacy_report
from anonymart.release.writing import write_marts
from anonymart.session import Session
from tests import warm
from tests.gate.conftest import of_sound
from tests.gate.school import AS_OF, CELLS, NEXT_MONTH, engagement
from tests.release.yes import make_candidate, publish

pytestmark = [
    pytest.mark.long,
    pytest.mark.usefixtures("without_great_expectations", "without_drill", "without_attack"),
]
FIRST = "2026-06-30.1"
PROJECT = Path(__file__).parents[2]


def gated(school, as_of=AS_OF):
    def act(school):
        candidate = make_candidate(Session(school.home, school.keys, school.policy, as_of))
        assert gate(Session(school.home, school.keys, school.policy), candidate, as_of).passed
        return candidate.name

    return school.home.releases / of_sound(school, f"gated-{as_of}", act)


def published(school, as_of=AS_OF):
    def act(school):
        return publish(Session(school.home, school.keys, school.policy), gated(school, as_of))

    return of_sound(school, f"published-{as_of}", act)


def read(folder, query):
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{folder / 'marts.duckdb'}' AS release (READ_ONLY)")
        return connection.execute(query).fetchall()


def ledger(school, query):
    with school.connect(vault="ro") as connection:
        return connection.execute(query).fetchall()


def test_the_marts_are_written_without_compression(school, tmp_path):
    """DuckDB's compression puts the same rows down otherwise from one time to the next: the gate refused 6 of
    100 sound candidates.
    """
    values = {
        "VARCHAR": "'code-' || (i % 50)",
        "DATE": "DATE '2020-01-01' + (i % 90)::INTEGER",
        "BOOLEAN": "i % 2 = 0",
    }
    with duckdb.connect() as connection:
        connection.execute(f"CREATE SCHEMA source; ATTACH '{tmp_path / 'marts.duckdb'}' AS release")
        for contract in school.contracts.values():
            columns = ", ".join(
                f"CASE WHEN i % 7 > 0 THEN {values.get(column.type.upper(), 'i % 300')} "
                f'END::{column.type} AS "{column.name}"'
                for column in contract.columns
            )
            connection.execute(
                f"CREATE TABLE source.{contract.name} AS SELECT {columns} FROM range(5000) AS numbers (i)"
            )
        write_marts(connection, school.contracts, "source")
        connection.execute("DETACH release")
    found = {
        row[0]
        for name in school.contracts
        for row in read(
            tmp_path, f"SELECT DISTINCT compression FROM pragma_storage_info('release.main.{name}')"
        )
    }
    assert found <= {"Uncompressed", "Constant", "Empty Validity"}


def test_a_release_can_be_read_by_whom_it_is_handed_to(school):
    assert published(school) == FIRST
    folder = school.home.current.resolve()
    assert folder == school.home.releases / FIRST
    assert {path.name for path in folder.iterdir()} == {
        "index.html",
        "marts.duckdb",
        "marts.xlsx",
        "parquet",
        "csv",
        "csv_fr",
        "datapackage.json",
        "privacy_report.json",
        "privacy_report.html",
        "processing_register.html",
        "manifest.json",
        "manifest.sig",
        "gate.json",
        "data_docs",
    }
    for path in folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644)
    assert altered_files(folder, read_manifest(folder)) == []
    assert sum(mart["new_cells"] for mart in read_privacy_report(folder)["marts"].values()) == 5
    assert read(
        folder, "SELECT count(DISTINCT table_name) FROM duckdb_tables() WHERE schema_name = 'main'"
    ) == [(len(school.contracts),)]
    comment = read(folder, "SELECT comment FROM duckdb_tables() WHERE table_name = 'nps_quarterly'")
    assert comment == [(school.contracts["nps_quarterly"].description,)]
    assert not list(folder.glob("*.wal"))


def test_the_ledger_knows_cells_periods_and_the_release(school):
    published(school)
    assert ledger(
        school, "SELECT release_id, as_of, new_cells, carried_cells FROM vault.ledger.releases"
    ) == [(FIRST, AS_OF, 5, 0)]
    assert ledger(school, "SELECT * FROM vault.ledger.closed_periods ORDER BY ALL") == [
        ("course_engagement_monthly", "2026-04-01", FIRST),
        ("nps_quarterly", "2026-01-01", FIRST),
        ("salary_outcome", "2024|6", FIRST),
    ]
    cells = ledger(
        school,
        "SELECT course_id, n_active_learners, release_id FROM "
        "vault.ledger.cells_course_engagement_monthly ORDER BY ALL",
    )
    assert cells == [("course-ruby-basics", 40, FIRST), ("julia", 40, FIRST)]


def test_the_second_release_carries_the_first(school):
    published(school)
    held_open = duckdb.connect(str(school.home.current / "marts.duckdb"), read_only=True)
    school.build([engagement(month=date(2026, 5, 1))], NEXT_MONTH)
    assert published(school, NEXT_MONTH) == "2026-07-30.1"
    old, new = school.home.releases / FIRST, school.home.current.resolve()
    for mart in school.contracts:
        assert set(read(old, f"FROM release.main.{mart}")) <= set(read(new, f"FROM release.main.{mart}"))
    assert held_open.execute("SELECT count(*) FROM marts.course_engagement_monthly").fetchone() == (2,)
    found = list_releases(Session(school.home, school.keys))
    assert [
        (entry["release_id"], entry["new_cells"], entry["carried_cells"], entry["is_current"])
        for entry in found
    ] == [
        (FIRST, 5, 0, False),
        ("2026-07-30.1", 1, 5, True),
    ]


def test_nothing_new_is_no_release(school):
    published(school)
    school.build([])
    candidate = make_candidate(Session(school.home, school.keys, school.policy, AS_OF))
    assert candidate.name == ".candidate-2026-06-30.2"
    assert not has_news(Candidate.named(school.home, candidate.name))
    assert publish(Session(school.home, school.keys, school.policy), candidate) is None
    assert sorted(path.name for path in school.home.releases.iterdir()) == [FIRST, "current"]


def test_an_empty_period_closes_too(school):
    published(school)
    school.build([])
    with school.connect(warehouse="rw") as connection:
        connection.execute(
            "INSERT INTO warehouse.intermediate.int_closed_periods VALUES ('nps_quarterly', '2025-10-01')"
        )
    assert published(school) == "2026-06-30.2"
    assert ledger(
        school, "SELECT mart, period_key FROM vault.ledger.closed_periods WHERE release_id = '2026-06-30.2'"
    ) == [("nps_quarterly", "2025-10-01")]


def test_only_what_the_gate_has_passed_is_published(school):
    candidate = make_candidate(Session(school.home, school.keys, school.policy, AS_OF))
    with pytest.raises(GateRefused, match="not read by the gate"):
        publish(Session(school.home, school.keys, school.policy), candidate)
    gate(Session(school.home, school.keys, school.policy), candidate, AS_OF)
    school.tamper(candidate, "UPDATE release.main.nps_quarterly SET n_invited = 205", seal=False)
    with pytest.raises(GateRefused, match="no longer what the gate has read"):
        publish(Session(school.home, school.keys, school.policy), candidate)
    assert not school.home.current.exists()
    with pytest.raises(UsageError, match="no candidate of this home"):
        publish(
            Session(school.home, school.keys, school.policy),
            candidate.rename(candidate.with_name(".candidate-2026-06-30.7")),
        )


def test_a_refused_candidate_is_kept_closed_and_only_the_last(school):
    published(school)
    school.build([engagement(month=date(2026, 7, 1))], NEXT_MONTH)
    for _ in range(2):
        candidate = make_candidate(Session(school.home, school.keys, school.policy, NEXT_MONTH))
        assert not gate(Session(school.home, school.keys, school.policy), candidate, NEXT_MONTH).passed
        with pytest.raises(GateRefused, match="gate refused"):
            publish(Session(school.home, school.keys, school.policy), candidate)
        kept = refuse(school.home, Candidate.named(school.home, candidate.name)).folder
    assert [path.name for path in school.home.releases.glob(".refused-*")] == [kept.name]
    assert json.loads((kept / "gate.json").read_text())["failures"][0]["kind"] == "open_period"
    assert {stat.S_IMODE(path.stat().st_mode) for path in [kept, *kept.rglob("*")]} == {0o700, 0o600}
    assert os.readlink(school.home.current) == FIRST


KILLED = """
import sys
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.policy import load_policy
from anonymart.session import Session
from tests.release.yes import publish
home = Home(__import__("pathlib").Path(sys.argv[1]))
publish(Session(home, Keys.load(home), load_policy()), home.releases / sys.argv[2])
"""


@pytest.mark.parametrize(
    ("point", "is_committed"),
    [
        ("publish.before_commit", False),
        ("publish.after_commit", True),
        ("publish.after_rename", True),
        ("publish.after_swap", True),
    ],
)
def test_a_kill_at_any_point_is_made_good(school, point, is_committed):
    published(school)
    school.build([engagement(month=date(2026, 5, 1))], NEXT_MONTH)
    candidate = gated(school, NEXT_MONTH)
    process = warm.python(
        KILLED, school.home.root, candidate.name, env=os.environ | {"ANONYMART_CRASH_AT": point}
    )
    assert process.returncode == -signal.SIGKILL
    recover(Session(school.home, school.keys))
    assert recover(Session(school.home, school.keys)) == []
    second = "2026-07-30.1"
    assert os.readlink(school.home.current) == (second if is_committed else FIRST)
    assert {path.name for path in school.home.releases.iterdir()} == {FIRST, "current"} | (
        {second} if is_committed else set()
    )
    assert len(ledger(school, "FROM vault.ledger.releases")) == 1 + is_committed
    if not is_committed:
        assert published(school, NEXT_MONTH) == second
    assert len(read(school.home.current, "FROM release.main.course_engagement_monthly")) == 3
    assert [release["is_current"] for release in list_releases(Session(school.home, school.keys))] == [
        False,
        True,
    ]


def test_a_kill_between_the_link_and_the_swap_leaves_no_litter(school):
    published(school)
    os.symlink("nowhere", school.home.releases / ".link-2026-07-30.1")
    (school.home.releases / ".candidate-2026-07-30.1").mkdir()
    assert recover(Session(school.home, school.keys)) == ["removed the unfinished candidate 2026-07-30.1"]
    assert {path.name for path in school.home.releases.iterdir()} == {FIRST, "current"}


def test_a_lost_release_is_a_fault(school):
    published(school)
    (school.home.releases / FIRST).rename(school.home.root / "elsewhere")
    with pytest.raises(AnonymartError, match="is gone"):
        recover(Session(school.home, school.keys))


def test_a_home_without_a_vault_has_nothing_to_recover(tmp_path):
    from anonymart.home import Home

    home = Home(tmp_path / "home").prepare()
    assert recover(Session(home, None)) == []
    assert list_releases(Session(home, None)) == []


@pytest.mark.parametrize(
    ("as_of", "message"),
    [
        (date(2026, 6, 29), "before"),
        (date(2027, 7, 2), "would close|more than 366 days"),
        (date(2026, 7, 31), None),
    ],
)
def test_the_date_of_a_run(school, as_of, message):
    guard.check(Session(school.home, school.keys, school.policy, as_of))
    published(school)
    if message is None:
        guard.check(Session(school.home, school.keys, school.policy, as_of))
    else:
        with pytest.raises(UsageError, match=message):
            guard.check(Session(school.home, school.keys, school.policy, as_of))
        guard.check(Session(school.home, school.keys, school.policy, as_of), force=True)


def test_a_candidate_is_the_same_when_made_again(school):
    files = []
    for _ in range(2):
        candidate = make_candidate(Session(school.home, school.keys, school.policy, AS_OF))
        manifest = read_manifest(candidate)["files"]
        files.append({name: entry for name, entry in manifest.items() if name != "marts.duckdb"})
    assert files[0] == files[1]
    assert len(CELLS) == sum(mart["rows"] for mart in read_manifest(candidate)["marts"].values())

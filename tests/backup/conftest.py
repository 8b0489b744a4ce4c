"""The small school of the gate's tests, with deliveries, requests and releases; and its disk, which can be
lost.
"""

import shutil
from datetime import date
from pathlib import Path

import pytest

from anonymart.backup import make
from anonymart.backup.restore import Options, restore
from anonymart.home import Home
from anonymart.session import Session
from tests.erasure.small_school import SmallSchool as ErasureSchool
from tests.gate.conftest import ask_straight, attack_nothing, hold_no_drill, sound  # noqa: F401
from tests.gate.school import AS_OF, CELLS, School, engagement
from tests.release.test_publish import published

JULY, AUGUST = date(2026, 7, 30), date(2026, 8, 29)
FIRST, SECOND, THIRD = "2026-06-30.1", "2026-07-30.1", "2026-08-29.1"


class SmallSchool(ErasureSchool):
    """The home of a school, and what lies outside of it: backups, the copy of the newest, and the safe with
    the keys.
    """

    def __init__(self, school: School, outside: Path) -> None:
        self.school, self.outside = school, outside
        super().__init__(school.home.root)

    def publish(self, cells: list, as_of: date) -> str | None:
        self.school.build(cells, as_of)
        return published(self.school, as_of)

    def load(self, name: str, learner_id: str, as_of: date = AS_OF) -> None:
        self.deliver(
            "learners",
            name,
            [
                {
                    "learner_id": learner_id,
                    "email": f"{learner_id}@example.org",
                    "registered_at": "2026-05-05T10:00:00Z",
                }
            ],
        )
        self.ingest(as_of)

    def backup(self, name: str = "backup", as_of: date = AS_OF) -> make.Backup:
        return make.backup(Session(self.home, self.keys, self.policy, as_of), self.outside / name)

    def light(self, name: str = "newest") -> None:
        make.light(Session(self.home, self.keys), self.outside / name)

    def lose_disk(self) -> None:
        keys = self.home.keys_file.read_bytes()
        shutil.rmtree(self.home.root)
        self.home.prepare()
        self.home.keys_file.write_bytes(keys)
        self.home.keys_file.chmod(0o600)

    def restore(self, name: str = "backup", **more):
        more = {"as_of": AUGUST, **more}
        return restore(
            Session(self.home, self.keys, self.policy, more.pop("as_of")),
            self.outside / name,
            Options(**more),
        )

    def ledger(self) -> dict[str, list]:
        """Cells, closed periods and releases, as the vault knows them."""
        with self.school.connect(vault="ro") as connection:
            tables = connection.execute("""
                SELECT table_name FROM duckdb_tables() WHERE database_name = 'vault'
                    AND schema_name = 'ledger'
                    AND (table_name LIKE 'cells_%' OR table_name
                        IN ('releases', 'closed_periods'))""").fetchall()
            return {
                table: sorted(connection.execute(f"FROM vault.ledger.{table}").fetchall(), key=repr)
                for (table,) in tables
            }


@pytest.fixture(scope="session")
def furnished(sound, tmp_path_factory) -> Path:  # noqa: F811
    """One release and one backup; then a delivery, a second release and an erasure, and a copy of the newest:
    all in `saved`, made in the folder `work` in which each test finds its copy, for a backup is known by its
    place.
    """
    root = tmp_path_factory.mktemp("backup")
    with pytest.MonkeyPatch.context() as patch:
        for left_out in (ask_straight, hold_no_drill, attack_nothing):
            left_out(patch)
        shutil.copytree(sound.home.root, root / "work" / "home", symlinks=True)
        _furnish(_in(root / "work", sound))
    (root / "work").rename(root / "saved")
    return root


def _in(work: Path, sound: School) -> SmallSchool:  # noqa: F811
    school = School(Home(work / "home"), sound.keys, sound.policy, sound.contracts)
    return SmallSchool(school, work / "outside")


def _furnish(small_school: SmallSchool) -> None:
    small_school.outside.mkdir()
    small_school.deliver_all("before", ("anna",))
    small_school.load("before.ndjson", "L-before")
    assert small_school.publish(CELLS, AS_OF) == FIRST
    (small_school.home.root / "config").mkdir()
    (small_school.home.root / "config" / "policy.yml").write_text("# of the backup\n")
    small_school.backup()
    small_school.load("after.ndjson", "L-after", JULY)
    assert small_school.publish([engagement(date(2026, 5, 1))], JULY) == SECOND
    erased = small_school.erase(small_school.request(number=1), as_of=JULY)
    assert sum(erased.rows.values()) > 5, erased


@pytest.fixture
def small_school(furnished, sound, monkeypatch) -> SmallSchool:  # noqa: F811
    """A copy of that school and of what lies outside of it, to lose and to restore."""
    for left_out in (ask_straight, hold_no_drill, attack_nothing):
        left_out(monkeypatch)
    shutil.rmtree(furnished / "work", ignore_errors=True)
    shutil.copytree(furnished / "saved", furnished / "work", symlinks=True)
    return _in(furnished / "work", sound)

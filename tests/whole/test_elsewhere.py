"""A home that moves, two of them on one machine, a disk that may only be read, and a disk that is full at one
step after the other: what is published in the end is what an undisturbed home publishes (S-SAFE).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from anonymart.keys import KEY_NAMES
from tests.shared import made_once
from tests.whole.small_school import (
    SmallSchool,
    clean_environment,
    command_line,
    differences,
    file_sums,
    open_small_school,
)
from tests.whole.test_bad_days import tells

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("elsewhere")]

FIRST, SECOND = "2026-05-31", "2026-06-30"
N_PEOPLE = 120
# Somebody who asks to be erased in the second month; nothing of hers may stand in what a full disk has left.
LEAVER = "juniper-quill-77"
ERASE = (
    f"request_id,kind,learner_id,received_at,identity_verified\nR1,erase,{LEAVER},2026-06-09T10:00:00Z,true\n"
)


def deliver(landing: Path, month: int) -> None:
    """Learners, one course, and what they do in it in a month."""
    people = [LEAVER, *(f"L-{number}" for number in range(1, N_PEOPLE))]
    lines = [
        f"{person},https://campus.example,account-{n},{person}@example.org" for n, person in enumerate(people)
    ]
    texts = {
        "learners/learners.csv": "\n".join(["learner_id,account_home_page,account_name,email", *lines])
        + "\n",
        "catalogue/courses.csv": (
            "course_id,course_title\nhttps://campus.example/xapi/course/course-a,Course A\n"
        ),
        f"learning/{month}.ndjson": "".join(statement(month, n) for n in range(4 * N_PEOPLE)),
    }
    for name, text in texts.items():
        (landing / name).parent.mkdir(parents=True, exist_ok=True)
        (landing / name).write_text(text)


def statement(month: int, number: int) -> str:
    course = "https://campus.example/xapi/course/course-a"
    told = {
        "id": str(uuid.UUID(int=(month << 64) + number)),
        "actor": {"account": {"homePage": "https://campus.example", "name": f"account-{number % N_PEOPLE}"}},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/experienced"},
        "object": {"id": f"https://campus.example/xapi/page/{number % 7}"},
        "context": {"contextActivities": {"parent": [{"id": course}]}},
        "timestamp": f"2026-{month:02d}-{number % 28 + 1:02d}T10:00:00Z",
    }
    return json.dumps(told) + "\n"


@pytest.fixture(scope="module")
def waiting(tmp_path_factory) -> SmallSchool:
    """A home with one release, in which the next month and a request wait to be read."""

    def make(folder: Path) -> None:
        small_school = open_small_school(folder / "home")
        deliver(small_school.home.landing, 3)
        assert small_school.succeed("run", "--as-of", FIRST)["release_id"] == f"{FIRST}.1"
        deliver(small_school.home.landing, 4)
        (small_school.home.landing / "rights").mkdir()
        (small_school.home.landing / "rights" / "a.csv").write_text(ERASE)

    return SmallSchool(made_once(tmp_path_factory, "elsewhere", make) / "home")


@pytest.fixture(scope="module")
def undisturbed(waiting, tmp_path_factory) -> SmallSchool:
    """The same home after its next run."""
    small_school = waiting.copy(tmp_path_factory.mktemp("undisturbed") / "home")
    assert small_school.succeed("run", "--as-of", SECOND)["release_id"] == f"{SECOND}.1"
    return small_school


def ends_alike(small_school: SmallSchool, undisturbed: SmallSchool) -> None:
    """The release is that of the undisturbed home, and she is in neither vault any more."""
    assert small_school.current == undisturbed.current == f"{SECOND}.1"
    assert differences(undisturbed.home.current, small_school.home.current) == {}
    assert small_school.vault("SELECT count(*) FROM vault.register.learners") == [(N_PEOPLE - 1,)]
    for command in (("audit",), ("verify", small_school.home.current)):
        done = small_school.command(*command)
        assert done.returncode == 0, done.stderr[-2000:]


def test_a_home_that_moved_goes_on(waiting, undisturbed, tmp_path):
    """To another path with a space and an accent, as when disk, host or user change."""
    small_school = waiting.copy(tmp_path / "home")
    (tmp_path / "un autre disque é").mkdir()
    shutil.move(small_school.root, tmp_path / "un autre disque é" / "home")
    moved = SmallSchool(tmp_path / "un autre disque é" / "home")
    assert moved.succeed("run", "--as-of", SECOND)["release_id"] == f"{SECOND}.1"
    ends_alike(moved, undisturbed)
    assert not small_school.root.exists()


def test_two_schools_run_at_once_on_one_machine(waiting, undisturbed, tmp_path):
    """Two homes, two key files, one user, one cache; neither sees the other."""
    ours = waiting.copy(tmp_path / "ours")
    (tmp_path / "ours.json").write_bytes(ours.home.keys_file.read_bytes())
    ours.home.keys_file.unlink()
    (tmp_path / "theirs").mkdir()
    theirs = SmallSchool(tmp_path / "theirs" / "home")
    theirs.root.mkdir(mode=0o700)
    (tmp_path / "theirs.json").write_text(json.dumps({name: uuid.uuid4().hex * 2 for name in KEY_NAMES}))
    deliver(theirs.home.landing, 3)
    runs = []
    for small_school, name in ((ours, "ours"), (theirs, "theirs")):
        (tmp_path / f"{name}.json").chmod(0o600)
        own = {
            "ANONYMART_KEYS_FILE": str(tmp_path / f"{name}.json"),
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
        }
        runs.append(
            subprocess.Popen(
                command_line("run", "--as-of", SECOND, "--json"),
                env=clean_environment(small_school.root, **own),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    for run in runs:
        said, faults = run.communicate(timeout=600)
        assert run.returncode == 0, faults[-2000:]
        assert json.loads(said)["release_id"] == f"{SECOND}.1"
    for name, small_school in (("ours", ours), ("theirs", theirs)):
        shutil.copy(tmp_path / f"{name}.json", small_school.root / "keys.json")
    ends_alike(ours, undisturbed)
    assert theirs.vault("SELECT count(*) FROM vault.register.learners") == [(N_PEOPLE,)]
    assert theirs.vault("SELECT count(*) FROM vault.ledger.releases") == [(1,)]
    shutil.copy(tmp_path / "ours.json", theirs.root / "keys.json")
    tells(theirs.command("run", "--as-of", SECOND, "--json"), 2, "The key 'signing' is not the one")


# A file system of its own, to be filled or to be read only.


@pytest.fixture
def disk(tmp_path) -> Iterator[Path]:
    mount = tmp_path / "disk"
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", mount], check=True)
    try:
        yield mount
    finally:
        subprocess.run(["umount", "-l", mount], check=True)


@pytest.mark.needs_root
def test_a_disk_that_may_only_be_read(waiting, undisturbed, disk):
    small_school = waiting.copy(disk / "home")
    before = file_sums(small_school.root)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    for command in ("run", "ingest", "rights advance", "build", "publish", "backup", "migrate"):
        words = [*command.split(), *(["--as-of", SECOND] if command not in ("backup", "migrate") else [])]
        words += [disk.parent / "backup"] if command == "backup" else []
        tells(small_school.command(*words, "--json"), 2, "cannot be written", "Read-only file system")
    assert file_sums(small_school.root) == before
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    small_school.succeed("run", "--as-of", SECOND)
    ends_alike(small_school, undisturbed)


@pytest.mark.needs_root
def test_a_disk_that_is_full_at_one_step_after_the_other(waiting, undisturbed, disk):
    """A sentence each time, no name in what is left beside the vault, and in the end the release of an
    undisturbed home.
    """
    small_school = waiting.copy(disk / "home")
    filler = disk / "filler"
    steps = [("run", kilobytes) for kilobytes in (0, 40, 200, 4000)]
    steps += [(command, kilobytes) for command in ("build", "publish") for kilobytes in (100, 1500)]
    for command, kilobytes in steps:
        # What needs the most room is done between, so that the steps after it are reached.
        if between := {("build", 100): ("rights", "advance"), ("publish", 100): ("build",)}.get(
            (command, kilobytes)
        ):
            filler.unlink()
            small_school.succeed(*between, "--as-of", SECOND)
        fill(filler, kilobytes)
        done = small_school.command(command, "--as-of", SECOND, "--json")
        tells(done, 1, "disk", "is full", "free some space")
        assert small_school.current == f"{FIRST}.1"
        assert LEAVER not in done.stdout + done.stderr
        for path in [*small_school.home.tmp.rglob("*"), *small_school.home.releases.rglob("*")]:
            assert not path.is_file() or LEAVER.encode() not in path.read_bytes(), path
    filler.unlink(missing_ok=True)
    small_school.succeed("run", "--as-of", SECOND)
    ends_alike(small_school, undisturbed)


def fill(filler: Path, kilobytes: int) -> None:
    """Leave so much room on the disk of a file."""
    filler.unlink(missing_ok=True)
    status = os.statvfs(filler.parent)
    size = status.f_bavail * status.f_frsize - kilobytes * 1024
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)

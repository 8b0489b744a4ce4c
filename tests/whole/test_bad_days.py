"""Bad days: one sentence, the right exit code, nothing half-done, and the next run goes on (S-SAFE)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from anonymart import engine
from anonymart.home import PROJECT
from anonymart.keys import KEY_NAMES
from anonymart.lock import writing
from tests.whole.small_school import (
    SmallSchool,
    accounts,
    clean_environment,
    command_line,
    file_sums,
    open_small_school,
)

AS_OF = "2026-06-30"
ZONES = ("vault.duckdb", "warehouse.duckdb")


@pytest.fixture(scope="module")
def settled(tmp_path_factory) -> SmallSchool:
    """A home with a vault of a few rows, and one file that still waits."""
    small_school = open_small_school(tmp_path_factory.mktemp("settled") / "home")
    deliver(small_school.home.landing, 1, 50)
    small_school.succeed("ingest", "--as-of", AS_OF)
    deliver(small_school.home.landing, 2, 50)
    return small_school


@pytest.fixture
def small_school(settled, tmp_path) -> SmallSchool:
    return settled.copy(tmp_path / "home")


def deliver(landing: Path, number: int, n_rows: int, padding: int = 0) -> Path:
    """A file of statements of fictional learners."""
    path = landing / "learning" / f"statements-{number}.ndjson"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        for row in range(n_rows):
            statement = {
                "id": str(uuid.UUID(int=(number << 64) + row)),
                "actor": {"account": {"homePage": "https://campus.example", "name": f"account-{row % 500}"}},
                "verb": {"id": "http://adlnet.gov/expapi/verbs/experienced"},
                "object": {
                    "id": (
                        f"https://campus.example/xapi/page/"
                        f"{number}-{row}-{uuid.uuid5(uuid.NAMESPACE_OID, str(row))}"
                    )
                    + "x" * padding
                },
                "context": {
                    "contextActivities": {"parent": [{"id": "https://campus.example/xapi/course/course-a"}]}
                },
                "timestamp": f"2026-03-{row % 28 + 1:02d}T10:00:00Z",
            }
            file.write(json.dumps(statement) + "\n")
    return path


def tells(done: subprocess.CompletedProcess[str], code: int, *parts: str) -> None:
    """The command ended with the code and one sentence that says what, where and what to do."""
    assert done.returncode == code, done.stderr[-2000:]
    said = [line for line in done.stderr.splitlines() if line.startswith(("anonymart: ", "Error: "))]
    assert len(said) == 1, done.stderr[-2000:]
    assert done.stderr.splitlines()[-1] == said[0]
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in said[0]
    if done.args[-1] == "--json" and said[0].startswith("anonymart: "):
        answer = json.loads(done.stdout)
        assert answer["exit_code"] == code
        assert said[0] == f"anonymart: {answer['error']}"


def goes_on(small_school: SmallSchool, n_rows: int = 100) -> None:
    """The day is good again: what waited is loaded, once."""
    report = small_school.succeed("ingest", "--as-of", AS_OF)
    assert all(accounts(file) for file in report["files"])
    assert small_school.vault("SELECT count(*), count(DISTINCT statement_id) FROM vault.raw.learning") == [
        (n_rows, n_rows)
    ]


@pytest.mark.parametrize("command", ["run", "ingest", "build", "publish", "purge", "releases"])
def test_no_keys(tmp_path, command):
    small_school = SmallSchool(tmp_path / "home")
    deliver(small_school.home.landing, 1, 5)
    tells(
        small_school.command(command, "--json"),
        2,
        "The key 'vault' is missing",
        "anonymart keys init",
        "ANONYMART_KEY_VAULT",
    )
    assert not any((small_school.root / zone).exists() for zone in ZONES)
    assert len(list((small_school.home.landing / "learning").iterdir())) == 1


@pytest.mark.parametrize("name", KEY_NAMES)
def test_one_key_is_missing(small_school, name):
    path = small_school.home.keys_file
    keys = json.loads(path.read_text())
    without = {known: value for known, value in keys.items() if known != name}
    path.write_text(json.dumps(without))
    sums = file_sums(small_school.root)
    tells(
        small_school.command("run", "--as-of", AS_OF, "--json"),
        2,
        f"The key '{name}' is missing",
        f"ANONYMART_KEY_{name.upper()}",
    )
    assert file_sums(small_school.root) == sums
    tells_ok = small_school.command("keys", "check", **{f"ANONYMART_KEY_{name.upper()}": keys[name]})
    assert tells_ok.returncode == 0


def test_keys_lost_beside_a_vault_are_not_made_anew(small_school):
    small_school.home.keys_file.unlink()
    tells(small_school.command("keys", "init", "--json"), 2, "restore the old key file")
    assert not small_school.home.keys_file.exists()


@pytest.mark.parametrize(
    ("command", "zone"),
    [
        ("run", "vault"),
        ("run", "warehouse"),
        ("ingest", "vault"),
        ("build", "warehouse"),
        ("publish", "warehouse"),
    ],
)
def test_a_wrong_key(small_school, command, zone):
    with engine.connect(small_school.home, small_school.keys, warehouse="rw"):
        pass
    path = small_school.home.keys_file
    right = path.read_text()
    path.write_text(json.dumps({**json.loads(right), zone: "0" * 64}))
    sums = file_sums(small_school.root, "*.duckdb")
    if (command, zone) == ("run", "warehouse"):
        # Ingest does not need the warehouse: what it committed stays, and the run stops after it.
        del sums["vault.duckdb"]
    done = small_school.command(command, "--as-of", AS_OF, "--json")
    tells(done, 1, f"does not open with its key '{zone}'", "restore the key file")
    assert {
        name: total for name, total in file_sums(small_school.root, "*.duckdb").items() if name in sums
    } == sums
    assert small_school.current is None
    path.write_text(right)
    goes_on(small_school)


@pytest.mark.parametrize("place", ["", "tmp", "releases", "dbt"])
def test_a_folder_that_cannot_be_written(small_school, tmp_path, place):
    """Root writes where it likes: a file in the folder's place stops it too."""
    target = small_school.root / place if place else tmp_path / "elsewhere"
    if place:
        shutil.rmtree(target)
    target.write_text("not a folder")
    root = target if not place else small_school.root
    done = subprocess.run(
        command_line("run", "--as-of", AS_OF, "--json"),
        env=clean_environment(root),
        capture_output=True,
        text=True,
    )
    tells(done, 2, "cannot be written", "ANONYMART_HOME")
    assert target.read_text() == "not a folder"
    if place:
        target.unlink()
        goes_on(small_school)


def test_a_vault_that_somebody_has_open(small_school):
    """Another process, a DuckDB shell say, keeps the file; it lets go, and the same command goes on."""
    holder = subprocess.Popen(
        [*command_line()[:1], "-c", _HOLD, str(small_school.root)],
        env=clean_environment(small_school.root), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout.readline() == "held\n"
        waiting = file_sums(small_school.home.landing)
        for command in ("run", "ingest", "build", "publish"):
            tells(
                small_school.command(command, "--as-of", AS_OF, "--json"),
                1,
                "vault.duckdb is in use by another process",
            )
        assert file_sums(small_school.home.landing) == waiting
    finally:
        holder.communicate("")
    goes_on(small_school)


_HOLD = """
import sys
from pathlib import Path
from anonymart import engine
from anonymart.home import Home
from anonymart.keys import Keys
home = Home(Path(sys.argv[1]))
connection = engine.connect(home, Keys.load(home), vault="rw")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.long
def test_a_second_run_at_once(small_school):
    with writing(small_school.home):
        done = small_school.command("run", "--as-of", AS_OF, "--json")
        tells(done, 1, "Another run is writing in", "wait for it to end")
    goes_on(small_school)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run", "--as-off", AS_OF), "No such option"),
        (("rum",), "No such command"),
        (("run", "--as-of", "30/06/2026"), "--as-of"),
        (("run", "--as-of", "2026-02-30"), "--as-of"),
        (("gate",), "Missing argument"),
        (("gate", "/nowhere"), "does not exist"),
        (("ingest", "--landing", "/nowhere"), "The landing folder /nowhere does not exist"),
        (("ingest", "--source", "photos"), "There is no source of that name"),
        (
            ("demo", "generate", "--out", "/nowhere", "--learners", "3", "--seed", "1", "--as-of", AS_OF),
            "200 to",
        ),
        (("purge", "--as-of", AS_OF, "--token", "000000000000"), "The token is not that of the present plan"),
    ],
)
def test_wrong_use(small_school, arguments, says):
    sums = file_sums(small_school.root)
    tells(small_school.command(*arguments), 2, says)
    assert file_sums(small_school.root) == sums


def test_building_and_publishing_before_anything_was_loaded(tmp_path):
    small_school = open_small_school(tmp_path / "home")
    tells(small_school.command("build", "--as-of", AS_OF, "--json"), 2, "run `anonymart ingest` first")
    done = small_school.command("publish", "--as-of", AS_OF, "--json")
    assert done.returncode in (1, 2)
    tells(done, done.returncode, "does not exist yet")
    assert small_school.current is None


# What is told about the project itself: its files are copied, changed, and run in the place of the real ones.


@pytest.fixture
def project(tmp_path) -> Path:
    """A copy of what the program reads of its project."""
    root = tmp_path / "project"
    for folder in ("plugins", "dbt_project", "expectations"):
        shutil.copytree(
            PROJECT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", "target", "logs")
        )
    return root


def in_project(small_school: SmallSchool, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = clean_environment(small_school.root, PYTHONPATH=str(project / "plugins"))
    return subprocess.run(command_line(*arguments), env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text + "\nsurprise: 1\n", "unknown entry 'surprise'"),
        (
            lambda text: text.replace("  variance: {", "  skewness: 1\n  variance: {"),
            "unknown entry 'counts.skewness'",
        ),
        (lambda text: text.replace("  variance: {", "# {"), "the entry 'counts.variance' is missing"),
        (
            lambda text: text.replace("variance: {coarse: 19,", "variance: {coarse: few,"),
            "'counts.variance.coarse' must be a number",
        ),
        (lambda text: text.replace("counts:", "counts: ["), "policy.yml"),
    ],
    ids=["unknown", "unknown inside", "missing", "no number", "no YAML"],
)
def test_a_policy_that_nobody_understands(small_school, project, change, says):
    path = project / "expectations" / "policy.yml"
    changed = change(path.read_text())
    assert changed != path.read_text()
    path.write_text(changed)
    sums = file_sums(small_school.root)
    tells(in_project(small_school, project, "run", "--as-of", AS_OF, "--json"), 2, says)
    assert file_sums(small_school.root) == sums


def test_a_mart_without_disclosure(small_school, project):
    path = project / "dbt_project" / "models" / "marts" / "nps_quarterly.yml"
    model = path.read_text().split("unit_tests:")[0]
    changed = re.sub(
        r"meta:\n +disclosure:.*?\n(?=    (data_tests|columns):)",
        "meta: {}\n",
        model,
        count=1,
        flags=re.DOTALL,
    )
    assert "disclosure:" in model
    assert "disclosure:" not in changed
    path.write_text(changed)
    zones = file_sums(small_school.root, "*.duckdb")
    done = in_project(small_school, project, "build", "--as-of", AS_OF, "--json")
    assert done.returncode in (1, 2)
    tells(done, done.returncode, "nps_quarterly", "disclosure")
    assert {
        name: total for name, total in file_sums(small_school.root, "*.duckdb").items() if name in zones
    } == zones
    assert small_school.current is None


# A full disk: a small tmpfs of its own.


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A file system that holds 24 MB and not a byte more."""
    mount = tmp_path / "disk"
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", mount], check=True)
    try:
        yield mount
    finally:
        subprocess.run(["umount", "-l", mount], check=True)


def enlarge(mount: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=400m", mount], check=True)


def shrink(mount: Path) -> None:
    """Leave 300 kB."""
    status = os.statvfs(mount)
    used = (status.f_blocks - status.f_bfree) * status.f_frsize
    subprocess.run(["mount", "-o", f"remount,size={(used >> 10) + 300}k", mount], check=True)


@pytest.mark.needs_root
def test_a_disk_that_fills_up_while_loading(small_disk, tmp_path):
    small_school = open_small_school(small_disk / "home")
    landing = tmp_path / "landing"
    deliver(landing, 1, 20)
    big = deliver(landing, 2, 60_000, padding=300)
    done = small_school.command("ingest", "--landing", landing, "--as-of", AS_OF, "--json")
    tells(done, 1, "disk", "full", "landing")
    assert big.exists()
    assert small_school.vault("SELECT file_name, loaded FROM vault.ledger.loads") == [
        ("statements-1.ndjson", 20)
    ]
    assert small_school.vault("SELECT count(*) FROM vault.raw.learning") == [(20,)]
    enlarge(small_disk)
    small_school.succeed("ingest", "--landing", landing, "--as-of", AS_OF)
    assert not big.exists()
    assert small_school.vault("SELECT count(*), count(DISTINCT statement_id) FROM vault.raw.learning") == [
        (60_020, 60_020)
    ]


@pytest.mark.long
@pytest.mark.needs_root
def test_a_disk_that_fills_up_on_the_way_out(small_disk, tmp_path):
    """Full while building, then full while publishing: each time a sentence, and the same command goes on
    when there is room.
    """
    small_school = open_small_school(small_disk / "home")
    landing = tmp_path / "landing"
    deliver(landing, 1, 200)
    (landing / "catalogue").mkdir()
    (landing / "catalogue" / "courses.csv").write_text(
        "course_id,course_title\nhttps://campus.example/xapi/course/course-a,Course A\n"
    )
    (landing / "learners").mkdir()
    people = [f"L-{number},https://campus.example,account-{number}" for number in range(500)]
    (landing / "learners" / "learners.csv").write_text(
        "\n".join(["learner_id,account_home_page,account_name", *people])
    )
    small_school.succeed("ingest", "--landing", landing, "--as-of", AS_OF)
    for command in ("build", "publish"):
        shrink(small_disk)
        done = small_school.command(command, "--as-of", AS_OF, "--json")
        tells(done, 1, "disk is full")
        assert small_school.current is None
        assert [
            path.name for path in small_school.home.releases.iterdir() if not path.name.startswith(".")
        ] == []
        enlarge(small_disk)
        small_school.succeed(command, "--as-of", AS_OF)
    assert small_school.current == f"{AS_OF}.1"

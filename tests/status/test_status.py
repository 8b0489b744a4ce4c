"""`anonymart status`: what waits since when, read only, beside a run that writes too."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from anonymart.cli.commands import anonymart
from anonymart.lock import writing
from anonymart.policy import load_policy, policy_id
from anonymart.release.signature import fingerprint, public_key
from anonymart.status import look
from tests.gate.conftest import school, sound, without_attack, without_drill, without_great_expectations  # noqa: F401
from tests.gate.school import AS_OF
from tests.release.test_publish import FIRST, published

pytestmark = [
    pytest.mark.long,
    pytest.mark.usefixtures("without_great_expectations", "without_drill", "without_attack"),
]
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
PERSON = "anna.muster@example.org"


@pytest.fixture
def home(school, monkeypatch):  # noqa: F811
    """A home with one release, nothing in landing and nothing that asks."""
    assert published(school) == FIRST
    monkeypatch.setenv("ANONYMART_HOME", str(school.home.root))
    return school.home


def told(home, **more):
    return look(home, load_policy(), AS_OF, more.get("now", datetime.now(UTC)))


def command(*words):
    return CliRunner().invoke(anonymart, ["status", "--as-of", str(AS_OF), *words], catch_exceptions=False)


def state_of(home):
    return {
        str(path.relative_to(home.root)): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in home.root.rglob("*")
        if path.name != "run.lock"
    }


def test_a_home_that_is_well(home, school):  # noqa: F811
    before = state_of(home)
    done = command("--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert state_of(home) == before
    assert (found["status"], found["is_busy"], found["asks"]["problems"]) == ("ok", False, [])
    assert found["last_release"] == {"release_id": FIRST, "as_of": str(AS_OF), "is_current": True}
    assert set(found["zones"]) >= {"vault", "warehouse", "audit"}
    assert found["zones"]["vault"]["bytes"] == home.vault.stat().st_size
    assert found["policy"] == {"id": policy_id(load_policy()), "changed": [], "files": []}
    assert found["keys"] == {"status": "ok", "signing": fingerprint(public_key(school.keys))}
    assert found["chains"]["audit"]["holds"] and len(found["chains"]["audit"]["head"]) == 12
    assert found["chains"]["signature"]["holds"] and found["chains"]["receipts"]["entries"] == 0
    assert found["requests"] == {"open": 0, "by_state": {}, "near": 0, "late": 0, "next_due_on": None}
    assert found["disk"]["free_bytes"] > 0 and found["landing"] == {} and found["backups"] == []
    lines = command().output.splitlines()
    assert lines[-1] == "Nothing asks for a person." and f"last release: {FIRST}, as of {AS_OF}" in lines


def test_what_waits_and_what_asks_is_counted_and_names_nobody(home, school, tmp_path):  # noqa: F811
    (home.landing / "nps").mkdir(parents=True)
    for name, hours in (("a.csv", 3), ("b.csv", 5)):
        path = home.landing / "nps" / name
        path.write_text(f"score,email\n9,{PERSON}\n")
        then = (NOW - timedelta(hours=hours)).timestamp()
        os.utime(path, (then, then))
    (home.landing / "nps" / f"{PERSON}.csv.refused").write_text("x")
    home.backups.write_text(
        json.dumps(
            [{"backup_id": "B-1", "made_on": "2026-05-01", "keep_until": "2026-05-31", "folder": "/b"}]
        )
    )
    (tmp_path / "elsewhere" / "salary").mkdir(parents=True)
    (tmp_path / "elsewhere" / "salary" / "x.csv.refused").write_text("x")
    with school.connect(vault="rw") as connection:
        connection.execute("INSERT INTO vault.ledger.landings VALUES (?)", [str(tmp_path / "elsewhere")])
        connection.execute(f"""
            INSERT INTO vault.rights.requests (load_no, request_id, identifier, kind, received_at)
            VALUES (1, '{PERSON}', 'learner:L-1', 'erase', '2026-05-01 10:00:00')""")
    found = told(home, now=NOW)
    assert found.files["landing"] == {
        "nps": {
            "files": 2,
            "bytes": 2 * len(f"score,email\n9,{PERSON}\n"),
            "oldest_at": "2026-07-01T07:00:00+00:00",
            "oldest_seconds": 5 * 3600,
        }
    }
    assert found.exit_code == 5 and len(found.asks.refused) == 2 and found.asks.late_requests == 1
    assert found.vault["requests"]["next_due_on"] == "2026-06-01"
    assert found.problems == ["The backup B-1 is over its term: `anonymart backup --expire`."]
    done = command()
    assert done.exit_code == 5 and PERSON not in done.output and "L-1" not in done.output
    health = found.health()
    assert health == {
        "status": "asks",
        "is_busy": False,
        "problems": 1,
        "queued_files": 2,
        "refused_files": 2,
        "unreadable_rows": 0,
        "open_requests": 1,
        "late_requests": 1,
        "silent_sources": 0,
        "waiting_for_approval": 0,
    }
    assert PERSON not in json.dumps(found.as_dict())


def test_beside_a_run_that_writes_it_tells_what_stands_in_files(home, school):  # noqa: F811
    with writing(home):
        found = told(home)
    assert found.is_busy and found.exit_code == 0 and found.vault == {} and "vault" in found.files["zones"]
    with writing(home):
        done = command()
    assert done.exit_code == 0 and "A run is writing" in done.output


def test_what_does_not_hold_asks(home, school):  # noqa: F811
    home.audit.write_text(home.audit.read_text().replace('"published"', '"approved"'))
    (home.current / "manifest.json").write_text("{}")
    found = told(home)
    assert found.exit_code == 5
    assert [sentence.split(" (")[0] for sentence in found.problems] == [
        "The audit log does not hold",
        "The current release is not signed with this home's key: `anonymart verify` it.",
    ]
    home.keys_file.unlink()
    found = told(home)
    assert found.exit_code == 5 and "The key 'vault' is missing" in found.problems[0] and found.vault == {}


def test_a_home_that_does_not_exist(tmp_path, monkeypatch):
    from anonymart.errors import UsageError

    monkeypatch.setenv("ANONYMART_HOME", str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match="does not exist"):
        command()
    assert not (tmp_path / "nowhere").exists()

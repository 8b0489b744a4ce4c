"""`anonymart keys rotate`: what a key protects is under another key afterwards, and nothing else has changed
(S-SAFE).
"""

from __future__ import annotations

import dataclasses
import hmac
import json
import secrets
from datetime import date

import pytest

from anonymart import audit, engine
from anonymart.backup import make
from anonymart.errors import OtherKey, UsageError
from anonymart.keys import KEY_NAMES, Keys
from anonymart.session import Session
from tests.erasure.small_school import PEOPLE
from tests.keys.small_school import DAY

ZONES = {"vault": ("vault", "tombstones"), "warehouse": ("warehouse",)}


@pytest.mark.parametrize("name", ["record", "person"])
def test_two_keys_stay_and_the_command_says_why(small_school, name):
    done = small_school.command("keys", "rotate", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and f"The key '{name}' is not rotated: " in done.stderr


@pytest.mark.parametrize("name", ["vault", "warehouse", "pseudonym", "signing"])
def test_a_plan_changes_nothing_and_acts_only_with_its_token(small_school, name):
    before = contents(small_school)
    shown = small_school.command("keys", "rotate", name, "--as-of", DAY)
    assert shown.returncode == 0 and f"anonymart keys rotate {name} --as-of {DAY} --token " in shown.stdout
    done = small_school.command("keys", "rotate", name, "--token", "0" * 12)
    assert done.returncode == 2 and "token" in done.stderr
    assert contents(small_school) == before


def contents(small_school) -> dict[str, bytes]:
    found = [path for path in small_school.home.root.iterdir() if path.is_file() and path.suffix != ".lock"]
    return {path.name: path.read_bytes() for path in found}


@pytest.mark.parametrize("name", ["vault", "warehouse", "pseudonym", "signing"])
def test_everything_is_as_before_under_another_key(small_school, name):
    old, rows = small_school.keys, small_school.rows()
    done = small_school.rotate(name)
    assert done.returncode == 0, done.stderr
    new = small_school.reload()
    assert [each for each in KEY_NAMES if getattr(new, each) != getattr(old, each)] == [name]
    assert set(json.loads(small_school.home.keys_file.read_text())) == set(KEY_NAMES)
    assert small_school.home.keys_file.stat().st_mode & 0o777 == 0o600
    assert small_school.rows() == rows
    assert (small_school.holds(), small_school.rotations(), small_school.left_over()) == (
        (True, True),
        [name],
        [],
    )
    for words in (("keys", "check"), ("audit",), ("rights", "verify-receipts")):
        assert small_school.command(*words).returncode == 0, words
    for secret in (getattr(old, name), getattr(new, name)):
        assert secret not in done.stdout + done.stderr + small_school.home.audit.read_text()
    # The next removal and the next load find everybody.
    assert sum(small_school.erase(small_school.request(number=2, learner_id="L-4712")).rows.values()) > 5
    assert small_school.holds() == (True, True)


@pytest.mark.parametrize("name", ["vault", "warehouse"])
def test_old_files_do_not_open_with_the_new_key_and_the_other_way_round(small_school, tmp_path, name):
    old = small_school.keys
    kept = {}
    for zone in ZONES[name]:
        path = getattr(small_school.home, zone)
        kept[zone] = tmp_path / path.name
        kept[zone].write_bytes(path.read_bytes())
    assert small_school.rotate(name).returncode == 0
    new = small_school.reload()
    for zone, copy in kept.items():
        path = getattr(small_school.home, zone)
        assert engine.opens(copy, getattr(old, name)) and engine.opens(path, getattr(new, name))
        assert not engine.opens(copy, getattr(new, name)) and not engine.opens(path, getattr(old, name))
    with pytest.raises(OtherKey, match="does not open with its key"):
        engine.connect(
            small_school.home,
            dataclasses.replace(new, **{name: getattr(old, name)}),
            vault="ro",
            warehouse="ro",
        )


def test_a_pseudonym_needs_both_keys_and_the_old_warehouse_is_refused(small_school):
    old, kept = small_school.keys, small_school.home.warehouse.read_bytes()
    identity = "SELECT DISTINCT identity_key FROM warehouse.intermediate.int_enrolments ORDER BY ALL"
    before = small_school.warehouse(identity)
    assert small_school.rotate("pseudonym").returncode == 0
    new = small_school.reload()
    assert new.pseudonym_links[0] == old.pseudonym and len(new.pseudonym_links) == 2
    after = small_school.warehouse(identity)
    assert len(after) == len(before) > 0 and not set(after) & set(before)
    once = hmac.digest(bytes.fromhex(old.pseudonym), b"learner:L-4712", "sha256").hex()
    twice = hmac.digest(bytes.fromhex(new.pseudonym_links[1]), once[:16].encode(), "sha256").hex()
    assert new.pseudonym_of("learner:L-4712") == twice
    assert (int.from_bytes(bytes.fromhex(twice[:16]), signed=True),) in after
    for keys in (old, dataclasses.replace(new, pseudonym=new.pseudonym_links[1])):
        for zone in ("vault", "warehouse"):
            with pytest.raises(UsageError, match="The key 'pseudonym' is not the one"):
                engine.connect(small_school.home, keys, **{zone: "ro"})
    small_school.home.warehouse.write_bytes(kept)
    with pytest.raises(UsageError, match="The key 'pseudonym' is not the one that this warehouse"):
        engine.connect(small_school.home, new, warehouse="ro")


@pytest.mark.long
def test_what_comes_after_a_rotation_joins_what_was_before(small_school):
    """The same answers and enrolments, delivered again with another content, replace the old ones."""
    assert small_school.rotate("pseudonym").returncode == 0
    assert small_school.rotate("pseudonym").returncode == 0
    small_school.reload()
    tables = ("int_enrolments", "int_nps_responses", "int_salary_responses", "int_events")
    counts = {table: f"SELECT count(*) FROM warehouse.intermediate.{table}" for table in tables}
    keys = "SELECT identity_key FROM warehouse.intermediate.int_nps_responses ORDER BY ALL"
    before, people = (
        {table: small_school.warehouse(query) for table, query in counts.items()},
        small_school.warehouse(keys),
    )
    for source in ("nps", "salary", "enrolments"):
        changed = [{**row, **CHANGED[source]} for row in PEOPLE["bert"][source]]
        small_school.deliver(source, "again.ndjson", changed)
    small_school.ingest()
    small_school.build()
    assert {table: small_school.warehouse(query) for table, query in counts.items()} == before
    assert small_school.warehouse(keys) == people
    scores = "SELECT score FROM warehouse.intermediate.int_nps_responses WHERE score IS NOT NULL"
    assert small_school.warehouse(scores) == [(3,)]


CHANGED = {
    "nps": {"score": 3},
    "salary": {"salary_amount": 31000},
    "enrolments": {"outcome": "abandoned"},
}


def test_a_key_of_the_environment_is_told_and_not_written(small_school):
    old = small_school.keys
    given = {"ANONYMART_KEY_VAULT": old.vault}
    token = small_school.token("vault", **given)
    words = ("keys", "rotate", "vault", "--token", token)
    refused = small_school.command(*words, **given)
    assert refused.returncode == 2 and "ANONYMART_KEY_VAULT_NEXT" in refused.stderr
    assert (
        not small_school.home.rotation.exists()
        and small_school.command("keys", "check", **given).returncode == 0
    )
    fresh = secrets.token_hex(32)
    file = small_school.home.keys_file.read_bytes()
    done = small_school.command(*words, **given, ANONYMART_KEY_VAULT_NEXT=fresh)
    assert done.returncode == 0, done.stderr
    assert "Now set ANONYMART_KEY_VAULT to the value of ANONYMART_KEY_VAULT_NEXT" in done.stdout
    assert small_school.home.keys_file.read_bytes() == file and fresh not in done.stdout
    assert small_school.command("keys", "check", **given).returncode == 1
    assert small_school.command("keys", "check", ANONYMART_KEY_VAULT=fresh).returncode == 0
    bad = small_school.command(
        "keys", "rotate", "pseudonym", "--token",
        small_school.token("pseudonym", ANONYMART_KEY_VAULT=fresh, ANONYMART_KEY_PSEUDONYM=old.pseudonym),
        ANONYMART_KEY_VAULT=fresh, ANONYMART_KEY_PSEUDONYM=old.pseudonym, ANONYMART_KEY_PSEUDONYM_NEXT=fresh,
    )  # fmt: skip
    assert bad.returncode == 2 and "the present value, a dot, and 64 new" in bad.stderr


def test_a_key_file_that_cannot_be_written_stops_before_anything_is_done(small_school, tmp_path, monkeypatch):
    from anonymart import rotate
    from anonymart.rotate import pending

    def full(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(pending, "write_durably", full)
    token = rotate.plan(Session(small_school.home, small_school.keys), "vault").token
    with pytest.raises(UsageError, match="cannot be written"):
        rotate.rotate(
            Session(small_school.home, small_school.keys),
            "vault",
            token,
            rotate.Wish(date.fromisoformat(DAY)),
        )
    assert small_school.holds() == (True, True) and small_school.left_over() == []


def test_the_plan_names_backups_of_the_old_key_and_copies_that_go(small_school, tmp_path):
    made = make.backup(
        Session(small_school.home, small_school.keys, small_school.policy, date.fromisoformat(DAY)),
        tmp_path / "outside",
    )
    copy = small_school.home.root / "vault.duckdb.v8.copy"
    copy.write_bytes(small_school.home.vault.read_bytes())
    shown = small_school.command("keys", "rotate", "vault", "--as-of", DAY)
    assert made.backup_id in shown.stdout and "vault.duckdb.v8.copy: removed" in shown.stdout
    assert small_school.rotate("vault").returncode == 0
    assert not copy.exists()


def test_a_broken_log_is_not_sealed_under_another_key(small_school):
    text = small_school.home.audit.read_text()
    small_school.home.audit.write_text(text.replace('"one"', '"won"'))
    done = small_school.rotate("signing")
    assert done.returncode in (1, 2) and "changed" in done.stderr
    small_school.home.audit.write_text(text)
    assert small_school.holds() == (True, True) and small_school.rotations() == []


def test_the_columns_that_are_hashed_again_are_all_that_the_key_makes(small_school):
    from anonymart.rotate.pseudonyms import DIGITS, NUMBERS

    found = small_school.warehouse("""
        SELECT DISTINCT column_name FROM duckdb_columns() SEMI JOIN duckdb_tables()
        USING (database_name, schema_name, table_name) WHERE database_name = 'warehouse'
        AND (regexp_matches(column_name, '_key$|_hash$|pseudonym') AND data_type IN ('BIGINT', 'VARCHAR'))""")
    made_otherwise = {"record_key", "period_key", "cell_key", "count_key"}
    assert {name for (name,) in found} - made_otherwise <= {*NUMBERS, *DIGITS}


def test_audit_tells_of_it(small_school):
    assert small_school.rotate("warehouse").returncode == 0
    last = audit.entries(small_school.home)[-1]
    assert (last["act"], last["key"], last["actor"], last["as_of"]) == (
        "rotated",
        "warehouse",
        "operator",
        DAY,
    )
    assert Keys.load(small_school.home).warehouse != small_school.keys.warehouse

"""A learning record store is drained whole and once, however it misbehaves."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from click.testing import CliRunner

from anonymart.cli.commands import anonymart
from anonymart.errors import AnonymartError, UsageError
from anonymart.progress import Progress
from anonymart.session import Session
from anonymart.sources import lrs as library
from anonymart.sources.lrs_store import make_store
from tests.ingest.conftest import SmallSchool
from tests.lrs.server import BEGAN, Lrs, packed, serving, statement

SECRETS = {"username": "reader", "password": "pass-word-77"}


@pytest.fixture
def store():
    with serving(Lrs([statement(number) for number in range(1, 36)])) as lrs:
        yield lrs


@pytest.fixture
def small_school(tmp_path) -> SmallSchool:
    return SmallSchool(tmp_path / "home")


def pull(small_school: SmallSchool, lrs: Lrs, waits: list[float] | None = None, **changes):
    settings = {name: changes.pop(name) for name in ("overlap", "page_size", "version") if name in changes}
    made = make_store(lrs.url, changes.pop("secrets", SECRETS), **settings)
    return library.pull(
        Session(small_school.home, small_school.keys),
        made,
        sleep=(waits if waits is not None else []).append,
        **changes,
    )


def landed(small_school: SmallSchool) -> list[int]:
    """The numbers of the statements in landing, file by file."""
    files = sorted((small_school.home.landing / "learning").glob("*"))
    assert all(path.suffix == ".ndjson" and path.stat().st_mode & 0o777 == 0o600 for path in files)
    return [int(json.loads(line)["id"][-12:]) for path in files for line in path.read_bytes().splitlines()]


def test_a_store_is_drained_once_and_then_only_what_is_new(small_school, store):
    assert pull(small_school, store).statements == 35
    assert sorted(landed(small_school)) == list(range(1, 36))
    assert small_school.ingest().popitem()[1].loaded == 35
    store.statements += [statement(number) for number in range(36, 46)]
    pulled = pull(small_school, store, overlap=timedelta(seconds=5))
    # The newest was stored at second 35: since is exclusive, so the overlap brings 31 to 35 again.
    assert (pulled.statements, landed(small_school)) == (15, list(range(31, 46)))
    counts = small_school.ingest().popitem()[1]
    assert (counts.loaded, counts.duplicate) == (10, 5)
    assert small_school.ask("SELECT count(*), count(DISTINCT statement_id) FROM vault.raw.learning") == [
        (45, 45)
    ]


def test_version_and_credentials_are_sent_as_the_store_wants_them(small_school, store):
    pull(small_school, store)
    headers = store.requests[0][1]
    assert headers["X-Experience-API-Version"] == "2.0.0" and headers["Authorization"].startswith("Basic ")
    store.versions = ["1.0.2", "1.0.3"]
    pull(small_school, store, secrets={"token": "tok-en"})
    assert (
        store.requests[-1][1]["X-Experience-API-Version"] == "1.0.3"
        and store.requests[-1][1]["Authorization"] == "Bearer tok-en"
    )
    store.versions = None
    pull(small_school, store, secrets={})
    assert (
        store.requests[-1][1]["X-Experience-API-Version"] == "1.0.3"
        and "Authorization" not in store.requests[-1][1]
    )


def test_links_to_another_host_are_asked_at_home_and_credentials_stay_there(small_school, store):
    with serving(Lrs([])) as stranger:
        for link in (
            "{other}?{query}",
            "http://inner.invalid:8080/xAPI/statements?{query}",
            "{here}?{query}",
            "statements?{query}",
        ):
            store.link = lambda query, link=link: link.format(
                query=query, other=f"{stranger.url}/statements", here=f"{store.url}/statements"
            )
            assert pull(small_school, store, everything=True).statements == 35, link
        assert stranger.requests == []
        store.trouble = lambda number, query: (302, {"Location": f"{stranger.url}/statements"}, b"")
        with pytest.raises(UsageError, match="redirects to another host"):
            pull(small_school, store)
        assert stranger.requests == []
    store.trouble = lambda number, query: (
        None if "limit" not in query else (307, {"Location": "/xAPI/statements?moved=1"}, b"")
    )
    assert pull(small_school, store, everything=True).statements == 35


def test_a_busy_store_is_asked_again_after_what_it_says(small_school, store):
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=120), usegmt=True)
    busy = {
        1: (429, {"Retry-After": "7"}, b""),
        2: (503, {}, b""),
        4: (500, {"Retry-After": date}, b""),
        6: (429, {"Retry-After": "soon"}, b""),
        7: (502, {}, b""),
    }
    store.trouble = lambda number, query: busy.get(number)
    waits: list[float] = []
    assert pull(small_school, store, waits).statements == 35
    assert (
        waits[0] == 7
        and 1.5 <= waits[1] <= 2.5
        and 110 < waits[2] <= 120
        and 0.75 <= waits[3] <= 1.25
        and 1.5 <= waits[4] <= 2.5
    )
    assert sorted(landed(small_school)) == list(range(1, 36))


def test_patience_ends_and_the_next_pull_goes_on(small_school, store):
    store.trouble = lambda number, query: (429, {}, b"") if number > 2 else None
    waits: list[float] = []
    with pytest.raises(AnonymartError, match="answers 429, 7 times in a row"):
        pull(small_school, store, waits)
    assert len(waits) == 6 and landed(small_school) == list(range(1, 21))
    store.trouble = lambda number, query: None
    asked = len(store.requests)
    assert pull(small_school, store).statements == 15
    assert "start=20" in store.requests[asked][0] and sorted(landed(small_school)) == list(range(1, 36))
    store.trouble = lambda number, query: (429, {"Retry-After": "7200"}, b"")
    with pytest.raises(AnonymartError, match="asks to wait 7200 s"):
        pull(small_school, store)


def test_halves_of_an_answer_are_asked_for_again(small_school, store):
    def trouble(number, query):
        status, headers, body = store.page(query)
        return {
            1: (status, {"Content-Length": str(len(body)), "Connection": "close"}, body[: len(body) // 2]),
            2: (status, headers, body[: len(body) // 2]),
            3: (status, headers, b'{"statements": {}}'),
            5: packed((status, headers, body)),
        }.get(number)

    store.trouble = trouble
    assert pull(small_school, store).statements == 35
    assert sorted(landed(small_school)) == list(range(1, 36))


@pytest.mark.parametrize("status", [404, 500])
def test_an_expired_link_goes_on_from_the_watermark(small_school, store, status):
    store.trouble = lambda number, query: (
        (status, {}, b"") if query.get("start") == "20" and "since" not in query else None
    )
    pulled = pull(small_school, store)
    assert (pulled.restarts, set(landed(small_school))) == (1, set(range(1, 36)))
    assert [path for path, _ in store.requests if "since=" in path]


def test_an_expired_link_of_a_store_in_another_order_begins_where_the_drain_began(small_school, store):
    store.is_ascending = False
    store.trouble = lambda number, query: (404, {}, b"") if number == 3 else None
    pulled = pull(small_school, store)
    assert (pulled.restarts, pulled.is_unordered, set(landed(small_school))) == (1, True, set(range(1, 36)))
    assert not any("since=" in path for path, _ in store.requests)
    store.trouble = lambda number, query: (404, {}, b"") if "start" in query else None
    other = SmallSchool(small_school.home.root.parent / "other")
    with pytest.raises(AnonymartError, match="forgets its paging links"):
        pull(other, store)
    # What came so far is newer than what did not, so it is no watermark.
    store.trouble = lambda number, query: None
    pull(other, store)
    assert set(landed(other)) == set(range(1, 36))


def test_an_endless_more_on_an_empty_store_ends(small_school, store):
    store.statements, store.always_more = [], True
    assert (pull(small_school, store).pages, landed(small_school)) == (library.EMPTY_PAGES, [])
    store.statements = [statement(number) for number in range(1, 21)]
    assert pull(small_school, store).statements == 20


def test_a_store_that_repeats_its_pages_is_told_and_ends(small_school, store):
    store.link = lambda query: (
        "/xAPI/statements?start=10" if "start=30" in query else f"/xAPI/statements?{query}"
    )
    with pytest.raises(AnonymartError, match="its paging is broken"):
        pull(small_school, store)
    assert sorted(landed(small_school)) == list(range(1, 31))
    store.link = lambda query: f"/xAPI/statements?{query}"
    pull(small_school, store)
    assert set(landed(small_school)) == set(range(1, 36))


def test_a_refused_limit_is_left_to_the_store(small_school, store):
    store.trouble = lambda number, query: (400, {}, b"limit too large") if "limit" in query else None
    assert pull(small_school, store).statements == 35


def test_statements_that_appear_late_are_within_the_overlap(small_school, store):
    pull(small_school, store)
    late = statement(99, BEGAN + timedelta(seconds=10))
    store.statements = sorted([*store.statements, late], key=lambda one: one["stored"])
    assert pull(small_school, store, overlap=timedelta(seconds=5)).statements == 5
    assert 99 not in landed(small_school)
    pull(small_school, store, overlap=timedelta(hours=1))
    assert 99 in landed(small_school)


def test_the_watermark_is_no_later_than_the_store_vouches_for(small_school, store):
    store.headers = {"X-Experience-API-Consistent-Through": (BEGAN + timedelta(seconds=20)).isoformat()}
    assert pull(small_school, store).newest_at == BEGAN + timedelta(seconds=20)
    assert pull(small_school, store, overlap=timedelta(0)).statements == 15


def test_what_no_further_try_mends_fails_at_once(small_school, store):
    for answer, sentence in (
        ((401, {}, b""), "refuses these credentials"),
        ((403, {}, b""), "refuses these credentials"),
        ((404, {}, b""), "knows no statements"),
        ((422, {}, b""), "refuses to give statements"),
        ((200, {}, b"<html>log in</html>"), "a web page"),
    ):
        store.trouble = lambda number, query, answer=answer: answer
        waits: list[float] = []
        with pytest.raises(UsageError, match=sentence) as raised:
            pull(small_school, store, waits)
        assert waits == [] and "pass-word" not in str(raised.value) and landed(small_school) == []


def test_a_link_that_is_none_counts_as_lost(small_school, store):
    store.link = lambda query: "http://[lost" if "since" not in query else f"/xAPI/statements?{query}"
    pulled = pull(small_school, store)
    assert (pulled.restarts, set(landed(small_school))) == (1, set(range(1, 36)))


def test_line_breaks_and_odd_values_stay_one_line_each(small_school, store, monkeypatch):
    page = (
        json.dumps({"statements": [statement(1), statement(2), 5, None, {"stored": 7}]}, indent=1)
        .encode()
        .replace(b"\n", b"\r\n")
    )
    store.trouble = lambda number, query: (200, {}, page)
    assert pull(small_school, store).statements == 5
    counts = small_school.ingest().popitem()[1]
    assert (counts.loaded, counts.quarantined) == (2, 3)


def test_a_store_without_stored_is_read_from_its_beginning(small_school, store):
    store.statements = [
        {name: value for name, value in one.items() if name != "stored"} for one in store.statements
    ]
    assert pull(small_school, store).newest_at is None
    assert pull(small_school, store).statements == 35


def test_killed_at_each_step_nothing_is_lost_or_doubled(small_school, store, monkeypatch):
    """The process dies before and after a file gets its name, and before and after the cursor moves."""
    dying = (
        "import os, sys; from pathlib import Path; from anonymart.home import Home; from anonymart.keys "
        "import Keys\n"
        "from anonymart.sources import lrs, lrs_cursor, lrs_store\n"
        "def die(*_): os.kill(os.getpid(), 9)\n"
        "home = Home(Path(sys.argv[1])).prepare(); step = sys.argv[3]; write = lrs_cursor.write; n = []\n"
        "def counted(*told):\n"
        "    n.append(1)\n"
        "    if len(n) == 2 and step == 'before_cursor': die()\n"
        "    write(*told)\n"
        "    if len(n) == 2 and step == 'after_cursor': die()\n"
        "lrs.lrs_cursor.write = counted\n"
        "finish = lrs._Part.finish\n"
        "def finishing(self, number):\n"
        "    if number == 2 and step == 'before_file': die()\n"
        "    finish(self, number)\n"
        "lrs._Part.finish = finishing\n"
        "from anonymart.session import Session\n"
        "store = lrs_store.make_store(sys.argv[2], {})\n"
        "lrs.pull(Session(home, Keys.load(home)), store, parts=lrs.Parts(10))\n"
    )
    for step in ("before_file", "before_cursor", "after_cursor"):
        other = SmallSchool(small_school.home.root.parent / step)
        died = subprocess.run(
            [sys.executable, "-c", dying, str(other.home.root), store.url, step],
            capture_output=True,
            text=True,
        )
        assert died.returncode == -signal.SIGKILL, died.stderr
        asked = len(store.requests)
        pull(other, store, secrets={})
        # Once the cursor has moved, nothing is asked for again.
        assert f"start={20 if step == 'after_cursor' else 10}" in store.requests[asked][0]
        assert sorted(landed(other)) == list(range(1, 36)), step


def test_a_vault_from_a_copy_asks_again_for_what_it_lost(small_school, store):
    copy = small_school.home.root / "copy"
    store.statements, later = store.statements[:10], store.statements
    pull(small_school, store)
    small_school.ingest()
    copy.write_bytes(small_school.home.vault.read_bytes())
    store.statements = later
    pull(small_school, store, overlap=timedelta(0))
    small_school.ingest()
    small_school.home.vault.write_bytes(copy.read_bytes())
    assert pull(small_school, store, overlap=timedelta(0)).statements == 25


def test_two_pulls_at_once_are_refused(small_school, store):
    with library._alone(small_school.home), pytest.raises(AnonymartError, match="Another pull is running"):
        pull(small_school, store)


def test_progress_is_shown(small_school, store, monkeypatch, capsys):
    monkeypatch.setattr(library, "_SAY_SECONDS", 0.0)
    pull(small_school, store, progress=Progress())
    assert "20 statements in 2 pages, stored up to 2025-03-01 00:00 UTC" in capsys.readouterr().err


def test_an_address_may_hold_no_secret_and_no_open_way():
    for url, sentence in (
        ("https://u:pw@lrs.example/xAPI", "holds credentials"),
        ("http://lrs.example/xAPI", "https"),
        ("lrs.example", "no http"),
        ("https://lrs.example/xAPI?x=1", "a query"),
    ):
        with pytest.raises(UsageError, match=sentence) as raised:
            make_store(url, {})
        assert "pw" not in str(raised.value)
    with pytest.raises(UsageError, match="one of the two"):
        make_store("https://lrs.example/xAPI", {"token": "a", **SECRETS})
    made = make_store("https://lrs.example/xAPI/statements/", SECRETS)
    assert made.statements == "https://lrs.example/xAPI/statements" and "Basic" not in repr(made)
    assert make_store("http://lrs.example/xAPI", {}, allow_http=True).endpoint == "http://lrs.example/xAPI"


def test_the_command_takes_its_secrets_from_environment_or_a_closed_file(
    small_school, store, monkeypatch, tmp_path
):
    monkeypatch.setenv("ANONYMART_HOME", str(small_school.home.root))
    monkeypatch.setenv("ANONYMART_LRS_TOKEN", "tok-en-88")
    found = CliRunner().invoke(
        anonymart, ["sources", "pull", "lrs", "--url", store.url, "--json"], catch_exceptions=False
    )
    assert (
        json.loads(found.stdout)["statements"] == 35
        and store.requests[0][1]["Authorization"] == "Bearer tok-en-88"
    )
    secret = tmp_path / "lrs.json"
    secret.write_text(json.dumps(SECRETS))
    monkeypatch.setenv("ANONYMART_LRS_SECRET_FILE", str(secret))
    secret.chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        CliRunner().invoke(anonymart, ["sources", "pull", "lrs", "--url", store.url], catch_exceptions=False)
    secret.chmod(0o600)
    CliRunner().invoke(anonymart, ["sources", "pull", "lrs", "--url", store.url], catch_exceptions=False)
    assert store.requests[-1][1]["Authorization"].startswith("Basic ")
    assert "pass-word" not in found.output and "tok-en" not in small_school.everything()

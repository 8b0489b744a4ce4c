"""What is kept of a line of an access log: day, type of page or course, keyed visitor; nothing else."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path

import pytest

from anonymart.errors import UsageError
from anonymart.policy import load_policy
from anonymart.surveys.check import check
from tests.audience.conftest import FIREFOX, SmallSchool, line
from tests.ingest.conftest import AS_OF

SECRETS = (
    *("203.0.113", "2001:db8", "jeanne", "referrer-secret", "query-secret", "Firefox", "X11"),
    *("jeanne-martin", "10:00:00", "5316"),
)


def visits(school: SmallSchool) -> list[tuple]:
    return school.ask("SELECT visited_on, page_type, course_id FROM vault.audience.visits ORDER BY ALL")


def reasons(school: SmallSchool) -> dict[str, int]:
    return dict(school.ask("SELECT reason, sum(n_rows)::INT FROM vault.ledger.reasons GROUP BY reason"))


def with_catalogue(school: SmallSchool) -> None:
    rows = (
        "path_id,course_id,course_title,course_aliases\np1,python,Python,learn-python snakes\np1,sql,SQL,\n"
    )
    school.deliver("catalogue", "c.csv", rows)


def test_of_a_line_day_type_and_visitor_stay_and_nothing_else(small_school: SmallSchool) -> None:
    with_catalogue(small_school)
    lines = [
        line("/?token=query-secret"),
        line("/courses/python/chapter-1?user=jeanne-martin"),
        line("/courses/learn-python", address="2001:db8:1:2::7"),
        line("/courses/jeanne-martin"),
        line("/users/jeanne-martin/profile"),
    ]
    path = small_school.deliver("audience", "access.log", "".join(lines))
    counts = small_school.ingest()["audience/access.log"]
    assert (counts.delivered, counts.loaded) == (5, 5)
    day = date(2026, 6, 1)
    assert visits(small_school) == [
        (day, "course", "python"),
        (day, "course", "python"),
        (day, "course", None),
        (day, "home", None),
        (day, "other", None),
    ]
    assert not path.exists()
    everything = small_school.everything()
    assert [secret for secret in SECRETS if secret in everything] == []


def test_who_is_no_visitor_is_left_out_by_what_needs_no_user_agent_to_be_kept(
    small_school: SmallSchool,
) -> None:
    lines = [
        line(),
        line(status=304),
        line(method="POST"),
        line(status=404),
        line("/static/site.CSS?v=2"),
        line(agent="Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
        line(agent="curl/8.5"),
        line(agent="-"),
        line(at="01/Jun/2024:10:00:00 +0200"),
        line(at="01/Jul/2027:10:00:00 +0200"),
        line(address="visitor.host.example"),
        "no line of a log\n",
    ]
    small_school.deliver("audience", "access.log", "".join(lines))
    counts = small_school.ingest()["audience/access.log"]
    assert (counts.delivered, counts.loaded, counts.refused, counts.quarantined) == (12, 2, 7, 3)
    assert reasons(small_school) == {
        "no page view: another method or status (P-AUDIENCE)": 2,
        "a file beside a page (P-AUDIENCE)": 1,
        "a program that says so (P-AUDIENCE)": 3,
        "older than its term (P-AUDIENCE)": 1,
        "a time after the date of the run": 1,
        "no address and no visitor": 1,
        "a line that cannot be read as one of this format": 1,
    }
    assert small_school.ask("SELECT line FROM vault.ledger.quarantine ORDER BY line") == [(10,), (11,), (12,)]


def test_a_day_is_one_of_the_school_and_a_visitor_is_one_within_a_month(small_school: SmallSchool) -> None:
    lines = [
        line(at="31/May/2026:21:59:59 +0000"),
        line(at="31/May/2026:22:00:00 +0000"),
        # The last part of an address is not looked at, another browser is another visitor.
        line(at="02/Jun/2026:10:00:00 +0200", address="203.0.113.99"),
        line(at="03/Jun/2026:10:00:00 +0200", address="::ffff:203.0.113.4"),
        line(at="03/Jun/2026:10:00:00 +0200", agent="Mozilla/5.0 Safari"),
        line(at="03/Jun/2026:11:00:00 +0200", address="203.0.114.7"),
    ]
    small_school.deliver("audience", "access.log", "".join(lines))
    small_school.ingest()
    found = small_school.ask(
        "SELECT visited_on, visitor FROM vault.audience.visits ORDER BY visited_on, row_hash"
    )
    by_day: dict[date, set[str]] = {}
    for day, visitor in found:
        by_day.setdefault(day, set()).add(visitor)
    may, june = by_day[date(2026, 5, 31)], by_day[date(2026, 6, 1)]
    assert not may & june, "the key is another one"
    assert june == by_day[date(2026, 6, 2)] <= by_day[date(2026, 6, 3)]
    assert len(by_day[date(2026, 6, 3)]) == 3
    assert small_school.ask(
        "SELECT month, octet_length(visitor_key) FROM vault.audience.month_keys ORDER BY 1"
    ) == [
        (date(2026, 5, 1), 32),
        (date(2026, 6, 1), 32),
    ]


def test_a_log_that_is_delivered_again_packed_counts_once(small_school: SmallSchool) -> None:
    text = line() + line() + line("/blog/a")
    small_school.deliver("audience", "access.log", text)
    first = small_school.ingest()["audience/access.log"]
    assert (first.loaded, first.duplicate) == (2, 1)
    small_school.deliver("audience", "access.log.1.gz", gzip.compress((text + line("/contact")).encode()))
    again = small_school.ingest()["audience/access.log.1.gz"]
    assert (again.delivered, again.loaded, again.duplicate) == (4, 1, 3)


def test_logs_in_json_are_read(small_school: SmallSchool) -> None:
    nginx = {
        "remote_addr": "203.0.113.7",
        "time_iso8601": "2026-06-01T10:00:00+02:00",
        "request": "GET /blog/x?y=query-secret HTTP/1.1",
        "status": "200",
        "http_user_agent": FIREFOX,
        "http_referer": "https://referrer-secret.example",
        "remote_user": "jeanne",
    }
    caddy = {
        "ts": 1780300800.5,
        "request": {
            "remote_ip": "203.0.113.7",
            "method": "GET",
            "uri": "/",
            "headers": {"User-Agent": [FIREFOX], "Cookie": ["jeanne"]},
        },
        "status": 200,
    }
    small_school.deliver("audience", "access.json", [nginx, caddy, {"level": "info"}])
    counts = small_school.ingest()["audience/access.json"]
    assert (counts.loaded, counts.quarantined) == (2, 1)
    assert visits(small_school) == [
        (date(2026, 6, 1), "article", None),
        (date(2026, 6, 1), "home", None),
    ]
    assert len(small_school.ask("SELECT DISTINCT visitor FROM vault.audience.visits")) == 1
    everything = small_school.everything()
    assert [secret for secret in SECRETS if secret in everything] == []


def test_an_export_of_matomo_is_read_by_its_page_views(small_school: SmallSchool) -> None:
    def visit(visitor: str, *actions: dict) -> dict:
        return {
            "idVisit": 1,
            "visitIp": "203.0.0.0",
            "visitorId": visitor,
            "userId": "jeanne",
            "referrerUrl": "https://referrer-secret.example",
            "serverTimestamp": 1780300900,
            "actionDetails": list(actions),
        }

    def action(url: str, kind: str = "action", at: int | None = 1780300800) -> dict:
        found = {"type": kind, "url": url, "pageTitle": "jeanne-martin"}
        return found | ({"timestamp": at} if at else {})

    with_catalogue(small_school)
    export = [
        visit("abcdef0123456789", action("https://school.example/courses/sql/?q=query-secret"),
              action("https://elsewhere.example/", "outlink"), action("https://school.example/", at=None)),
        visit("fedcba9876543210", action("http://school.example")),
    ]  # fmt: skip
    small_school.deliver("audience", "matomo.json", json.dumps(export))
    counts = small_school.ingest()["audience/matomo.json"]
    assert (counts.delivered, counts.loaded, counts.refused) == (4, 3, 1)
    assert visits(small_school) == [
        (date(2026, 6, 1), "course", "sql"),
        (date(2026, 6, 1), "home", None),
        (date(2026, 6, 1), "home", None),
    ]
    assert len(small_school.ask("SELECT DISTINCT visitor FROM vault.audience.visits")) == 2
    everything = small_school.everything()
    assert [secret for secret in (*SECRETS, "abcdef0123456789") if secret in everything] == []


def test_a_file_is_checked_before_it_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text(line() + line(method="POST"))
    found = check(path, "audience", AS_OF, load_policy())
    assert (found.reader, found.loaded, found.refused) == ("an access log in the combined format", 1, 1)


@pytest.mark.parametrize(
    "content",
    ["203.0.113.7 said something\n", '[{"ip": "203.0.113.7"}]', '{"ip": "203.0.113.7"}\n', "\x00log"],
)
def test_a_file_that_is_refused_leaves_no_copy(small_school: SmallSchool, content: str) -> None:
    path = small_school.deliver("audience", "strange.log", content)
    counts = small_school.ingest()["audience/strange.log"]
    assert counts.status == "refused"
    assert list(path.parent.iterdir()) == []
    assert "203.0.113" not in small_school.everything() + repr(counts)


def test_a_school_declares_its_own_pages(small_school: SmallSchool, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = small_school.home.root / "config"
    folder.mkdir()
    monkeypatch.setenv("ANONYMART_CONFIG", str(folder))
    own = folder / "audience.yml"
    own.write_text("pages:\n- {path: /admissions/*, type: admissions}\n")
    small_school.deliver("audience", "access.log", line("/admissions/2026") + line("/admissions/a/b"))
    small_school.ingest()
    assert [row[1] for row in visits(small_school)] == ["admissions", "other"]
    # A type that is no longer declared is none.
    own.write_text("pages: []\n")
    small_school.ingest()
    assert [row[1] for row in visits(small_school)] == ["other", "other"]
    for wrong in ("{path: admissions, type: a}", "{path: /a/**/b, type: a}", "{path: /a, type: All}"):
        own.write_text(f"pages:\n- {wrong}\n")
        with pytest.raises(UsageError, match=r"audience\.yml"):
            small_school.ingest()

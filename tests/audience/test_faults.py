"""What a review found: who has the keys of the vault, logs of other servers, files without any visit."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import date, datetime

import pytest

from anonymart import engine
from anonymart.erasure.purge import Asked
from anonymart.erasure.purge import plan as plan_purge
from anonymart.erasure.removal import enforce_terms
from anonymart.errors import UsageError
from anonymart.session import Session
from tests.audience.conftest import FIREFOX, SmallSchool, line
from tests.ingest.conftest import AS_OF

MONTH = "('audience_monthly', '2026-06-01', '2026-06-30.1')"
ROWS = "SELECT page_type, count(*) FROM vault.audience.visits GROUP BY ALL ORDER BY ALL"


def load(school: SmallSchool, text, name: str = "access.log"):
    school.deliver("audience", name, text)
    return school.ingest()[f"audience/{name}"]


def close_month(school: SmallSchool) -> None:
    with engine.connect(school.home, school.keys, vault="rw") as connection:
        connection.execute(f"INSERT INTO vault.ledger.closed_periods VALUES {MONTH}")


def test_with_the_keys_of_an_open_month_no_address_and_no_query_is_found(small_school: SmallSchool) -> None:
    load(small_school, line("/blog/a?user=jeanne"))
    ((row_hash, key),) = small_school.ask(
        "SELECT row_hash, visitor_key FROM vault.audience.visits, vault.audience.month_keys"
    )

    def found(address: str, target: str) -> bool:
        text = f"line|{address}|2026-06-01 08:00:00|GET|{target}|200|{FIREFOX}"
        return int(hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:16], 16) == row_hash

    assert not found("203.0.113.7", "/blog/a?user=jeanne")
    # What stays to be confirmed: a network of 256 addresses.
    assert found("203.0.113", "/blog/a")
    again = load(small_school, line("/blog/a?user=jeanne", address="203.0.113.8"), "b.log")
    assert (again.loaded, again.duplicate) == (0, 1)


def test_a_month_that_is_published_loses_its_key_and_takes_no_more_visits(small_school: SmallSchool) -> None:
    load(small_school, line() + line(at="31/May/2026:10:00:00 +0200"))
    close_month(small_school)
    late = load(small_school, line() + line("/contact") + line(at="30/May/2026:10:00:00 +0200"), "b.log")
    assert (late.loaded, late.refused, late.late_rows, late.late) == (1, 2, 2, {"month": 2})
    assert late.reasons == {"of a month that is closed and published (P-AUDIENCE)": 2}
    enforce_terms(Session(small_school.home, small_school.keys, small_school.policy, AS_OF))
    assert small_school.ask("SELECT month FROM vault.audience.month_keys") == [(date(2026, 5, 1),)]
    assert len(small_school.ask("FROM vault.audience.visits")) == 3
    # Withdrawn, the month is open again, and nobody can tell a visitor of it again all the same.
    with engine.connect(small_school.home, small_school.keys, vault="rw") as connection:
        connection.execute("DELETE FROM vault.ledger.closed_periods")
    assert load(small_school, line(), "c.log").late == {"month": 1}


@pytest.mark.parametrize(
    "of_it",
    [
        "www.school.example:443 {}",
        "192.0.2.1 {}",
        "192.0.2.1:443 {}",
        "<13>Jun  1 10:00:00 192.0.2.1 nginx[12]: {}",
        "\ufeff{}",
    ],
)
def test_what_stands_before_the_address_is_no_visitor(small_school: SmallSchool, of_it: str) -> None:
    lines = [
        line(address="203.0.113.7"),
        line(address="203.0.114.7, 192.0.2.9, 192.0.2.1"),
        line(address="2001:db8::1", agent="A [x]"),
        line("/contact").replace("jeanne.secret", "jeanne [secret]"),
    ]
    counts = load(small_school, "".join(of_it.format(each) if "\ufeff" not in of_it or n == 0 else each
                                        for n, each in enumerate(lines)))  # fmt: skip
    assert (counts.loaded, counts.quarantined) == (4, 0)
    assert len(small_school.ask("SELECT DISTINCT visitor FROM vault.audience.visits")) == 3
    assert small_school.ask(ROWS) == [("contact", 1), ("home", 3)]


def test_a_log_of_which_no_line_can_be_read_is_refused(small_school: SmallSchool) -> None:
    counts = load(small_school, line(address="www.school.example") * 3)
    assert (counts.status, counts.loaded) == ("refused", 0)
    assert counts.reason == "no line of it has an address and a time that can be read"


def test_a_purge_of_visits_takes_whole_days(small_school: SmallSchool) -> None:
    load(small_school, line())
    session = Session(small_school.home, small_school.keys, small_school.policy, AS_OF)
    hours = Asked("audience", from_at=datetime(2026, 6, 1, 7), until_at=datetime(2026, 6, 1, 9))
    with pytest.raises(UsageError, match="give --from and --to as days"):
        plan_purge(session, hours)
    day = Asked("audience", from_at=datetime(2026, 6, 1), until_at=datetime(2026, 6, 2))
    assert plan_purge(session, day).rows == {"vault.audience.visits": 1}


def test_visits_of_matomo_without_a_list_of_actions(small_school: SmallSchool) -> None:
    action = {"type": "action", "url": "https://school.example/", "timestamp": 1780300800}
    visits = [
        {"visitorId": f"{number}", **more}
        for number, more in enumerate(
            ({"actionDetails": {"0": action, "1": action | {"timestamp": 1780300900}}},
             {"actionDetails": None}, {}, {"actionDetails": []}, {"actionDetails": [action]})
        )
    ]  # fmt: skip
    counts = load(small_school, json.dumps(visits), "matomo.json")
    assert (counts.delivered, counts.loaded, counts.quarantined) == (6, 3, 3)


def test_a_day_without_visits_of_matomo_is_a_delivery(small_school: SmallSchool) -> None:
    counts = load(small_school, "[]\n", "matomo.json")
    assert (counts.status, counts.delivered, counts.loaded) == ("loaded", 0, 0)


def test_a_line_that_is_too_long_is_one_line(small_school: SmallSchool) -> None:
    counts = load(small_school, line() + "x" * (17 << 20) + "\nno line\n" + line("/contact"))
    assert (counts.delivered, counts.loaded, counts.quarantined) == (4, 2, 2)
    assert small_school.ask("SELECT line, reason FROM vault.ledger.quarantine ORDER BY line") == [
        (2, "a line of more than 16 MiB"),
        (3, "a line that cannot be read as one of this format"),
    ]


def test_json_with_a_mark_of_utf_8_and_milliseconds(small_school: SmallSchool) -> None:
    event = {"remote_addr": "2001:db8::1", "ts": 1780300800123, "request": "GET / HTTP/1.1", "status": 200,
             "http_user_agent": FIREFOX}  # fmt: skip
    other = event | {"remote_addr": "2001:db8:0:9::1", "uri": "/contact"}
    third = event | {"remote_addr": "2001::5:6:7:8:9:a"}
    counts = load(small_school, "\ufeff" + "\n".join(map(json.dumps, (event, other, third))), "a.json")
    assert (counts.loaded, counts.quarantined) == (3, 0)
    assert len(small_school.ask("SELECT DISTINCT visitor FROM vault.audience.visits")) == 2


def test_a_name_is_no_pattern_and_no_address(small_school: SmallSchool) -> None:
    small_school.deliver("audience", "a1.log", line() + line("/contact"))
    path = small_school.deliver("audience", "a[1].log", line("/blog/x"))
    small_school.deliver("audience", "203.0.113.7.log", line("/paths/x"))
    files = small_school.ingest()
    assert not path.exists()
    assert small_school.ask(ROWS) == [("article", 1), ("contact", 1), ("home", 1), ("path", 1)]
    assert all(counts.duplicate == 0 for counts in files.values())
    assert "203.0.113" not in small_school.everything()

"""Somebody is told: once, again while it stands, and never with what may name a person."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from click.testing import CliRunner

from anonymart import audit
from anonymart.cli.commands import anonymart
from anonymart.errors import AnonymartError, GateRefused, UsageError
from anonymart.notify import settings
from anonymart.notify.standing import Notice
from anonymart.notify.tell import never_in_the_way, of_error, tell, tell_standing, telling, well
from anonymart.session import Session
from tests.erasure.small_school import AS_OF, EMAIL
from tests.notify.conftest import configure


def command(*words: str):
    return CliRunner().invoke(anonymart, ["notify", *words, "--as-of", str(AS_OF)])


def test_a_test_message_arrives_by_both_ways(school, inbox, webhook):
    configure(school, inbox, f"webhook: {{url: '{webhook}'}}\n")
    done = command("test")
    assert done.exit_code == 0 and "was sent" in done.output, done.output
    assert inbox.subjects == ["A test message"] and inbox.messages[0]["To"] == "dpo@school.example"
    assert [post["kind"] for post in inbox.posts] == ["test"]


def test_no_log_holds_the_address_of_the_webhook(school, inbox, webhook, caplog):
    configure(school, inbox, f"webhook: {{url: '{webhook}'}}\n")
    with caplog.at_level(logging.INFO):
        assert tell(school.home, AS_OF, [Notice("other", "x", "Something.")]) == 1
    assert len(inbox.posts) == 1 and "/hook" not in caplog.text


def test_an_answer_that_never_ends_holds_nobody_up(school, inbox):
    class Endless(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                for _ in range(60):
                    self.wfile.write(b".")
                    self.wfile.flush()
                    time.sleep(0.25)

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Endless)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    configure(school, inbox, f"webhook: {{url: 'http://127.0.0.1:{server.server_port}/'}}\n")
    begun = time.monotonic()
    assert tell(school.home, AS_OF, [Notice("other", "x", "Something.")]) == 1
    assert time.monotonic() - begun < 10
    server.shutdown()


def test_nothing_that_goes_wrong_with_a_message_is_raised(capsys):
    def unforeseen() -> None:
        raise UnicodeEncodeError("ascii", EMAIL, 0, 1, "no letter")

    never_in_the_way(unforeseen)
    said = capsys.readouterr().err
    assert "UnicodeEncodeError" in said and EMAIL not in said


def test_what_cannot_be_sent_is_said_and_stops_nothing(school, inbox, capsys):
    (school.home.root / "config" / "notify.yml").write_text(
        "email: {host: 127.0.0.1, port: 9, security: none, sender: a@school.example, "
        "to: [b@school.example]}\n"
    )
    done = command("test")
    assert isinstance(done.exception, AnonymartError) and "could not be sent by e-mail" in str(done.exception)
    assert tell(school.home, AS_OF, [Notice("other", "x", "Something.")]) == 0
    said = capsys.readouterr().err
    assert "could not be sent" in said and "school.example" not in said
    with telling(school.home, school.policy, AS_OF):
        pass
    # Tried again the next time.
    configure(school, inbox)
    assert tell(school.home, AS_OF, [Notice("other", "x", "Something.")]) == 1


def test_a_way_that_is_down_is_tried_once_for_all_notices(school, inbox, capsys):
    tried = []

    class Down(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            tried.append(self.path)
            self.send_response(503)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Down)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    configure(school, inbox, f"webhook: {{url: 'http://127.0.0.1:{server.server_port}/'}}\n")
    notices = [Notice("other", str(n), "Something.") for n in range(4)]
    assert tell(school.home, AS_OF, notices) == 0
    server.shutdown()
    # The other way goes on, and nothing counts as told.
    assert len(tried) == 1 and len(inbox.messages) == 4
    assert capsys.readouterr().err.count("could not be sent") == 1
    configure(school, inbox)
    assert tell(school.home, AS_OF, notices) == 4


def test_an_unforeseen_fault_is_told_by_its_kind_only(school, inbox):
    with pytest.raises(ValueError), telling(school.home, school.policy, AS_OF):
        raise ValueError(f"no number: {EMAIL}")
    assert inbox.subjects == ["A run stopped"] and "unforeseen ValueError" in inbox.text
    assert EMAIL not in inbox.text


def test_nobody_is_told_where_nothing_is_configured(school):
    (school.home.root / "config" / "notify.yml").unlink()
    assert isinstance(command("test").exception, UsageError)
    assert tell(school.home, AS_OF, [Notice("other", "x", "Something.")]) == 0
    assert not (school.home.root / "notified.json").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("email: {host: mail.school.example, sender: a@b.example}", "entry 'email.to' is missing"),
        (
            "email: {host: h, sender: a@b.example, to: [c@b.example], password: x}",
            "unknown entry 'email.password'",
        ),
        (
            "email: {host: mail.example, security: none, sender: a@b.example, to: [c@b.example]}",
            "may be none",
        ),
        ("email: {host: h, security: ssl, sender: a@b.example, to: [c@b.example]}", "one of starttls"),
        ("email: {host: h, sender: a@b.example, to: [nobody]}", "list of e-mail addresses"),
        ("webhook: {url: 'http://chat.example/hook'}", "must begin with https"),
        ("again_after_days: 0", "'again_after_days' must be a whole number .* 1"),
        ("smallest_free_share: 0.0", "must be a number above 0"),
        ("email: {host: 7, sender: a@b.example, to: [c@b.example]}", "'email.host' must be a text"),
        ("emails: x", "no entry 'emails'"),
    ],
)
def test_a_configuration_that_is_wrong_is_said(school, text, says):
    (school.home.root / "config" / "notify.yml").write_text(text + "\n")
    with pytest.raises(UsageError, match=says):
        settings.load()


def test_the_same_is_told_once_and_again_after_three_days(school, inbox):
    waits = [Notice("release_waiting", "2026-06-30.1", "Release 2026-06-30.1 waits since 2026-06-30.")]
    days = [n for n in range(8) if tell(school.home, AS_OF + timedelta(n), waits)]
    assert days == [0, 3, 6]
    assert "2026-06-30.1 waits since" in inbox.text and "anonymart approvals" in inbox.text


def test_a_task_that_was_well_in_between_is_news_again(school, inbox):
    red = of_error(AnonymartError("The disk is full: free some space."), "task_failed", "dag.task")
    assert [tell(school.home, AS_OF, [red]) for _ in range(2)] == [1, 0]
    well(school.home, "dag.task")
    assert tell(school.home, AS_OF, [red]) == 1
    other = of_error(AnonymartError("Something else."), "task_failed", "dag.task")
    assert tell(school.home, AS_OF, [other]) == 1


def test_a_text_that_may_name_a_person_is_withheld(school, inbox):
    school.deliver_catalogue()
    school.deliver_all()
    school.ingest()
    for sentence in (
        f"It stopped at {EMAIL}.",
        "It stopped at +33 6 12 34 56 78.",
        "Learner L-4711 is late.",
    ):
        assert tell(school.home, AS_OF, [Notice("other", sentence, sentence)]) == 1
    assert inbox.text.count("may name a person") == 3
    assert all(word not in inbox.text for word in (EMAIL, "4711", "12 34"))


def test_where_the_vault_cannot_be_asked_only_sentences_of_ours_are_told(school, inbox):
    school.deliver_catalogue()
    school.deliver_all()
    school.ingest()
    school.home.keys_file.rename(school.home.root / "keys.gone")
    try:
        assert tell(school.home, AS_OF, [Notice("other", "a", "Learner L-4711 is late.")]) == 1
        assert tell(school.home, AS_OF, [Notice("disk_trouble", "b", "Free on the disk: 1.0 %.")]) == 1
    finally:
        (school.home.root / "keys.gone").rename(school.home.keys_file)
    assert "4711" not in inbox.text and inbox.text.count("may name a person") == 1
    assert "1.0 %" in inbox.text


def test_the_inbox_after_a_broken_day(school, inbox, capsys):
    """Requests late, near and unreadable, a silent source, a refused file, a red run, a gate that said no, a
    broken audit log, and the key gone.
    """
    school.deliver_catalogue()
    school.deliver_all()
    for day in range(10, 15):
        school.deliver("connections", f"c{day}.ndjson",
                       [{"learner_id": "L-4711", "connected_at": f"2026-05-{day}T10:00:00Z"}])  # fmt: skip
        school.ingest(as_of=date(2026, 5, day))
    school.request("access", 1, at="2026-05-01T10:00:00Z")
    school.request("access", 2, at="2026-06-03T10:00:00Z", learner_id="L-4712")
    school.deliver("rights", "odd.ndjson", [{"request_id": "REQ-9", "kind": "vanish", "learner_id": "L-4711",
                                             "received_at": "2026-06-20T10:00:00Z"}])  # fmt: skip
    school.ingest()
    audit.record(Session(school.home, school.keys, given_day=AS_OF), "built", "reviewer")
    assert tell_standing(school.home, school.policy, AS_OF) >= 4
    assert tell_standing(school.home, school.policy, AS_OF) == 0
    first = len(inbox.messages)
    with pytest.raises(GateRefused), telling(school.home, school.policy, AS_OF):
        raise GateRefused("The gate refused 2026-06-30.1: nps_quarterly, score, known_email.")
    school.home.audit.write_text(school.home.audit.read_text().replace('"built"', '"built "'))
    assert tell_standing(school.home, school.policy, AS_OF) == 1
    school.home.keys_file.rename(school.home.root / "keys.gone")
    try:
        assert tell_standing(school.home, school.policy, AS_OF) == 1
    finally:
        (school.home.root / "keys.gone").rename(school.home.keys_file)
    print(inbox.printed())
    assert set(inbox.subjects[:first]) >= {
        "A request is past its last day",
        "A request is near its last day",
        "A row about a right or a consent cannot be read",
        "A source is silent",
    }
    assert inbox.subjects[first:] == [
        "The gate refused a release",
        "A chain is broken",
        "The home does not open",
    ]
    for name in ("L-4711", "REQ-1", EMAIL, "vanish"):
        assert name not in inbox.text

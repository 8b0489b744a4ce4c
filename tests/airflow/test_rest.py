"""A server that is slow to answer or fails: what reads or sets a state is asked again, what makes something
new is asked once.
"""

from __future__ import annotations

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tenacity import wait_none

from anonymart.errors import AnonymartError
from anonymart_airflow import rest


@pytest.fixture
def slow(monkeypatch):
    """A real server on loopback that lets the first two requests to read or make wait until the test is over,
    and fails to set twice. The client waits long enough for an answer that comes at once.
    """
    monkeypatch.setattr(rest, "_SECONDS", 1.5)
    monkeypatch.setattr(rest._AGAIN, "wait", wait_none())
    asked: Counter[str] = Counter()
    is_over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            asked[self.command] += 1
            is_early = asked[self.command] <= 2
            if is_early and self.command != "PATCH":
                is_over.wait(60)
            self.send_response(500 if is_early and self.command == "PATCH" else 200)
            self.end_headers()
            self.wfile.write(b'{"dags": [{"dag_id": "build_release"}]}')

        do_GET = do_POST = do_PATCH = answer

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield rest.Rest(f"http://127.0.0.1:{server.server_port}", "secret"), asked
        is_over.set()
        server.shutdown()


def test_what_reads_is_asked_again(slow):
    client, asked = slow
    assert client.dag_ids() == {"build_release"}
    assert asked["GET"] == 3


def test_what_changes_something_is_asked_once(slow):
    client, asked = slow
    with pytest.raises(AnonymartError, match="does not answer"):
        client.make_pool("pool", 1, "note")
    assert asked["POST"] == 1


def test_a_state_is_set_again_when_the_server_failed(slow):
    """SQLite that gives up waiting for its lock makes Airflow answer 500; an answer of a person is not
    repeated.
    """
    client, asked = slow
    client.pause("build_release", True)
    assert asked["PATCH"] == 3
    asked.clear()
    with pytest.raises(AnonymartError, match="500"):
        client.answer("approve_release", "run", "ask_reviewer", "Approve", {})
    assert asked["PATCH"] == 1

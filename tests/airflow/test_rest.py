"""A server that is slow to answer: what only reads is asked again, what changes something is asked once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from anonymart.errors import AnonymartError
from anonymart_airflow import rest


@pytest.fixture
def slow(monkeypatch):
    """A real server on loopback that lets the first two requests of each method wait longer than the client does."""
    monkeypatch.setattr(rest, "_SECONDS", 0.3)
    asked: Counter[str] = Counter()

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            asked[self.command] += 1
            if asked[self.command] <= 2:
                time.sleep(0.6)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"dags": [{"dag_id": "build_release"}]}')

        do_GET = do_POST = answer

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield rest.Rest(f"http://127.0.0.1:{server.server_port}", "secret"), asked
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

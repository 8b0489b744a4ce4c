"""A learning record store on loopback that can be told to misbehave."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, dict[str, str], bytes]
BEGAN = datetime(2025, 3, 1, tzinfo=UTC)


def statement(number: int, stored: datetime | None = None, **changes: object) -> dict:
    """One right statement, stored a second after the one before."""
    at = (stored or BEGAN + timedelta(seconds=number)).isoformat().replace("+00:00", "Z")
    full = {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "timestamp": at,
        "stored": at,
        "version": "1.0.3",
        "actor": {"account": {"homePage": "https://campus.example", "name": f"account-{number % 50:04d}"}},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/progressed"},
        "object": {
            "id": "https://campus.example/xapi/course/python",
            "definition": {"type": "http://adlnet.gov/expapi/activities/course"},
        },
        "result": {"extensions": {"https://w3id.org/xapi/cmi5/result/extensions/progress": 40}},
    }
    return {**full, **changes}


class Lrs:
    """Statements, and what the next request gets instead of its page: `trouble(number, query)` gives an
    Answer or None.

    `link` makes the `more` of a page from its query; `requests` keeps path and headers of each request.
    """

    def __init__(self, statements: list[dict], limit: int = 10) -> None:
        self.statements, self.limit = statements, limit
        self.trouble: Callable[[int, dict[str, str]], Answer | None] = lambda number, query: None
        self.link: Callable[[str], str] = lambda query: f"/xAPI/statements?{query}"
        self.versions: list[str] | None = ["1.0.3", "2.0.0"]
        self.is_ascending, self.always_more = True, False
        self.headers: dict[str, str] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.url = ""

    def answer(self, path: str, headers: dict[str, str]) -> Answer:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path.endswith("/about"):
            return (
                (200, {}, json.dumps({"version": self.versions}).encode())
                if self.versions
                else (404, {}, b"")
            )
        self.requests.append((path, headers))
        odd = self.trouble(len(self.requests), query)
        return odd or self.page(query)

    def page(self, query: dict[str, str]) -> Answer:
        since, start = query.get("since", ""), int(query.get("start", 0))
        limit = min(int(query.get("limit", 0)) or self.limit, self.limit)
        found = [
            one
            for one in self.statements
            if not since or datetime.fromisoformat(one["stored"]) > datetime.fromisoformat(since)
        ]
        found = found if self.is_ascending else found[::-1]
        page = found[start : start + limit]
        result: dict[str, object] = {"statements": page}
        if start + limit < len(found) or self.always_more:
            result["more"] = self.link(f"start={start + len(page)}" + (f"&since={since}" if since else ""))
        else:
            result["more"] = ""
        return 200, self.headers, json.dumps(result).encode()


@contextmanager
def serving(lrs: Lrs) -> Iterator[Lrs]:
    """The store on a free port of loopback; `lrs.url` is its endpoint."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = lrs.answer(self.path, dict(self.headers))
            self.send_response(status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                **headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            if "Connection" in headers:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    lrs.url = f"http://127.0.0.1:{server.server_port}/xAPI"
    try:
        yield lrs
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def packed(answer: Answer) -> Answer:
    return answer[0], {**answer[1], "Content-Encoding": "gzip"}, gzip.compress(answer[2])

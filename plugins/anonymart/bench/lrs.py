"""How fast a learning record store is drained, against a bare client that pages through it: `python -m
anonymart.bench.lrs [statements]`.

The store is a process of its own on loopback with its pages ready, so that its own speed counts for both
alike.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from anonymart.session import Session

STATEMENTS = 100_000
PAGE = 100
_BEGAN = datetime(2025, 3, 1, tzinfo=UTC)


def main(statements: int = STATEMENTS) -> dict[str, object]:
    """Seconds of a bare client and of a pull, thrice in turn, the ratio of their best, and the peak memory of
    the pull alone.
    """
    with tempfile.TemporaryDirectory() as work:
        server = subprocess.Popen(
            [sys.executable, "-m", "anonymart.bench.lrs", "--serve", str(statements)],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout is not None  # a pipe was asked for
            url = f"http://127.0.0.1:{int(server.stdout.readline())}/xAPI"
            pairs = [
                (_child("--bare", url), _child("--pull", url, str(Path(work) / str(number))))
                for number in range(3)
            ]
        finally:
            server.kill()
            server.wait()
    bare, pulled = (sorted(pair[side]["seconds"] for pair in pairs) for side in (0, 1))
    return {
        "statements": statements,
        "bare_seconds": bare,
        "pull_seconds": pulled,
        "ratio": round(pulled[0] / bare[0], 2),
        "ingest_seconds": sorted(pair[1]["ingest_seconds"] for pair in pairs),
        "pull_peak_mib": max(pair[1]["peak_mib"] for pair in pairs),
    }


def bare(url: str) -> None:
    """Page through the store and keep nothing."""
    import httpx

    begun, seen = time.perf_counter(), 0
    with httpx.Client(trust_env=False) as http:
        more = "/xAPI/statements?limit=1000"
        while more:
            page = http.get(url.removesuffix("/xAPI") + more).json()
            seen, more = seen + len(page["statements"]), page["more"]
    print(json.dumps({"seconds": round(time.perf_counter() - begun, 2), "seen": seen}))


def pull(url: str, root: str) -> None:
    """Drain the store into a new home, then load what came."""
    from datetime import date

    from anonymart.home import Home
    from anonymart.ingest import ingest
    from anonymart.keys import Keys, init_keys
    from anonymart.policy import load_policy
    from anonymart.sources import lrs
    from anonymart.sources.lrs_store import make_store

    home = Home(Path(root)).prepare()
    init_keys(home)
    keys = Keys.load(home)
    begun = time.perf_counter()
    lrs.pull(Session(home, keys), make_store(url, {"username": "bench", "password": "bench"}))
    seconds, peak = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    begun = time.perf_counter()
    ingest(Session(home, keys, load_policy(), date(2026, 6, 30)))
    print(
        json.dumps(
            {
                "seconds": round(seconds, 2),
                "peak_mib": peak,
                "ingest_seconds": round(time.perf_counter() - begun, 2),
            }
        )
    )


def serve(statements: int) -> None:
    """Serve pages that are rendered once; the port is the first line on stdout."""
    pages = [_page(start, min(start + PAGE, statements), statements) for start in range(0, statements, PAGE)]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            start = int(parse_qs(urlsplit(self.path).query).get("start", ["0"])[0])
            body = pages[start // PAGE] if "/statements" in self.path else b'{"version": ["1.0.3"]}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


def _page(start: int, end: int, statements: int) -> bytes:
    more = f"/xAPI/statements?start={end}" if end < statements else ""
    return json.dumps(
        {"statements": [_statement(number) for number in range(start, end)], "more": more}
    ).encode()


def _statement(number: int) -> dict[str, object]:
    at = (_BEGAN + timedelta(seconds=number)).isoformat()
    campus, adl = "https://campus.example", "http://adlnet.gov/expapi"
    return {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "timestamp": at,
        "stored": at,
        "version": "1.0.3",
        "actor": {
            "objectType": "Agent",
            "name": f"Learner {number % 3000}",
            "account": {"homePage": campus, "name": f"account-{number % 3000:05d}"},
        },
        "verb": {"id": f"{adl}/verbs/progressed", "display": {"en-US": "progressed", "fr-FR": "a progressé"}},
        "object": {
            "id": f"{campus}/xapi/course/{number % 40}",
            "definition": {"type": f"{adl}/activities/course", "name": {"fr-FR": f"Cours {number % 40}"}},
        },
        "result": {
            "completion": False,
            "extensions": {"https://w3id.org/xapi/cmi5/result/extensions/progress": number % 101},
        },
        "context": {
            "platform": "Campus",
            "contextActivities": {"grouping": [{"id": f"{campus}/xapi/path/{number % 7}"}]},
        },
        "authority": {"account": {"homePage": campus, "name": "lrs"}},
    }


def _child(*arguments: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "anonymart.bench.lrs", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=os.environ,
    )
    return json.loads(done.stdout)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--serve", number]:
            serve(int(number))
        case ["--bare", url]:
            bare(url)
        case ["--pull", url, root]:
            pull(url, root)
        case [number]:
            print(json.dumps(main(int(number)), indent=1))
        case _:
            print(json.dumps(main(), indent=1))

"""A real store: Ralph 5.1 on its file backend, in an environment of its own, drained while another client
posts.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta

import httpx
import pytest

from anonymart.session import Session
from anonymart.sources import lrs as library
from anonymart.sources.lrs_store import make_store
from tests.conftest import ROOT
from tests.ingest.conftest import SmallSchool
from tests.lrs.server import statement

# One process makes the environment of the peer.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("ralph")]

PEER = "ralph-malph[full]==5.1.*"
BIN = ROOT / ".venv-ralph" / "bin"
USER, PASSWORD = "reader", "pass-word-77"
# Its file backend refuses a second POST unless it appends, which no setting says.
START = """
import sys, uvicorn
from ralph.backends.data.base import BaseOperationType
from ralph.backends.data.fs import FSDataBackend
FSDataBackend.default_operation_type = BaseOperationType.APPEND
uvicorn.run("ralph.api:app", host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
"""
N, BATCH = 3000, 60


@pytest.fixture(scope="module")
def ralph(tmp_path_factory):
    """The endpoint of a Ralph that keeps its statements in a file."""
    _install()
    folder = tmp_path_factory.mktemp("ralph")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "RALPH_APP_DIR": str(folder),
        "RALPH_AUTH_FILE": str(folder / "auth.json"),
        "RALPH_RUNSERVER_BACKEND": "fs",
        "RALPH_BACKENDS__LRS__FS__DEFAULT_DIRECTORY_PATH": str(folder),
    }
    subprocess.run(
        [
            BIN / "ralph",
            "auth",
            "-u",
            USER,
            "-p",
            PASSWORD,
            "-s",
            "all",
            "-A",
            "reader",
            "https://campus.example",
            "-N",
            "reader",
            "-w",
        ],
        env=environment,
        cwd=folder,
        check=True,
        capture_output=True,
    )
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [BIN / "python", "-c", START, str(port)], env=environment, cwd=folder, stdout=log, stderr=log
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/__heartbeat__", server)
        yield f"http://127.0.0.1:{port}/xAPI"
    finally:
        server.terminate()
        server.wait(120)


def test_ralph_is_drained_while_another_client_posts_and_a_kill_loses_and_doubles_nothing(ralph, tmp_path):
    small_school, posted = (
        SmallSchool(tmp_path / "home"),
        threading.Thread(target=post, args=(ralph, range(1, N + 1))),
    )
    post(ralph, range(N + 1, N + 1 + 3 * BATCH))
    posted.start()
    killed = _pull_and_kill(small_school, ralph)
    pulled = [pull(small_school, ralph)]
    while posted.is_alive():
        pulled.append(pull(small_school, ralph))
    posted.join()
    pulled.append(pull(small_school, ralph))
    counts = small_school.ingest().values()
    everyone = N + 3 * BATCH
    assert killed and len(pulled) > 1
    assert small_school.ask("SELECT count(*), count(DISTINCT statement_id) FROM vault.raw.learning") == [
        (everyone, everyone)
    ]
    assert (sum(each.loaded for each in counts), sum(each.quarantined + each.refused for each in counts)) == (
        everyone,
        0,
    )
    # A page of Ralph's file backend is turned round, but pages follow the order of the file.
    assert pulled[-1].is_unordered and pulled[-1].pages > 30


def test_what_ralph_gets_under_an_old_time_is_found_within_the_overlap(ralph, tmp_path):
    small_school, late = SmallSchool(tmp_path / "home"), 900_000
    post(ralph, [late - 1])
    pull(small_school, ralph)
    # It filters on `timestamp`, where xAPI says `stored`: an overlap longer than clients stay away makes up
    # for it.
    told = {**_sent(late), "timestamp": "2025-01-15T10:00:00Z"}
    _client().post(f"{ralph}/statements/", json=[told]).raise_for_status()
    newest = pull(small_school, ralph, overlap=timedelta(hours=24)).newest_at
    assert newest.year >= 2026
    small_school.ingest()
    assert small_school.ask(
        f"SELECT count(*) FROM vault.raw.learning WHERE statement_id = '{told['id']}'"
    ) == [(0,)]
    pull(small_school, ralph, overlap=timedelta(days=5000))
    small_school.ingest()
    assert small_school.ask(
        f"SELECT count(*) FROM vault.raw.learning WHERE statement_id = '{told['id']}'"
    ) == [(1,)]


def test_wrong_credentials_are_told(ralph, tmp_path):
    from anonymart.errors import UsageError

    small_school = SmallSchool(tmp_path / "home")
    with pytest.raises(UsageError, match="refuses these credentials"):
        library.pull(
            Session(small_school.home, small_school.keys),
            make_store(ralph, {"username": USER, "password": "another"}),
        )


def pull(small_school: SmallSchool, url: str, overlap: timedelta = timedelta(days=5000)) -> library.Pulled:
    store = make_store(url, {"username": USER, "password": PASSWORD}, overlap=overlap)
    return library.pull(Session(small_school.home, small_school.keys), store, parts=library.Parts(500))


def post(url: str, numbers: range | list[int]) -> None:
    with _client() as http:
        for start in range(0, len(numbers), BATCH):
            batch = [_sent(number) for number in numbers[start : start + BATCH]]
            http.post(f"{url}/statements/", json=batch).raise_for_status()


def _sent(number: int) -> dict:
    """A statement as a client sends it: the store adds when it was stored."""
    return {name: value for name, value in statement(number).items() if name != "stored"}


def _client() -> httpx.Client:
    return httpx.Client(
        auth=(USER, PASSWORD), headers={"X-Experience-API-Version": "1.0.3"}, timeout=60, trust_env=False
    )


def _pull_and_kill(small_school: SmallSchool, url: str) -> bool:
    """A pull in a process of its own, killed once its first file has landed; whether it died of that."""
    code = (
        "import sys; from pathlib import Path; from anonymart.home import Home; from anonymart.keys "
        "import Keys\n"
        "from anonymart.session import Session\n"
        "from anonymart.sources import lrs, lrs_store; home = Home(Path(sys.argv[1])).prepare()\n"
        "store = lrs_store.make_store(sys.argv[2], lrs_store.secrets_from_environment(), page_size=20)\n"
        "lrs.pull(Session(home, Keys.load(home)), store, parts=lrs.Parts(60))"
    )
    environment = {**os.environ, "ANONYMART_LRS_USERNAME": USER, "ANONYMART_LRS_PASSWORD": PASSWORD}
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(small_school.home.root), url], env=environment
    )
    while process.poll() is None and not list((small_school.home.landing / "learning").glob("*.ndjson")):
        time.sleep(0.01)
    process.kill()
    return process.wait() == -signal.SIGKILL


def _install() -> None:
    """Ralph's environment beside ours, made once; half an environment is made anew."""
    if (BIN.parent / "done").exists():
        return
    shutil.rmtree(BIN.parent, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", BIN.parent], check=True)
    subprocess.run(
        [BIN / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PEER], check=True
    )
    (BIN.parent / "done").write_text(PEER, encoding="ascii")


def _wait_for(url: str, server: subprocess.Popen) -> None:
    for _ in range(3000):
        assert server.poll() is None, "Ralph did not start: read its server.log"
        try:
            if httpx.get(url, trust_env=False).status_code < 600:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError("Ralph does not answer")

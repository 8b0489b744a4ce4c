"""Airflow's own metrics by OpenTelemetry name DAGs and tasks, and no learner and no path of the home."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from anonymart.home import PROJECT, Home
from anonymart.keys import init_keys
from anonymart_airflow.settings import airflow_env

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.xdist_group("airflow")]
LEARNER = "juniper-quill-77"


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """An OpenTelemetry collector of this machine: its port, and what was sent to it."""
    sent: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append(self.path.encode() + self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield str(server.server_port), sent
    server.shutdown()


def test_metrics_of_a_run_name_its_tasks_and_nobody(tmp_path, collector):
    port, sent = collector
    home = Home(tmp_path / "home").prepare()
    init_keys(home)
    (home.landing / "learners").mkdir()
    (home.landing / "learners" / "learners.csv").write_text(
        f"learner_id,email,registered_at\n{LEARNER},{LEARNER}@example.org,2026-01-01T10:00:00Z\n"
    )
    environment = {
        **os.environ,
        **airflow_env(home, 18080, schedule=False),
        "AIRFLOW__METRICS__OTEL_ON": "True",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_METRIC_EXPORT_INTERVAL": "500",
        "OTEL_SERVICE_NAME": "airflow",
    }
    for words in (
        ("db", "migrate"),
        ("dags", "reserialize"),
        ("dags", "test", "ingest_learners", "2026-06-30", "--conf", '{"as_of": "2026-06-30"}'),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "airflow", *words],
            env=environment,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert not any((home.landing / "learners").iterdir()), "the file was loaded"
    told = b"\0".join(sent)
    assert b"/v1/metrics" in told and b"ingest_learners" in told
    assert LEARNER.encode() not in told and str(home.root).encode() not in told

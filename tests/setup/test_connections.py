"""What holds on every connection and on every cursor of it, whatever the machine and however Python was
started.
"""

from __future__ import annotations

import os
import subprocess
import sys

QUESTION = """
import sys
import duckdb
from anonymart import engine
from anonymart.home import Home

ask = "SELECT current_setting('TimeZone'), current_setting('enable_progress_bar')"
print(*duckdb.connect().execute(ask).fetchone())
connection = duckdb.connect()
engine.prepare(connection, Home.from_env())
print(*connection.execute(ask).fetchone())
print(*connection.cursor().execute(ask).fetchone())
"""


def test_utc_and_no_progress_bar_on_a_machine_elsewhere(tmp_path):
    """DuckDB takes `python -c` for someone who types, as it does `python -m package`, and would draw a bar
    before the JSON.
    """
    environment = {**os.environ, "TZ": "America/New_York", "ANONYMART_HOME": str(tmp_path)}
    asked = subprocess.run(
        [sys.executable, "-c", QUESTION], env=environment, capture_output=True, text=True, check=True
    )
    plain, prepared, cursor = asked.stdout.splitlines()
    assert plain == "America/New_York True", "this test can no longer fail"
    assert prepared == cursor == "UTC False"

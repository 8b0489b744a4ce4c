"""What the process behind tests/warm.py imports, once: with telemetry off, as the commands do."""

from anonymart import telemetry
from anonymart.gate import checkpoint

telemetry.switch_off()
checkpoint.prepare()

import dbt.adapters.duckdb  # noqa: E402
import dbt.cli.main  # noqa: E402, F401
import scipy.optimize  # noqa: E402, F401

import anonymart.cli  # noqa: E402, F401
from tests import warm  # noqa: E402, F401

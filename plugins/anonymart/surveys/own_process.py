"""Files that a library reads in a process of its own, where a damaged or huge one ends nothing but that
process (docs/decisions/spss-in-its-own-process.md,
docs/decisions/sheets-in-their-own-process.md).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from anonymart.files.landed import FileRefused

_HERE = Path(__file__).parent
_SECONDS = 600


def read(child: str, path: Path, damaged: str) -> dict[str, Any]:
    """What the script `child` beside this module says of the file.

    Raises FileRefused with the script's own reason, or with `damaged` when it came to no end.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANONYMART_")}
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_HERE / child), str(path)],
            env=kept,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
        found = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        found = {"refused": damaged}
    if reason := found.get("refused"):
        raise FileRefused(reason)
    return found

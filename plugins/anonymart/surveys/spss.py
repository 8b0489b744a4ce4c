"""SPSS files (.sav and .zsav, as Qualtrics and LimeSurvey export them): variables, their labels as questions,
rows of texts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from anonymart.files.landed import FileRefused

MARKS = (b"$FL2", b"$FL3")
_CHILD = Path(__file__).with_name("spss_child.py")
_SECONDS = 600


def variables_and_rows(path: Path) -> tuple[list[str], list[str], list[list[str | None]]]:
    """Names of variables, their labels, and the rows. Raises FileRefused for what is damaged, packed or
    huge.
    """
    if path.suffix == ".gz":
        raise FileRefused("a gzipped SPSS file: unpack it, or export .zsav")
    # A process of its own: on some damaged files the library ends its process
    # (docs/decisions/spss-in-its-own-process.md).
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANONYMART_")}
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_CHILD), str(path)],
            env=kept,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
        found = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        found = {"refused": "a damaged or incomplete SPSS file: export it again"}
    if reason := found.get("refused"):
        raise FileRefused(reason)
    return found["names"], found["labels"], [list(row) for row in found["rows"]]

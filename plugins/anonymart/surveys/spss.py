"""SPSS files (.sav and .zsav, as Qualtrics and LimeSurvey export them): variables, their labels as questions,
rows of texts.
"""

from __future__ import annotations

from pathlib import Path

from anonymart.files.landed import FileRefused
from anonymart.surveys import own_process

MARKS = (b"$FL2", b"$FL3")


def variables_and_rows(path: Path) -> tuple[list[str], list[str], list[list[str | None]]]:
    """Names of variables, their labels, and the rows. Raises FileRefused for what is damaged, packed or
    huge.
    """
    if path.suffix == ".gz":
        raise FileRefused("a gzipped SPSS file: unpack it, or export .zsav")
    # On some damaged files the library ends its process (docs/decisions/spss-in-its-own-process.md).
    found = own_process.read("spss_child.py", path, "a damaged or incomplete SPSS file: export it again")
    return found["names"], found["labels"], [list(row) for row in found["rows"]]

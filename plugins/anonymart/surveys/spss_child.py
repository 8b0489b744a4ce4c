"""Run as a script, with the path of an SPSS file: writes its variables and rows as one JSON object to
standard output.

It runs alone in a process, because the library behind pyreadstat ends the process on some damaged files. A
value that has a label is its label; what the file declares as missing is null; times are ISO 8601.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from datetime import date, datetime, time
from typing import Any

MOST_CELLS = 20_000_000
_MOST_MEMORY = 4 << 30
_NUMBER = re.compile(r"\d{1,3}")


def contents(path: str) -> dict[str, Any]:
    """Names, labels (the questions) and rows as texts; `refused` with a reason where there are too many cells
    or it is damaged.
    """
    import pyreadstat

    errors = (
        pyreadstat.ReadstatError,
        pyreadstat.PyreadstatError,
        UnicodeDecodeError,
        ValueError,
        OverflowError,
        MemoryError,
        OSError,
    )
    for encoding in (None, "WINDOWS-1252"):
        try:
            _, about = pyreadstat.read_sav(path, metadataonly=True, encoding=encoding, output_format="dict")
            if max(about.number_rows or 0, 0) * (about.number_columns or 0) > MOST_CELLS:
                return {"refused": "an SPSS file of more than 20 million cells: export it as CSV"}
            columns, about = pyreadstat.read_sav(path, encoding=encoding, output_format="dict")
        except errors:
            continue
        labels = about.variable_value_labels
        texts = [_texts(list(values), labels.get(name, {})) for name, values in columns.items()]
        return {
            "names": list(columns),
            "labels": [label or "" for label in about.column_labels],
            "rows": list(zip(*texts, strict=True)),
        }
    return {"refused": "a damaged or incomplete SPSS file: export it again"}


def _texts(values: list, labels: dict) -> list[str | None]:
    shown = _shown(
        values, {value: str(label).strip() for value, label in labels.items() if str(label).strip()}
    )
    return [shown.get(value, _text(value)) if value is not None else None for value in values]


def _shown(values: list, labels: dict) -> dict:
    """What stands in the place of each value that has a label: the label, or the number that it tells on a
    scale.

    On a scale whose labels are numbers but for its ends (11 values from "Not at all likely" over 1, 2, … to
    "Extremely likely"), each value is as far from its number as the others are. A scale that has labels at
    its ends only is read by its values.
    """
    offsets = {
        value - int(label)
        for value, label in labels.items()
        if _NUMBER.fullmatch(label) and isinstance(value, int | float)
    }
    n_numbers = sum(bool(_NUMBER.fullmatch(label)) for label in labels.values())
    numeric = [value for value in {*values, *labels} if isinstance(value, int | float) and value == value]
    if len(offsets) == 1 and 2 * n_numbers >= len(labels):
        return {value: _text(value - next(iter(offsets))) for value in numeric}
    is_ends_only = {0, 10} <= set(labels) <= {0, 5, 10}
    if is_ends_only or any(
        value not in labels for value in values if isinstance(value, int | float) and value == value
    ):
        return {}
    return labels


def _text(value: Any) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float):
        return None if value != value else str(int(value)) if value.is_integer() else repr(value)
    return None if value is None else str(value)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    json.dump(contents(sys.argv[1]), sys.stdout)

"""What columns are called in Superset, and how their figures are written."""

from __future__ import annotations

import re

_SHORT = {"nps": "NPS", "p25": "lower quartile", "p50": "median", "p75": "upper quartile", "n": "number of"}
_MONTHS = re.compile(r"(\d+)m")


def called(name: str) -> str:
    """A column or a mart in words: `insertion_rate_6m_low` is "Insertion rate at 6 months, lower end"."""
    text = phrase(name)
    return text[:1].upper() + text[1:]


def phrase(name: str) -> str:
    """The same within a sentence."""
    end = {"low": ", lower end", "high": ", upper end"}.get(name.rpartition("_")[2], "")
    words = (name.rpartition("_")[0] if end else name).removesuffix("_id").split("_")
    return " ".join(_SHORT.get(word, _MONTHS.sub(r"at \1 months", word)) for word in words) + end


def number_format(figure: str, column_type: str) -> str:
    """How Superset writes a figure (D3): shares in percent, persons and money as whole numbers."""
    if "rate" in figure or "share" in figure:
        return ".1%"
    return ",d" if column_type != "DOUBLE" or figure.startswith("salary") else ",.1f"

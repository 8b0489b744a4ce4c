"""What the page says, in English and in French: words.yml, and figures as a person reads them."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from anonymart.contracts import parsed


class Said(NamedTuple):
    """A text in both languages."""

    en: str
    fr: str


class Words(NamedTuple):
    """A question, its answer with places for figures, and how to read the chart."""

    title: Said
    answer: Said
    note: Said


@cache
def questions() -> dict[str, Words]:
    """The words of each question by its name."""
    return {
        name: Words(*(Said(**each[part]) for part in Words._fields))
        for name, each in _content()["questions"].items()
    }


@cache
def labels() -> dict[str, Said]:
    """The other words of the page by their name."""
    return {name: Said(**each) for name, each in _content()["labels"].items()}


@cache
def site() -> dict[str, Said]:
    """The words of the site over all releases by their name."""
    return {name: Said(**each) for name, each in _content()["site"].items()}


def _content() -> dict[str, Any]:
    return parsed(Path(__file__).with_name("words.yml").read_text(encoding="utf-8"))


def number(value: Any, figure: str, language: str) -> str:
    """A figure as a person reads it: shares in percent, money in EUR, with the marks of the language."""
    if value is None:
        return getattr(labels()["unknown"], language)
    if figure.endswith(("rate", "share")) or "share" in figure or "rate" in figure:
        text = f"{100 * value:.1f} %" if language == "fr" else f"{100 * value:.1f}%"
    elif figure.startswith("salary"):
        text = f"{value:,.0f} EUR".replace(",", " ")
    elif figure.endswith("days"):
        text = f"{value:.0f} {'jours' if language == 'fr' else 'days'}"
    elif isinstance(value, int):
        text = f"{value:,}".replace(",", " ")
    else:
        text = f"{value:.1f}"
    return text.replace(".", ",") if language == "fr" else text


def period(value: Any, grain: str, language: str) -> str:
    """A period as a person reads it."""
    if not isinstance(value, date):
        return str(value)
    if grain == "quarter":
        part = (value.month + 2) // 3
        return f"T{part} {value.year}" if language == "fr" else f"{value.year} Q{part}"
    return value.isoformat()[: 4 if grain == "year" else 7]

"""Indicator 2 of the French quality label Qualiopi: dated results of each programme, from published cells.

The national reference list of quality asks a school to publish results that fit its programmes; its reading
guide names satisfaction, success, abandonment and insertion, with numbers, response rates and periods. What a
release does not tell stands there as a gap with its reason (S-ANON). Satisfaction is the Net Promoter Score,
the one opinion that may come in (D-NPS).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from anonymart.errors import UsageError
from anonymart.filing import published, sheets
from anonymart.filing.published import Published, Row
from anonymart.filing.words import words
from anonymart.page.build import style

ALL = "all"
_MARTS = ("nps_quarterly", "project_validation", "path_outcome", "salary_outcome")
# So many closed periods of each are shown, the newest first.
_NEWEST = 4
LANGUAGES = ("fr", "en")


class Source(NamedTuple):
    """Where an indicator stands: its mart, the figure, the figure that counts the persons under it, the
    column of its period, and how many months that is; of answers after a diploma, how many months after.
    """

    indicator: str
    mart: str
    figure: str
    number: str
    period: str
    months: int
    months_after: int | None = None


_OF_PATHS = (
    Source("satisfaction", "nps_quarterly", "nps", "n_respondents", "quarter", 3),
    Source("response", "nps_quarterly", "response_rate", "n_invited", "quarter", 3),
    Source("success", "path_outcome", "graduation_rate", "n_enrolled", "start_quarter", 3),
    Source("abandonment", "path_outcome", "abandonment_rate", "n_enrolled", "start_quarter", 3),
    Source("projects", "project_validation", "validation_rate", "n_submitted", "half_year", 6),
)
# The marts of the register of certifications tell the same rates, without the persons who answered.
_OF_DIPLOMAS = (
    Source("insertion", "salary_outcome", "employed_rate", "n_respondents", "graduation_year", 12, 6),
    Source("in_trade", "salary_outcome", "in_field_rate", "n_respondents", "graduation_year", 12, 6),
    Source("in_trade_later", "salary_outcome", "in_field_rate", "n_respondents", "graduation_year", 12, 24),
    Source("answers", "salary_outcome", "response_rate", "n_graduates", "graduation_year", 12, 6),
)


def programmes(
    folder: Path, diplomas: Mapping[str, str] | None = None, trusted: Ed25519PublicKey | None = None
) -> dict[str, Any]:
    """The indicators of each training path that a release names; `diplomas` says which diploma a path leads
    to, which no published table does: without it the insertion is that of all diplomas together.

    Raises GateRefused and UsageError as `published.read` does, and UsageError for a path or a diploma that
    the release does not have.
    """
    found, diplomas = published.read(folder, _MARTS, trusted), diplomas or {}
    paths = {code for kind, code in found.titles if kind == "path"}
    paths |= {row["path_id"] for mart in _MARTS[:3] for row in found.marts[mart]}
    paths -= {ALL}
    known = {row["diploma_id"] for row in found.marts["salary_outcome"]}
    if not (diplomas.keys() <= paths and set(diplomas.values()) <= known):
        raise UsageError("--diploma names a path or a diploma that the release does not have: use its codes.")
    return {
        "release_id": found.release_id,
        "as_of": found.as_of,
        "programmes": [
            {
                "path_id": path,
                "title": found.title("path", path),
                "diploma_id": diplomas.get(path, ALL),
                "indicators": [
                    *_told(found, _OF_PATHS, {"path_id": path}),
                    *_told(found, _OF_DIPLOMAS, {"diploma_id": diplomas.get(path, ALL)}),
                ],
            }
            for path in sorted(paths)
        ],
    }


def write(found: Mapping[str, Any], folder: Path) -> list[str]:
    """Write for each programme a page and a table in each language; gives the names."""
    folder = published.prepared(folder)
    names = []
    for programme in found["programmes"]:
        page = _template().render(
            release_id=found["release_id"],
            as_of=found["as_of"],
            programme=programme,
            words=words()["qualiopi"],
            style=Markup(style()),
            groups=_groups(programme["indicators"]),
        )
        names.append(published.write(folder / f"{programme['path_id']}.html", page))
        for language in LANGUAGES:
            table = sheets.sheet(
                [words()["qualiopi"]["columns"][name][language] for name in _COLUMNS],
                [_line(found, programme, each, language) for each in programme["indicators"]],
                language,
            )
            names.append(published.write(folder / f"{programme['path_id']}.{language}.csv", table))
    return names


_COLUMNS = (
    "programme",
    "indicator",
    "period",
    "value",
    "low",
    "high",
    "number",
    "reason",
    "release",
    "as_of",
)


def _told(found: Published, sources: Iterable[Source], at: Mapping[str, str]) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    for source in sources:
        rows = [row for row in found.marts[source.mart] if _is_of(row, source, at)]
        rows.sort(key=lambda row: (_key(row[source.period]), row.get("project_id") or ""), reverse=True)
        periods = list(dict.fromkeys(row[source.period] for row in rows))[:_NEWEST]
        # Projects are many: those of the newest period that is told.
        periods = periods[:1] if source.mart == "project_validation" else periods
        shown = [row for row in rows if row[source.period] in periods]
        told += [_indicator(source, row) for row in shown] or [_gap(source)]
    return told


def _is_of(row: Row, source: Source, at: Mapping[str, str]) -> bool:
    """Whether a row is of this path or diploma: of answers after a diploma the plain years, not the pools."""
    is_plain = row.get("graduation_year_from") == row.get("graduation_year")
    is_then = row.get("months_after") == source.months_after
    return is_plain and is_then and all(row[name] == value for name, value in at.items())


def _indicator(source: Source, row: Row) -> dict[str, Any]:
    value, reason = published.figure(row, source.figure)
    first, last = _days(row[source.period], source.months)
    return {
        "indicator": source.indicator,
        "of": row.get("project_id"),
        "from": first.isoformat(),
        "to": last.isoformat(),
        "value": value,
        "low": row.get(f"{source.figure}_low"),
        "high": row.get(f"{source.figure}_high"),
        "number": row.get(source.number),
        "reason": reason,
        "gaps": _gaps(source, row, reason),
    }


def _gaps(source: Source, row: Row, reason: str | None) -> dict[str, str]:
    """Why interval and number are empty, where the reason of the value does not say it already."""
    figures = {"interval": f"{source.figure}_low", "number": source.number}
    if reason:
        del figures["interval"]
    why = {name: published.figure(row, figure)[1] for name, figure in figures.items()}
    return {name: each for name, each in why.items() if each and each != reason}


def _gap(source: Source) -> dict[str, Any]:
    empty = dict.fromkeys(("of", "from", "to", "value", "low", "high", "number"))
    return {"indicator": source.indicator, **empty, "reason": published.NOT_PUBLISHED, "gaps": {}}


def _key(period: Any) -> str:
    return str(period)


def _days(period: Any, months: int) -> tuple[date, date]:
    first = period if isinstance(period, date) else date(int(period), 1, 1)
    year, month = divmod(first.month - 1 + months, 12)
    return first, date(first.year + year, month + 1, 1) - timedelta(days=1)


def _number(each: Mapping[str, Any], name: str) -> float | None:
    """The NPS as points, every rate as a percentage."""
    value = each[name]
    if value is None:
        return None
    return round(value, 1) if each["indicator"] == "satisfaction" else sheets.percent(value)


def _groups(indicators: Iterable[Mapping[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The rows of each indicator, in their order."""
    found: dict[str, list[dict[str, Any]]] = {}
    for each in indicators:
        found.setdefault(each["indicator"], []).append(_row(each))
    return list(found.items())


def _row(each: Mapping[str, Any]) -> dict[str, Any]:
    said = words()["qualiopi"]["indicators"][each["indicator"]]
    why = {language: _why(each, language) for language in LANGUAGES}
    shown = {name: _number(each, name) for name in ("value", "low", "high")}
    return {**each, **shown, "said": said, "why": why, "is_rate": each["indicator"] != "satisfaction"}


def _line(
    found: Mapping[str, Any], programme: Mapping[str, Any], each: Mapping[str, Any], language: str
) -> list[Any]:
    said = words()["qualiopi"]["indicators"][each["indicator"]][language]
    period = f"{each['from']}/{each['to']}" if each["from"] else None
    return [
        programme["title"],
        f"{said} ({each['of']})" if each["of"] else said,
        period,
        *(_number(each, name) for name in ("value", "low", "high")),
        each["number"],
        _why(each, language) or None,
        found["release_id"],
        found["as_of"],
    ]


def _why(each: Mapping[str, Any], language: str) -> str:
    """Why figures are empty: the value, else which figure it is."""
    said, columns = words()["reasons"], words()["qualiopi"]["columns"]
    colon = " : " if language == "fr" else ": "
    value = [said[each["reason"]][language]] if each["reason"] else []
    rest = [f"{columns[name][language]}{colon}{said[why][language]}" for name, why in each["gaps"].items()]
    return " | ".join([*value, *rest])


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("qualiopi.html.j2")

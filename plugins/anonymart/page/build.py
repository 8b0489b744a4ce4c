"""The page put together: questions, answers, charts and tables into one file that needs nothing else
(S-ANON).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from anonymart.contracts import MartContract
from anonymart.page import charts, reading, years
from anonymart.page import words as said
from anonymart.page.questions import COST, HIDDEN, QUESTIONS, Question
from anonymart.page.words import Said

_HERE = Path(__file__).parent
# As many small charts are drawn, and can be chosen one by one; all figures stand in the table.
_MOST = 40
Row = dict[str, Any]
# What each code is called, by the kind of thing and the code.
Titles = Mapping[tuple[str, str], Said]


@cache
def style() -> str:
    """The style sheet that stands in the page."""
    chosen = "\n".join(
        f"section:has(.f{n}:checked) :is(figure, tbody tr):not(.k{n}) {{ display: none; }}"
        for n in range(_MOST)
    )
    return (_HERE / "page.css").read_text(encoding="utf-8") + chosen + "\n" + years.style() + "\n"


def own_words() -> list[str]:
    """Every text of ours that the page may hold."""
    texts = [text for each in said.questions().values() for pair in each for text in pair]
    texts += [text for pair in said.labels().values() for text in pair]
    texts += ["English Français Anonymart mart release columns as of days jours EUR published viewport"]
    return [*texts, *(name for question in (*QUESTIONS, HIDDEN, COST) for name in question.columns)]


def page(
    connection: duckdb.DuckDBPyConnection,
    contracts: Mapping[str, MartContract],
    release_id: str,
    as_of: str,
    schema: str,
    titles: Titles | None = None,
) -> str:
    """The whole page, made from the marts in `schema` alone; the same text each time. A code that has a title
    is called by it, but for tables, which hold what the files hold.
    """
    asked = [each for each in QUESTIONS if each.mart in contracts and _is_whole(each, contracts[each.mart])]
    sections = [
        _section(question, reading.read(connection, contracts, question, schema), contracts, titles or {})
        for question in (*asked, HIDDEN, COST)
    ]
    for section in sections:
        section["cite"] = f"Anonymart, release {release_id}, {section['cite']}"
    return _template("page.html.j2").render(
        sections=sections,
        release_id=release_id,
        as_of=as_of,
        style=Markup(style()),
        labels=said.labels(),
        both=_both,
    )


def site_page(releases: Sequence[Mapping[str, Any]]) -> str:
    """The first page of a site: a section for each release with links to its `files` (path, name in words),
    or with its recall.
    """
    words = said.site()
    told = [
        {**each, "files": [(path, words[name]) for path, name in each.get("files", ())]} for each in releases
    ]
    return _template("site.html.j2").render(releases=told, style=Markup(style()), labels=words, both=_both)


@cache
def _template(name: str) -> Any:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def _is_whole(question: Question, contract: MartContract) -> bool:
    return set(question.columns) <= set(contract.column_names)


def _section(
    question: Question, rows: list[Row], contracts: Mapping[str, MartContract], titles: Titles
) -> dict[str, Any]:
    contract = contracts.get(question.mart)
    period = contract.period.column if contract else ""
    grain = question.grain or (contract.period.grain if contract else "")
    by = question.by
    places = {key: n for n, key in enumerate(dict.fromkeys(row[by] for row in rows))} if by else {}
    keys, figures = list(places)[:_MOST], contract.figures if contract else ()
    drawn = [row for row in rows if row[by] in keys] if by else rows
    called = {key: _called(titles, by or "", key) for key in places}
    shown_years = years.years_of(rows, period)
    figured = _with_years(
        _charts(question, drawn, [called[key] for key in keys], titles),
        [[row for row in drawn if row[by] == key] for key in keys] if by else [drawn],
        (period, grain),
        shown_years,
    )
    return {
        "name": question.name,
        "words": said.questions()[question.name],
        "answer": _answer(question, reading.answer(question, period, rows), (period, grain), titles),
        "keys": [called[key] for key in keys],
        "more": len(places) - len(keys),
        "charts": figured,
        "faded": years.common(faded for *_, faded in figured),
        "shown_years": shown_years,
        "head": question.columns,
        "rows": [
            (
                _classes(places[row[by]] if by else None, [row], period, shown_years),
                _cells(row, question, figures),
            )
            for row in rows
        ],
        "years": [
            each | {"key": called[each["key"]], "classes": _classes(n, [each["now"]], period, shown_years)}
            for n, each in enumerate(_years(question, rows, (period, grain)))
        ],
        "cite": _cite(question, contract),
    }


def _with_years(
    drawings: Sequence[tuple[Said | None, Markup]],
    shown: Sequence[Sequence[Row]],
    when: tuple[str, str],
    every: Sequence[int],
) -> list[tuple[Said | None, Markup, str, str]]:
    """Each drawing with the classes of the years of its rows, and how it fades but for one of them."""
    period, grain = when
    made = []
    for n, ((key, svg), rows) in enumerate(zip(drawings, shown, strict=False)):
        is_long = len(years.years_of(rows, period)) > 1
        faded = years.fading(svg, every, grain == "year") if is_long else ""
        made.append((key, svg, _classes(n if key is not None else None, rows, period, every), faded))
    return made


def _classes(place: int | None, rows: Sequence[Row], period: str, shown: Sequence[int]) -> str:
    """The classes by which a chart or a row is shown: the thing that it is of, and its years."""
    thing = "" if place is None else f"k{place}"
    return f"{thing} {years.classes(rows, period, shown)}".strip()


def _called(titles: Titles, column: str, code: Any) -> Said:
    """What a value of a column is called in both languages: its title, else itself."""
    return titles.get((column.removesuffix("_id"), code)) or Said(str(code), str(code))


def _charts(
    question: Question, rows: Sequence[Row], keys: Sequence[Said], titles: Titles
) -> list[tuple[Said | None, Markup]]:
    given = reading.for_chart(question, rows)
    if not given or question.chart is None:
        return []
    drawn = charts.draw(question.chart(given), given, question.size, _on_axis(question, given, titles))
    if not keys:
        return [(None, _named(drawn[0], f"{question.name}-title"))]
    return [
        (key, _named(svg, f"{question.name}-k{n}"))
        for n, (key, svg) in enumerate(zip(keys, drawn, strict=True))
    ]


def _on_axis(question: Question, rows: Sequence[Row], titles: Titles) -> dict[str, Said]:
    """What the things on the axis of a chart are called: those of the last column that has names."""
    kinds = {kind for kind, _ in titles}
    listed = [name for name in question.columns if name != question.by and name.removesuffix("_id") in kinds]
    return {row[listed[-1]]: _called(titles, listed[-1], row[listed[-1]]) for row in rows} if listed else {}


def _named(svg: str, element: str) -> Markup:
    """A drawing as one picture, named by an element of the page; what it says stands in the table."""
    return Markup('<svg role="img" aria-labelledby="{}" ').format(element) + Markup(svg[len("<svg ") :])


def _cells(row: Row, question: Question, figures: Sequence[str]) -> list[str]:
    """Values as they stand in the CSV files; where a figure is hidden, its reason."""
    values = []
    for name in question.columns:
        value = row[name]
        if value is None and name in figures:
            value = (row[f"{name}_reason"] or "").replace("_", " ")
        values.append(str(value).lower() if isinstance(value, bool) else str(value))
    return values


def _answer(question: Question, row: Row | None, when: tuple[str, str], titles: Titles) -> Said | None:
    if row is None:
        return None
    return Said(*(_in_words(question, row, when, titles, language) for language in ("en", "fr")))


def _in_words(question: Question, row: Row, when: tuple[str, str], titles: Titles, language: str) -> Markup:
    figure, (column, grain) = question.answer[1], when
    then = row.get("before") or {}
    fixed = question.only or {}
    codes = [name for name in question.columns if isinstance(row.get(name), str) and name not in fixed]
    # Of a course and an exercise the exercise is meant, of a rate and a size the rate.
    code = (codes[0] if question is COST else codes[-1]) if codes else None
    verdict = _verdict(row, then if f"{figure}_low" in then else None, figure)
    given = {
        "value": said.number(row[figure], figure, language),
        "low": said.number(row.get(f"{figure}_low"), figure, language),
        "high": said.number(row.get(f"{figure}_high"), figure, language),
        "then": said.number(then.get(figure), figure, language),
        "total": said.number(row.get("total"), "n", language),
        "period": said.period(row.get(column), grain, language),
        "code": getattr(_called(titles, code, row[code]), language) if code else "",
        "by": getattr(_called(titles, question.by or "", row.get(question.by or "", "")), language),
        "verdict": getattr(verdict, language),
    }
    text = getattr(said.questions()[question.name].answer, language)
    return Markup(
        escape(text).format(**{name: Markup("<b>{}</b>").format(each) for name, each in given.items()})
    )


def _years(question: Question, rows: Sequence[Row], when: tuple[str, str]) -> list[dict[str, Any]]:
    """For each chart the last figure and the one a year before, and whether they can be told apart."""
    kind, figure = question.answer
    if kind != "year on year":
        return []
    found = []
    for key in dict.fromkeys(row[question.by or ""] for row in rows):
        told = [row for row in rows if row[question.by or ""] == key and row[figure] is not None]
        if not told:
            continue
        now = told[-1]
        then = reading.before(rows, now, when[0], figure)
        entry = {"key": key, "now": now, "then": then, "figure": figure, "when": when[0]}
        found.append(entry | {"verdict": _verdict(now, then, figure)})
    return found


def _verdict(now: Row, then: Row | None, figure: str) -> Said:
    if then is None:
        return said.labels()["unknown"]
    return said.labels()["changed" if reading.has_changed(now, then, figure) else "same"]


def _cite(question: Question, contract: MartContract | None) -> str:
    columns = ", ".join(question.columns)
    if contract is None:
        return f"all marts, columns {columns}"
    return f"mart {contract.name}, columns {columns}. {contract.description}"


def _both(pair: Said) -> Markup:
    """A text in both languages, of which the page shows one; once where both are the same."""
    if pair[0] == pair[1]:
        return escape(pair[0])
    return Markup('<span lang="en">{}</span><span lang="fr">{}</span>').format(*pair)

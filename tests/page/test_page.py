"""The page says what the marts say, each chart holds only what it shows, and nothing comes from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import altair as alt
import duckdb
import pytest

from anonymart.contracts import load_contracts
from anonymart.errors import AnonymartError
from anonymart.page import charts, page, reading, years
from anonymart.page import words as said
from anonymart.page.questions import COST, HIDDEN, QUESTIONS, Question
from anonymart.page.words import Said
from anonymart.release.derived import write_derived
from anonymart.release.folder import CSV_FOLDERS, derived_files
from anonymart.release.name_tables import NAME_TABLES
from anonymart.release.writing import write_names
from tests.page.conftest import AS_OF, RELEASE, SCHEMA, fill


class Tables(HTMLParser):
    """The tables of the page by their question: heads and rows of texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, list[list[str]]] = {}
        self.name: str | None = None
        self.cell: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.name = dict(attrs).get("data-of")
            self.found.setdefault(self.name or "", [])
        elif tag == "tr" and self.name:
            self.found[self.name].append([])
        elif tag in ("td", "th") and self.name:
            self.cell = []

    def handle_data(self, data):
        if self.cell is not None:
            self.cell.append(data)

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self.cell is not None:
            self.found[self.name][-1].append("".join(self.cell))
            self.cell = None


@pytest.fixture(scope="module")
def marts(shown):
    with duckdb.connect(str(shown.marts), read_only=True) as connection:
        yield connection


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_each_figure_on_the_page_is_that_of_the_mart(shown, marts, question: Question):
    head, *rows = Tables(shown.text).found[question.name]
    assert tuple(head) == question.columns
    assert rows
    contract = shown.contracts[question.mart]
    keys = [name for name in question.columns if name in contract.dimensions]
    for row in rows:
        told = dict(zip(head, row, strict=True))
        same = " AND ".join(f"{name}::VARCHAR = ?" for name in keys)
        where = f"{question.where} AND {same}" if same else question.where
        columns = ", ".join(
            f"coalesce({name}::VARCHAR, replace(\"{name}_reason\", '_', ' '))"
            if name in contract.figures
            else f"{name}::VARCHAR"
            for name in question.columns
        )
        found = marts.execute(
            f"SELECT {columns} FROM {SCHEMA}.{question.mart} WHERE {where}", [told[name] for name in keys]
        ).fetchall()
        assert [tuple(row)] == found, question.name


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_a_chart_holds_what_it_shows_and_those_figures_are_the_marts(shown, marts, question: Question):
    rows = reading.read(marts, shown.contracts, question, SCHEMA)
    given = reading.for_chart(question, rows)
    spec = charts.checked(question.chart(given).to_dict(validate=False))
    [held] = _values(spec)
    fields = set(held[0]) - {charts.DIVIDED}
    assert fields <= set(question.columns)
    published = {tuple(str(row[name]) for name in sorted(fields)) for row in rows}
    drawn = {tuple(str(row[name]) for name in sorted(fields)) for row in held}
    assert {row for row in drawn if "None" not in row} <= published


def _values(spec):
    if isinstance(spec, dict):
        for name, part in spec.items():
            if name == "values":
                yield part
            else:
                yield from _values(part)
    elif isinstance(spec, list):
        for part in spec:
            yield from _values(part)


def test_a_column_too_many_in_a_chart_is_refused():
    rows = [{"quarter": "2026-01-01", "nps": 30.0, "n_detractors": 7}]
    chart = alt.Chart(alt.Data(values=rows)).mark_line().encode(x="quarter:T", y="nps:Q")
    with pytest.raises(AnonymartError, match="1 column that it does not show"):
        charts.draw(chart, rows, (100, 100))
    kept = [{name: row[name] for name in ("quarter", "nps")} for row in rows]
    assert charts.draw(
        alt.Chart(alt.Data(values=kept)).mark_line().encode(x="quarter:T", y="nps:Q"), kept, (100, 100)
    )[0].startswith("<svg")


def test_a_frame_that_altair_was_given_whole_is_refused():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([{"quarter": "2026-01-01", "nps": 30.0, "n_detractors": 7}])
    chart = alt.Chart(frame).mark_line().encode(x="quarter:T", y="nps:Q")
    with pytest.raises(AnonymartError, match="does not show"):
        charts.draw(chart, frame.to_dict("records"), (100, 100))


def test_it_is_the_same_text_each_time(shown):
    with duckdb.connect(str(shown.marts), read_only=True) as connection:
        charts._render.cache_clear()
        assert page(connection, shown.contracts, RELEASE, AS_OF, SCHEMA) == shown.text


def test_no_script_and_no_address(shown):
    assert not re.search(r"<script|javascript:|\son\w+=|https?:|//[a-z]|@import|url\((?!#)", shown.text)


def test_every_question_has_an_answer_a_chart_a_table_and_a_citation(shown):
    for question in (*QUESTIONS, HIDDEN, COST):
        part = shown.text[shown.text.index(f'<section id="{question.name}"') :].partition("</section>")[0]
        assert part.count('class="answer"') == 1, question.name
        assert "<svg" in part and "<table data-of" in part and f"release {RELEASE}" in part, question.name
        titles = said.questions()[question.name].title
        assert titles.en in part.replace("&#39;", "'") and titles.fr in part


def test_a_gap_is_a_gap():
    """A period in between that is not told, or is hidden, is an empty row: the line breaks there."""
    question = next(each for each in QUESTIONS if each.name == "nps")
    blank = dict.fromkeys(question.columns)
    rows = [
        blank | {"path_id": path, "quarter": quarter, "nps": 1.0}
        for path, quarter in (("a", "2025-01-01"), ("a", "2025-07-01"), ("b", "2025-04-01"))
    ]
    told = [(row["by"], row["quarter"], row["nps"]) for row in reading.for_chart(question, rows)]
    assert told[:3] == [("a", "2025-01-01", 1.0), ("a", "2025-04-01", None), ("a", "2025-07-01", 1.0)]
    assert len(told) == 6


@pytest.mark.parametrize(
    ("now", "then", "changed"),
    [
        ((30, 25, 35), (20, 15, 25), True),
        ((30, 25, 35), (24, 19, 29), False),
        ((30, 30, 30), (30, 30, 30), False),
    ],
)
def test_changed_or_not_to_be_told_apart(now, then, changed):
    """10 is more than the root of 5² + 5², 6 is not."""
    rows = [dict(zip(("nps", "nps_low", "nps_high"), each, strict=True)) for each in (now, then)]
    assert reading.has_changed(*rows, "nps") is changed


def test_a_school_without_a_cell_has_a_page(tmp_path):
    contracts = load_contracts()
    with duckdb.connect(str(tmp_path / "marts.duckdb")) as connection:
        fill(connection, contracts)
        for name in contracts:
            connection.execute(f"DELETE FROM {SCHEMA}.{name}")
        text = page(connection, contracts, RELEASE, AS_OF, SCHEMA)
    assert text.count(said.labels()["nothing"].en) == len(QUESTIONS) + 2


def test_a_mart_whose_figures_are_all_hidden_has_a_page(tmp_path):
    contracts = load_contracts()
    with duckdb.connect(str(tmp_path / "marts.duckdb")) as connection:
        fill(connection, contracts)
        for name, contract in contracts.items():
            gone = ", ".join(f"{figure} = NULL, {figure}_reason = 'protected'" for figure in contract.figures)
            connection.execute(f"UPDATE {SCHEMA}.{name} SET {gone}")
        text = page(connection, contracts, RELEASE, AS_OF, SCHEMA)
    assert "protected" in text


def test_files_of_a_school_as_large_as_the_demo_stay_small(tmp_path):
    """7,776 rows (the demo has 9,203, with gaps), no two figures alike, and 160 names: page, CSV and workbook
    are under 5 MB.
    """
    contracts = load_contracts()
    for name in CSV_FOLDERS:
        (tmp_path / name).mkdir()
    with duckdb.connect(str(tmp_path / "marts.duckdb"), config={"threads": 1}) as connection:
        fill(connection, contracts, things=16, periods=32)
        connection.execute("ATTACH ':memory:' AS release")
        for name in contracts:
            connection.execute(f"CREATE TABLE release.main.{name} AS FROM {SCHEMA}.{name}")
        write_names(connection, {name: _named(table) for name, table in NAME_TABLES.items()})
        write_derived(connection, contracts, tmp_path, RELEASE, AS_OF)
    assert sum((tmp_path / name).stat().st_size for name in derived_files(contracts)) <= 5_000_000


def _named(table) -> str:
    kind = table.name.replace("_", "-")
    values = {
        "code": f"'{kind}-' || i",
        "title": "'A title of some length, ' || i",
        "position": "i",
        "valid_from": "DATE '2025-09-01'",
    }
    columns = ", ".join(f'{values.get(c.name, "NULL")}::{c.type} AS "{c.name}"' for c in table.columns)
    return f"SELECT {columns} FROM range(30) AS things (i)"


def test_what_has_a_title_is_called_by_it_and_tables_hold_the_code(shown, marts):
    titles = {
        ("course", "course-1"): Said("Bread & <butter>", "Pain & <beurre>"),
        ("theme", "theme-0"): Said("A", "A"),
    }
    text = page(marts, shown.contracts, RELEASE, AS_OF, SCHEMA, titles)
    both = '<span lang="en">Bread &amp; &lt;butter&gt;</span><span lang="fr">Pain &amp; &lt;beurre&gt;</span>'
    part = text[text.index('<section id="engagement"') :].partition("</section>")[0]
    assert f'<figcaption id="engagement-k1">{both}</figcaption>' in part
    assert f'class="f1"> <span>{both}</span></label>' in part
    assert "<b>Bread &amp; &lt;butter&gt;</b>" in part and "<b>Pain &amp; &lt;beurre&gt;</b>" in part
    # What has no title is called by its code; the table holds what the files hold.
    assert '<figcaption id="engagement-k0">course-0</figcaption>' in part
    assert Tables(text).found == Tables(shown.text).found
    assert '<figcaption id="themes-k0">A</figcaption>' in text


def test_an_axis_says_titles_that_are_short_in_both_languages_where_they_differ(shown, marts):
    long = "A title that is too long for an axis of a small chart"
    titles = {
        ("exercise", "exercise-0"): Said("A short title & more", "A short title & more"),
        ("chapter", "chapter-0"): Said(long, long),
        ("job_family", "job-family-0"): Said("Data", "Données"),
    }
    text = page(marts, shown.contracts, RELEASE, AS_OF, SCHEMA, titles)
    parts = {
        name: text[text.index(f'<section id="{name}"') :].partition("</section>")[0]
        for name in ("exercises", "chapters", "families")
    }
    assert ">A short title &amp; more</text>" in parts["exercises"]
    assert ">exercise-0</text>" not in parts["exercises"] and ">exercise-1</text>" in parts["exercises"]
    assert ">chapter-0</text>" in parts["chapters"] and f">{long}</text>" not in parts["chapters"]
    assert re.search(r'<text [^>]*lang="en"[^>]*>Data</text>', parts["families"])
    assert re.search(r'<text [^>]*lang="fr"[^>]*>Données</text>', parts["families"])
    # The first figure of the box is where it begins: more to the left, as the title is longer.
    begins = [
        float(re.search(r'viewBox="([-\d.]+) ', each[each.index("<figure") :])[1])
        for each in (parts["exercises"], shown.text[shown.text.index('<section id="exercises"') :])
    ]
    assert begins[0] < begins[1]


def test_more_things_than_can_be_drawn_stand_in_the_table(tmp_path):
    contracts = load_contracts()
    with duckdb.connect(str(tmp_path / "marts.duckdb")) as connection:
        fill(connection, contracts, things=43, periods=2)
        text = page(connection, contracts, RELEASE, AS_OF, SCHEMA)
    part = text[text.index('<section id="engagement"') :].partition("</section>")[0]
    assert part.count("<figure") == 40 and len(Tables(part).found["engagement"]) == 44
    assert f'<b>3</b> <span lang="en">{said.labels()["more"].en}' in part


@pytest.fixture(scope="module")
def three_years(tmp_path_factory):
    """The page of a school with ten quarters, and its marts."""
    path = tmp_path_factory.mktemp("years") / "marts.duckdb"
    with duckdb.connect(str(path), config={"threads": 1}) as connection:
        fill(connection, load_contracts(), periods=10)
        yield connection, page(connection, load_contracts(), RELEASE, AS_OF, SCHEMA)


def section_of(text: str, name: str) -> str:
    return re.search(rf'<section id="{name}".*?</section>', text, re.DOTALL)[0]


def test_a_year_can_be_chosen_where_there_are_several(three_years):
    _, text = three_years
    part = section_of(text, "nps")
    assert re.findall(r'class="g(\d)"> (\d+)</label>', part) == [("0", "2020"), ("1", "2021"), ("2", "2022")]
    assert [len(re.findall(rf'<tr class="k0 y{n}"><td>all</td>', part)) for n in range(3)] == [3, 4, 2]
    # The cells of these questions are of one year, or of none.
    assert 'name="cost-year-shown"' not in text and 'name="hidden-year-shown"' not in text
    chapters = section_of(text, "chapters")
    assert "-year-shown" not in chapters and "--g0:" not in chapters


@pytest.mark.parametrize("name", ["nps", "employment"])
def test_a_chart_fades_but_for_the_points_of_the_year(three_years, name):
    _, text = three_years
    figure = re.search(r'<figure class="k0 [^>]*>.*?</figure>', section_of(text, name), re.DOTALL)[0]
    # From the left edge of the drawing to its right one, in percent.
    points = [(float(x) + 46) / 3 for x in re.findall(r'<path transform="translate\(([\d.]+),', figure)]
    assert len(points) >= 9
    part = section_of(text, name)
    spans = re.findall(r"--g\d:90deg,[^;]*?#0003 0 ([\d.]+)%,#000 0 ([\d.]+)%", part)
    # Small charts share an axis, so it is said once.
    assert part.count("--g0:") == 1
    found = [sum(float(low) < point < float(high) for point in points) for low, high in spans]
    assert sum(found) == len(points) and all(found)
    if name == "nps":
        assert found == [3, 4, 2]


def test_a_chart_without_years_on_its_axes_does_not_fade():
    assert years.fading('<svg viewBox="0 0 10 10"></svg>', [2020, 2021], False) == ""
    assert years.fading("", [2020], True) == ""

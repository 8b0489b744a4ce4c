"""The tables of names: what a catalogue says of a code, whoever stands under it; titles are looked at like
values (S-ANON, D-IDENT).
"""

from __future__ import annotations

import csv
import json
from datetime import date

import duckdb
import pytest

from anonymart.gate import gate
from anonymart.release import exact_page, for_reviewer, names, verify
from anonymart.release.folder import NAMES, csv_path, parquet_path
from anonymart.release.name_tables import NAME_TABLES
from anonymart.session import Session
from tests.gate.school import AS_OF, reseal
from tests.release.yes import publish

CATALOGUE = [
    # kind, key, code, title, path, course, chapter, load
    ("path", "path-web", "path-web", "Web  development\n", None, None, None, 1),
    ("course", "course-html", "course-html", "HTML & CSS", "path-web", None, None, 1),
    ("course", "course-empty", "course-empty", None, None, None, None, 2),
    ("chapter", "chapter-b", "chapter-b", "Boxes", None, "course-html", None, 1),
    ("chapter", "chapter-a", "chapter-a", "Angles", None, "course-html", None, 1),
    ("exercise", "exercise-1", "exercise-one", "First", None, None, "chapter-b", 1),
    ("project", "project-1", "project-1", "A page of your own", None, "course-html", None, 1),
]
LISTED = "SELECT code, title, {} FROM names.{} ORDER BY code"


def fill(school, items=CATALOGUE):
    """A catalogue of two loads in the vault, with the rows that named it: chapter b, then chapter a."""
    with school.connect(vault="rw") as connection:
        for load_no, day in ((1, date(2025, 9, 1)), (2, date(2026, 3, 2))):
            connection.execute(
                "INSERT INTO vault.ledger.loads (load_no, source, as_of) VALUES (?, 'catalogue', ?)",
                [load_no, day],
            )
        for kind, key, code, title, path, course, chapter, load_no in items:
            connection.execute(
                "INSERT INTO vault.catalogue.items VALUES (?, ?, ?, ?, false, ?, ?, ?, ?)",
                [kind, key, code, title, path, course, chapter, load_no],
            )
            connection.execute(
                "INSERT INTO vault.catalogue.aliases VALUES (?, ?, ?, ?, ?)", [kind, key, key, key, load_no]
            )
            connection.execute(
                f"INSERT INTO vault.raw.catalogue (load_no, {kind}_id) VALUES (?, ?)", [load_no, key]
            )


def read(candidate, query):
    with duckdb.connect(str(candidate / "marts.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def seen(school, candidate):
    report = gate(Session(school.home, school.keys, school.policy), candidate, AS_OF)
    return {(failure.mart, failure.column, failure.kind) for failure in report.failures}


def test_a_name_has_its_title_its_place_and_its_days(school):
    fill(school)
    candidate = school.candidate()
    chapters = "course_id, position, is_in_catalogue, valid_from, valid_to"
    assert read(candidate, LISTED.format(chapters, "chapter")) == [
        ("chapter-a", "Angles", "course-html", 2, True, date(2025, 9, 1), None),
        ("chapter-b", "Boxes", "course-html", 1, True, date(2025, 9, 1), None),
    ]
    # Its chapter's course is its own; its code was corrected, so nobody knows since when it is valid.
    assert read(candidate, LISTED.format("course_id, chapter_id, valid_from", "exercise")) == [
        ("exercise-one", "First", "course-html", "chapter-b", None)
    ]
    assert read(candidate, LISTED.format("path_id, course_id, chapter_id", "project")) == [
        ("project-1", "A page of your own", "path-web", "course-html", None)
    ]
    assert read(candidate, "SELECT title FROM names.path WHERE code = 'path-web'") == [("Web development",)]


def test_the_newest_catalogue_that_names_them_says_the_order(school):
    fill(school)
    with school.connect(vault="rw") as connection:
        for chapter in ("chapter-a", "chapter-b"):
            connection.execute(
                "INSERT INTO vault.raw.catalogue (load_no, chapter_id) VALUES (2, ?)", [chapter]
            )
    found = read(school.candidate(), "SELECT code, position FROM names.chapter ORDER BY position")
    assert found == [("chapter-a", 1), ("chapter-b", 2)]


def test_a_course_without_a_learner_is_listed_and_a_diploma_without_a_published_cell_is_not(school):
    fill(school)
    with school.connect(vault="rw") as connection:
        connection.execute(
            "INSERT INTO vault.raw.enrolments (load_no, identifier, diploma_id) "
            "SELECT 1, 'learner:' || n, 'RNCP-many' FROM range(50) AS learners (n)"
        )
    candidate = school.candidate()
    assert read(candidate, "SELECT title, is_in_catalogue FROM names.course WHERE code = 'course-empty'") == [
        (None, True)
    ]
    assert read(candidate, "SELECT code, is_in_catalogue FROM names.diploma ORDER BY 1") == [
        ("RNCP37805", False),
        ("all", False),
    ]


def test_a_code_that_only_published_cells_carry_is_listed_until_when_it_was_named(school):
    fill(school)
    with school.connect(vault="rw") as connection:
        connection.execute("INSERT INTO vault.raw.catalogue (load_no, course_id) VALUES (1, 'julia')")
        connection.execute("UPDATE vault.catalogue.items SET code = 'course-julia' WHERE code = 'julia'")
    found = read(
        school.candidate(),
        "SELECT code, title, is_in_catalogue, valid_to FROM names.course WHERE code LIKE '%julia' ORDER BY 1",
    )
    assert found == [("course-julia", "Julia", True, None), ("julia", "Julia", False, date(2025, 9, 1))]


def test_lists_have_titles_in_both_languages_and_what_stands_for_all_is_explained(school):
    candidate = school.candidate()
    themes = read(candidate, "SELECT code, title_fr, position FROM names.theme ORDER BY position LIMIT 2")
    assert themes == [("content", "Contenu des cours", 1), ("job_search", "Recherche d'emploi", 2)]
    assert read(candidate, "SELECT title FROM names.job_family WHERE code = 'other'") == [("Any other job",)]
    [(english, french)] = read(candidate, "SELECT title_en, title_fr FROM names.path WHERE code = 'all'")
    assert "together" in english and "ensemble" in french


def test_every_code_of_a_mart_has_a_row(school):
    candidate = school.candidate()
    package = json.loads((candidate / "datapackage.json").read_text(encoding="utf-8"))
    linked = 0
    for resource in package["resources"]:
        for key in resource.get("schema", {}).get("foreignKeys", []):
            folder = resource["path"].split("/")[0]
            if folder == "csv":
                linked += 1
                [column], kind = key["fields"], key["reference"]["resource"]
                own, other = (
                    {
                        row[name]
                        for row in csv.DictReader((candidate / csv_path(table)).open(encoding="utf-8"))
                    }
                    for table, name in ((resource["name"], column), (kind, "code"))
                )
                assert own - {""} <= other, (resource["name"], column)
    assert linked > 20


def test_a_title_that_looks_like_an_identifier_is_held_back(
    school, without_great_expectations, without_drill, without_attack
):
    titles = (
        "Talk with Anne Martin",
        "annemartin77 explains",
        "Write to anne@zwarmail.example",
        "Merci à Sylvie",
    )
    items = [
        ("course", f"talk-{n}", f"talk-{n}", title, None, None, None, 2) for n, title in enumerate(titles)
    ]
    fill(school, [*CATALOGUE, *items])
    candidate = school.candidate()
    query = "SELECT title, is_in_catalogue FROM names.course WHERE code LIKE 'talk-%'"
    assert read(candidate, query) == [(None, True)] * 4
    assert seen(school, candidate) == set()
    with school.connect(vault="ro") as connection:
        noted = for_reviewer.notes(connection, "2026-06-30.1")
    told = noted[names.NOTE]
    assert told["course"] == {"rows": 9, "titles": 4, "held_back": 4}
    assert names.held_back(noted) == {"course": 4}
    assert "4 titles" in names.sentence(names.held_back(noted))
    assert any("look like an identifier" in line for line in exact_page.lines(noted))
    assert told["chapter"] == {"rows": 2, "titles": 2, "held_back": 0}
    texts = b"".join(
        path.read_bytes() for path in candidate.rglob("*") if path.suffix in (".csv", ".html", ".json")
    )
    assert [title for title in titles if title.encode() in texts] == []


def test_a_title_may_hold_a_first_name_and_a_word_that_somebody_took_as_account(
    school, without_great_expectations, without_drill, without_attack
):
    """Else who opens an account `javascript` would stop all releases."""
    fill(
        school,
        [*CATALOGUE, ("course", "javascript", "javascript", "JavaScript with Julia", None, None, None, 2)],
    )
    with school.connect(vault="rw") as connection:
        # Words of our own lists, which name nobody: "Price and funding".
        connection.execute(
            "UPDATE vault.register.learners SET given_name = 'Price', family_name = 'Funding' "
            "WHERE account_name = 'learners'"
        )
        connection.execute(
            "UPDATE vault.register.learners SET account_name = 'javascript' WHERE account_name = 'ruby'"
        )
        connection.execute(
            "UPDATE vault.register.learners SET account_name = 'basics' WHERE account_name = 'julia.l'"
        )
    candidate = school.candidate()
    assert read(candidate, "SELECT title FROM names.course WHERE code = 'javascript'") == [
        ("JavaScript with Julia",)
    ]
    assert seen(school, candidate) == set()


def test_signs_that_nobody_types_stop_no_release(
    school, without_great_expectations, without_drill, without_attack
):
    """French sets a no-break space before a colon; word processors set an ellipsis in one sign."""
    titles = ("Julia\u00a0: les bases", "Avec Julia\u2026", "Julia\u200b, suite", "Julia\u202fet nous")
    items = [
        ("course", f"talk-{n}", f"talk-{n}", title, None, None, None, 2) for n, title in enumerate(titles)
    ]
    fill(school, [*CATALOGUE, *items])
    candidate = school.candidate()
    told = [
        title
        for (title,) in read(
            candidate, "SELECT title FROM names.course WHERE code LIKE 'talk-%' ORDER BY code"
        )
    ]
    assert told == ["Julia : les bases", *titles[1:3], "Julia et nous"]
    assert seen(school, candidate) == set()


def test_a_change_of_a_table_of_names_is_found(
    school, without_great_expectations, without_drill, without_attack
):
    fill(school)
    candidate = school.candidate()
    school.tamper(
        candidate,
        "UPDATE release.names.course SET title = 'anne.martin@example.org' WHERE code = 'course-html'",
        "UPDATE release.names.chapter SET title = 'Anne Martin' WHERE code = 'chapter-a'",
        "UPDATE release.names.project SET title = 'Another page'",
        "DELETE FROM release.names.exercise",
        "INSERT INTO release.names.diploma (code) VALUES ('somebody')",
        "ALTER TABLE release.names.path ADD COLUMN n INTEGER",
        "COMMENT ON TABLE release.names.path IS 'Of somebody'",
        "DROP TABLE release.names.theme",
        "CREATE TABLE release.names.person (n INTEGER)",
    )
    unlike = ("course", "chapter", "project", "exercise", "diploma", "path", "theme")
    expected = {(name, "*", "names_unlike_catalogue") for name in unlike} | {
        ("course", "title", "email"),
        ("course", "title", "known_email"),
        ("chapter", "title", "known_given_name"),
        ("chapter", "title", "known_family_name"),
        ("path", "*", "comment_outside_contract"),
        ("theme", "*", "missing_names"),
        ("*", "*", "extra_table"),
        ("*", "marts.duckdb", "bytes_unlike_reading"),
    }
    found = seen(school, candidate)
    assert expected <= found
    assert ("job_family", "*", "names_unlike_catalogue") not in found


def test_a_leak_in_a_file_of_names_is_found_twice(
    school, without_great_expectations, without_drill, without_attack
):
    candidate = school.candidate()
    places = {csv_path("course"): ("course", "csv"), csv_path("path", "csv_fr"): ("path", "csv_fr")}
    for name in places:
        with (candidate / name).open("a", encoding="utf-8") as file:
            file.write("anne.martin@example.org\n")
    reseal(candidate)
    found = seen(school, candidate)
    for name, (table, folder) in places.items():
        assert {(table, "*", f"known_email in {folder}"), ("*", name, "bytes_unlike_reading")} <= found


def test_a_published_release_keeps_its_names_and_they_are_verified(
    school, without_great_expectations, without_drill, without_attack
):
    fill(school, [*CATALOGUE, ("course", "julia", "julia", "Julia basics", None, None, None, 2)])
    candidate = school.candidate()
    session = Session(school.home, school.keys, school.policy, AS_OF)
    gate(session, candidate, AS_OF)
    release = school.home.releases / publish(session, candidate)
    with school.connect(vault="rw") as connection:
        connection.execute("UPDATE vault.catalogue.items SET title = 'Web' WHERE code = 'path-web'")
        connection.execute("UPDATE vault.catalogue.items SET title = 'Basics' WHERE code = 'julia'")
    assert read(release, "SELECT title FROM names.path WHERE code = 'path-web'") == [("Web development",)]
    # The gate on the published folder does not hold its names against the catalogue of today.
    assert seen(school, release) == set()
    files = json.loads((release / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert {*(parquet_path(name) for name in NAMES), *(csv_path(name) for name in NAMES)} <= set(files)
    with (release / csv_path("course")).open("a", encoding="utf-8") as file:
        file.write("more\n")
    (release / parquet_path("path")).unlink()
    problems = {(each.file, each.problem) for each in verify.verify(release).problems}
    assert problems == {("csv/course.csv", "changed"), ("parquet/path.parquet", "missing")}


def test_names_and_marts_are_told_apart_and_every_column_is_described(sound):
    assert tuple(NAME_TABLES) == NAMES
    assert not set(NAMES) & set(sound.contracts)
    for table in NAME_TABLES.values():
        assert table.description.endswith(".")
        assert [column.name for column in table.columns if len(column.description) < 15] == []


def test_dates_of_names_are_dates_in_pandas(school):
    pandas = pytest.importorskip("pandas")
    fill(school)
    candidate = school.candidate()
    with duckdb.connect(str(candidate / "marts.duckdb"), read_only=True) as connection:
        frames = [connection.sql("FROM names.chapter").df()]
    frames.append(pandas.read_parquet(candidate / parquet_path("chapter"), dtype_backend="pyarrow"))
    frames.append(pandas.read_csv(candidate / csv_path("chapter"), parse_dates=["valid_from", "valid_to"]))
    for frame in frames:
        assert list(frame["valid_from"].dt.year) == [2025, 2025]

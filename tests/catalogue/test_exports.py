"""Catalogues as Open edX and Moodle export them are read as they are."""

import json

import pytest

from anonymart.catalogue import refusals
from tests.ingest.conftest import SmallSchool

KEY = "course-v1:Campus+PY101+2025"
B = "block-v1:Campus+PY101+2025+type@"
BLOCKS = {
    "root": f"{B}course+block@course",
    "blocks": {
        f"{B}course+block@course": {
            "id": f"{B}course+block@course",
            "type": "course",
            "display_name": "Python",
            "children": [f"{B}chapter+block@c1"],
        },
        f"{B}chapter+block@c1": {
            "id": f"{B}chapter+block@c1",
            "type": "chapter",
            "display_name": "Week one",
            "children": [f"{B}sequential+block@s1"],
        },
        f"{B}sequential+block@s1": {
            "id": f"{B}sequential+block@s1",
            "type": "sequential",
            "children": [f"{B}problem+block@q1", f"{B}openassessment+block@o1", f"{B}html+block@h1"],
        },
        f"{B}problem+block@q1": {"id": f"{B}problem+block@q1", "type": "problem", "display_name": "Loops"},
        f"{B}openassessment+block@o1": {
            "id": f"{B}openassessment+block@o1",
            "type": "openassessment",
            "display_name": "Essay",
        },
        f"{B}html+block@h1": {"id": f"{B}html+block@h1", "type": "html", "display_name": "Text"},
    },
}
STRUCTURE = {
    key: {
        "category": block["type"],
        "children": block.get("children", []),
        "metadata": {"display_name": block.get("display_name")},
    }
    for key, block in BLOCKS["blocks"].items()
}
OVERVIEW = {"id": KEY, "display_name": "Python", "org": "Campus", "start": "2025-01-01T00:00:00Z"}
MOODLE = {
    "id": 2,
    "shortname": "MATHS-1",
    "fullname": "Maths, first year",
    "idnumber": "",
    "categoryid": 1,
    "format": "topics",
}
CONTENTS = [
    {
        "id": 11,
        "name": "Numbers",
        "section": 1,
        "modules": [
            {
                "id": 7,
                "name": "A quiz",
                "modname": "quiz",
                "url": "https://moodle.example/mod/quiz/view.php?id=7",
            },
            {"id": 8, "name": "Essay", "modname": "assign"},
            {"id": 9, "name": "Read me", "modname": "page"},
        ],
    }
]
EDX_ITEMS = {
    ("course", "python", None),
    ("chapter", "week-one", "python"),
    ("exercise", "loops", "python"),
    ("project", "essay", "python"),
}
CASES = {
    "blocks.json": (BLOCKS, EDX_ITEMS),
    "course_structure.json": (STRUCTURE, EDX_ITEMS),
    "overviews.json": ([OVERVIEW], {("course", "python", None)}),
    "api.json": (
        {"results": [{"course_id": KEY, "name": "Python", "org": "Campus"}], "pagination": {"next": None}},
        {("course", "python", None)},
    ),
    "overviews.csv": (f"id,display_name,org\n{KEY},Python,Campus\n", {("course", "python", None)}),
    "courses.json": ([MOODLE, {**MOODLE, "id": 1, "format": "site"}], {("course", "MATHS-1", None)}),
    "by_field.json": ({"courses": [MOODLE], "warnings": []}, {("course", "MATHS-1", None)}),
    "courses.csv": (
        'shortname;fullname;category;idnumber\nMATHS-1;"Maths; first year";1;\n',
        {("course", "MATHS-1", None)},
    ),
    "contents-2.json": (
        CONTENTS,
        {
            ("course", "course-1", None),
            ("chapter", "numbers", "course-1"),
            ("exercise", "a-quiz", "course-1"),
            ("project", "essay", "course-1"),
        },
    ),
}


@pytest.fixture(autouse=True)
def no_patterns(monkeypatch):
    """What the gate would refuse is another test's matter, and takes a second each time."""
    monkeypatch.setattr(refusals, "refused_codes", lambda *_: {})


@pytest.mark.parametrize("name", CASES)
def test_an_export_becomes_items(tmp_path, name):
    content, items = CASES[name]
    small_school = SmallSchool(tmp_path / "home")
    small_school.deliver("catalogue", name, content if isinstance(content, str) else json.dumps(content))
    counts = small_school.ingest()[f"catalogue/{name}"]
    assert (counts.status, counts.quarantined, counts.unknown_columns) == ("loaded", 0, [])
    assert set(small_school.ask("SELECT item_kind, code, course_key FROM vault.catalogue.items")) == items


def test_lists_and_contents_of_moodle_speak_of_one_course(tmp_path):
    """The number that the list gives is the one that statements and the contents name it by."""
    small_school = SmallSchool(tmp_path / "home")
    small_school.deliver("catalogue", "a.json", json.dumps([MOODLE]))
    small_school.deliver("catalogue", "contents-2.json", json.dumps(CONTENTS))
    small_school.ingest()
    assert small_school.ask(
        "SELECT item_kind, course_key FROM vault.catalogue.items WHERE item_kind = 'exercise'"
    ) == [("exercise", "MATHS-1")]

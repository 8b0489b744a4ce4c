"""From deliveries to items: codes of the school's own, ids that match, what matches nothing, codes that the
gate would refuse.
"""

import json

import pytest

from anonymart import engine
from anonymart.catalogue.proposal import propose
from anonymart.ingest import ingest
from anonymart.session import Session
from tests.ingest.conftest import AS_OF, SmallSchool

TYPES = "http://adlnet.gov/expapi/activities/"
LMS = "https://lms.example"
MOODLE = "https://moodle.school.example"


def said(number: int, object_id: str, kind: str | None = None, course: str | None = None) -> dict:
    """A statement about an object, with a parent that is a course."""
    thing: dict = {"id": object_id} | ({"definition": {"type": TYPES + kind}} if kind else {})
    context = (
        {"contextActivities": {"parent": [{"id": course, "definition": {"type": TYPES + "course"}}]}}
        if course
        else {}
    )
    return {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "timestamp": "2025-03-01T10:00:00Z",
        "verb": {"id": "http://adlnet.gov/expapi/verbs/answered"},
        "actor": {"account": {"homePage": LMS, "name": f"u{number}"}},
        "object": thing,
        "context": context,
    }


def settled(small_school: SmallSchool):
    return ingest(Session(small_school.home, small_school.keys, small_school.policy, AS_OF)).settled


def codes(small_school: SmallSchool) -> dict[str, str]:
    """What each matched object is published as."""
    rows = small_school.ask("""
        SELECT matches.named, matches.item_kind || ':' || items.code FROM vault.catalogue.matches AS matches
        INNER JOIN vault.catalogue.items AS items USING (item_kind, item_key) WHERE role = 'object'
    """)
    return dict(rows)


@pytest.fixture(scope="module")
def platforms(tmp_path_factory):
    """Two Moodles and an Open edX in one catalogue, in the ids of the platforms."""
    small_school = SmallSchool(tmp_path_factory.mktemp("platforms") / "home")
    small_school.deliver(
        "catalogue",
        "c.json",
        json.dumps(
            [
                {
                    "path_id": "p",
                    "course_id": "py101",
                    "course_title": "Python",
                    "course_aliases": ["course-v1:Campus+PY101+2025", "ccx-v1:Campus+PY101+2025+ccx@1"],
                },
                {
                    "course_id": "py101",
                    "exercise_id": "0f3c5461f86764ad7bdbdf6cbdde61e6",
                    "exercise_title": "Loops",
                },
                {"course_id": f"{MOODLE}/course/view.php?id=2", "course_title": "Maths"},
                {
                    "course_id": "https://other.example/course/view.php?id=2",
                    "course_title": "Histoire de l'art",
                },
                {
                    "course_id": f"{MOODLE}/course/view.php?id=2",
                    "exercise_id": f"{MOODLE}/mod/quiz/view.php?id=2",
                    "exercise_title": "06 12 34 56 78",
                },
                {
                    "course_id": "py101",
                    "project_id": "final",
                    "project_aliases": "urn:uuid:0F3C5461-F867-44AD-8BDB-DF6CBDDE61E6 https://x.example/final",
                },
            ]
        ),
    )
    problem = "block-v1:Campus+PY101+2025+type@problem+block@0f3c5461f86764ad7bdbdf6cbdde61e6"
    small_school.deliver("learning", "s.ndjson", [
        said(1, f"{LMS}/course/course-v1%3ACampus%2BPY101%2B2025", "course"),
        said(2, f"{LMS}/xblock/{problem}/hint/1", "cmi.interaction"),
        said(3, "ccx-v1:Campus+PY101+2025+ccx@1", "course"),
        said(4, f"{MOODLE}/course/view.php?section=1&id=2", "course"),
        said(5, "https://other.example/course/view.php?id=2", "course"),
        said(6, f"{MOODLE}/mod/quiz/view.php?id=2", "assessment", f"{MOODLE}/course/view.php?id=2"),
        said(7, "https://lrs.example/a/0f3c5461-f867-44ad-8bdb-df6cbdde61e6", "school-assignment"),
        said(8, "https://third.example/course/view.php?id=2", "course"),
        said(9, "block-v1:Campus+PY101+2025+type@problem+block@1234", "cmi.interaction"),
        said(10, f"{LMS}/users/anna.needle", "media", f"{LMS}/course/course-v1:Campus+NEW+2025"),
    ])  # fmt: skip
    small_school.report = settled(small_school)
    return small_school


def test_each_id_finds_its_thing(platforms):
    found = codes(platforms)
    assert [
        found.get(said_of)
        for said_of in (
            f"{LMS}/course/course-v1%3ACampus%2BPY101%2B2025",
            "ccx-v1:Campus+PY101+2025+ccx@1",
            f"{MOODLE}/course/view.php?section=1&id=2",
            "https://other.example/course/view.php?id=2",
            "https://third.example/course/view.php?id=2",
        )
    ] == ["course:py101", "course:py101", "course:maths", "course:histoire-de-l-art", None]
    # A title with a phone number gives no code.
    assert found[f"{MOODLE}/mod/quiz/view.php?id=2"] == "exercise:exercise-1"
    assert found["https://lrs.example/a/0f3c5461-f867-44ad-8bdb-df6cbdde61e6"] == "project:final"
    assert [code for named, code in found.items() if "/hint/1" in named] == ["exercise:loops"]
    assert platforms.ask("SELECT count(*) FROM vault.ledger.quarantine") == [(0,)]


def test_a_block_that_nobody_listed_counts_in_its_course(platforms):
    assert platforms.ask(
        "SELECT item_key, course_key FROM vault.catalogue.matches WHERE named LIKE '%block@1234'"
    ) == [(None, "py101")]


def test_what_matches_nothing_is_reported_without_a_value(platforms):
    told = {each.shape: (each.item_kind, each.n_statements) for each in platforms.report.unmatched}
    assert told == {
        "block-v1:*+type@problem+block@*": ("exercise", 1),
        "https://*/course/view.php?id=#": ("course", 1),
        "course-v1:*": ("course", 1),
    }
    assert platforms.report.n_unmatched == 3
    assert platforms.ask("SELECT sum(n_statements) FROM vault.ledger.unmatched") == [(3,)]


def test_rows_to_complete_match_when_they_come_back(platforms):
    """The proposal as it is, delivered unchanged, leaves nothing unmatched; what looks like a person is not
    in it.
    """
    proposal = propose(Session(platforms.home, platforms.keys))
    assert (proposal.n_statements, len(proposal.rows), proposal.n_left_out) == (3, 3, 0)
    assert {row["course_id"] for row in proposal.rows if row["exercise_aliases"]} == {"py101"}
    proposal.write(platforms.home.landing / "catalogue" / "more.csv")
    assert settled(platforms).n_unmatched == 0
    assert propose(Session(platforms.home, platforms.keys)).n_statements == 0


def test_the_same_input_gives_the_same_codes_and_corrections_hold(tmp_path):
    """A derived code stays whatever comes later; the same id under another code corrects it, and so does the
    old code as an alias.
    """
    small_school = SmallSchool(tmp_path / "home")
    small_school.deliver(
        "catalogue", "a.csv", f"course_id,course_title\n{MOODLE}/course/view.php?id=2,Maths\nwrogn,Wrong\n"
    )
    settled(small_school)
    small_school.deliver(
        "catalogue",
        "b.csv",
        (
            f"course_id,course_title\n{MOODLE}/course/view.php?id=1,Maths\n{MOODLE}/course/view.php?id=2,"
            f"Maths 2\n"
        ),
    )
    settled(small_school)
    assert small_school.ask("SELECT item_key, code FROM vault.catalogue.items ORDER BY 1") == [
        ("maths", "maths"),
        ("maths-2", "maths-2"),
        ("wrogn", "wrogn"),
    ]
    small_school.deliver(
        "catalogue",
        "c.csv",
        f"course_id,course_aliases\nalgebra,{MOODLE}/course/view.php?id=2\nright,wrogn\n",
    )
    settled(small_school)
    assert small_school.ask("SELECT item_key, code FROM vault.catalogue.items ORDER BY 1") == [
        ("maths", "algebra"),
        ("maths-2", "maths-2"),
        ("wrogn", "right"),
    ]
    # A code that another thing has already: the derived one joins it.
    small_school.deliver(
        "catalogue", "d.csv", f"course_id,course_aliases\nalgebra,{MOODLE}/course/view.php?id=1\n"
    )
    small_school.deliver(
        "learning",
        "s.ndjson",
        [said(1, "https://x.example/wrogn", "course"), said(2, f"{MOODLE}/course/view.php?id=1", "course")],
    )
    settled(small_school)
    assert codes(small_school) == {
        "https://x.example/wrogn": "course:right",
        f"{MOODLE}/course/view.php?id=1": "course:algebra",
    }


def test_c_and_its_descendants_get_codes_of_their_own(tmp_path):
    small_school = SmallSchool(tmp_path / "home")
    rows = "".join(
        f"{MOODLE}/course/view.php?id={n},{title}\n"
        for n, title in enumerate(("C", "C++", "C#", "Module #3"), 1)
    )
    small_school.deliver("catalogue", "a.csv", f"course_id,course_title\n{rows}")
    settled(small_school)
    codes_of = dict(small_school.ask("SELECT title, code FROM vault.catalogue.items"))
    assert codes_of == {"C": "c", "C++": "c-plus-plus", "C#": "c-sharp", "Module #3": "module-3"}


def test_a_code_that_names_a_learner_is_replaced_and_said(tmp_path):
    """With its line and the reason, also when the learner comes later; one name alone passes, a diploma is
    left out.
    """
    small_school = SmallSchool(tmp_path / "home")
    learners = "learner_id,given_name,family_name,account_home_page,account_name\n"
    small_school.deliver(
        "catalogue",
        "a.csv",
        (
            "path_id,course_id\np,course-julia\ncoaching-zoltana-dubouchard,late-quux-oona\n0612345678,"
            "python-101\n"
        ),
    )
    small_school.deliver(
        "learners",
        "a.csv",
        learners + "L1,Zoltana,Dubouchard,https://c.example,p001\nL2,Julia,Roe,https://c.example,p002\n",
    )
    small_school.deliver(
        "enrolments",
        "a.csv",
        (
            "learner_id,path_id,started_on,diploma_id\nL1,p,2025-01-01,dubouchard-zoltana\nL2,p,"
            "2025-01-01,RNCP1\n"
        ),
    )
    report = settled(small_school)
    told = {(each.item_kind, each.reason, each.line, each.became) for each in report.replaced}
    assert told == {
        ("path", "known_both_names", 3, "path-1"),
        ("path", "phone_fr", 4, "path-2"),
        ("diploma", "known_both_names", None, None),
    }
    assert not any("zoltana" in sentence for sentence in report.sentences)
    small_school.deliver("learners", "b.csv", learners + "L3,Oona,Quux,https://c.example,python-101\n")
    assert {(each.reason, each.became) for each in settled(small_school).replaced} == {
        ("known_both_names", "course-1"),
        ("known_account", "course-2"),
    }
    small_school.deliver(
        "nps",
        "n.csv",
        (
            "response_id,learner_id,path_id,asked_at,answered_at,score\nR,L1,coaching-zoltana-dubouchard,"
            "2025-11-02,2025-11-03,1\n"
        ),
    )
    settled(small_school)
    assert small_school.ask("""
        SELECT items.code FROM vault.catalogue.matches
        INNER JOIN vault.catalogue.items USING (item_kind, item_key)
        WHERE role = 'path' AND named LIKE 'coaching%'
    """) == [("path-1",)]


def test_a_late_catalogue_counts_statements_again(tmp_path):
    """Only those that the history has taken and that gain something, flagged with what was counted of
    them.
    """
    small_school = SmallSchool(tmp_path / "home")
    accounts = "".join(f"L{n},{LMS},u{n}\n" for n in range(1, 5))
    small_school.deliver("learners", "l.csv", f"learner_id,account_home_page,account_name\n{accounts}")
    small_school.deliver(
        "catalogue", "a.csv", "course_id,exercise_id,exercise_aliases\ncourse-a,e1,https://x.example/e/1\n"
    )
    small_school.deliver(
        "learning",
        "s.ndjson",
        [
            said(1, "https://x.example/e/1", "assessment"),
            said(2, "https://x.example/e/2", "assessment", "https://x.example/course-a"),
            said(3, "https://x.example/v/3", "media", "https://x.example/new"),
            said(4, "https://x.example/never", "course"),
        ],
    )
    assert settled(small_school).n_unmatched == 3
    with engine.connect(small_school.home, small_school.keys, warehouse="rw") as connection:
        connection.execute(
            "CREATE SCHEMA warehouse.intermediate; CREATE TABLE warehouse.intermediate.int_events AS "
            "SELECT 3 AS load_no"
        )
    small_school.deliver(
        "catalogue",
        "b.csv",
        "course_id,exercise_id,exercise_aliases\ncourse-a,e2,https://x.example/e/2\nnew,,\n",
    )
    report = settled(small_school)
    assert report.n_again == 2
    assert small_school.ask(
        "SELECT right(statement_id::VARCHAR, 1), admitted_no, had_course, had_object FROM "
        "vault.raw.learning WHERE is_repeat ORDER BY 1") == [
        ("2", 4, True, False), ("3", 4, False, False),
    ]  # fmt: skip
    small_school.deliver("catalogue", "c.csv", "course_id,exercise_id\ncourse-a,e9\n")
    assert settled(small_school).n_again == 0

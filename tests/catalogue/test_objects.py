"""Every spelling of one id has one key; what is another thing has another."""

import duckdb
import pytest

from anonymart import objects

COURSE = [
    "course-v1:Campus+PY101+2025",
    "Campus+PY101+2025",
    "https://lms.example/course/course-v1:Campus+PY101+2025",
    "http://LMS.example:80/courses/course-v1:Campus+PY101+2025/",
    "https://lms.example/courses/course-v1%3ACampus%2BPY101%2B2025/info",
    "https://lms.example/courses/course-v1%3acampus%2bPY101%2b2025",
    "course-v1:Campus PY101 2025",
    "Campus/PY101/2025",
    "urn:course-v1:Campus+PY101+2025",
]
PROBLEM = [
    "block-v1:Campus+PY101+2025+type@problem+block@0f3c5461f86764ad7bdbdf6cbdde61e6",
    "Campus+PY101+2025+type@problem+block@0f3c5461f86764ad7bdbdf6cbdde61e6",
    (
        "https://lms.example/xblock/"
        "block-v1:Campus+PY101+2025+type@problem+block@0f3c5461f86764ad7bdbdf6cbdde61e6"
    ),
    (
        "https://lms.example/xblock/"
        "block-v1%3ACampus%2BPY101%2B2025%2Btype%40problem%2Bblock%400f3c5461f86764ad7bdbdf6cbdde61e6"
    ),
    (
        "https://lms.example/xblock/"
        "block-v1:Campus+PY101+2025+type@problem+block@0f3c5461f86764ad7bdbdf6cbdde61e6/hint/1"
    ),
    (
        "https://lms.example/xblock/"
        "block-v1:Campus+PY101+2025+type@problem+block@0f3c5461f86764ad7bdbdf6cbdde61e6/answer"
    ),
    "block-v1:Campus+PY101+2025+branch@draft-branch+type@problem+block@0F3C5461F86764AD7BDBDF6CBDDE61E6",
    (
        "/courses/course-v1:Campus+PY101+2025/xblock/"
        "block-v1:Campus+PY101+2025+type@problem+block@0f3c5461f86764ad7bdbdf6cbdde61e6/handler/"
        "xmodule_handler/problem_check"
    ),
]
QUIZ = [
    "https://moodle.example/mod/quiz/view.php?id=7",
    "http://Moodle.example/mod/quiz/view.php?forceview=1&id=7",
    "https://moodle.example/mod/quiz/view.php?id=7&utm_source=x#top",
    "https://moodle.example/mod/quiz/attempt.php?attempt=55&cmid=7&page=2",
    "https://moodle.example/mod/quiz/review.php?attempt=56&cmid=7",
]
UUID = [
    "urn:uuid:0F3C5461-F867-44AD-8BDB-DF6CBDDE61E6",
    "0f3c5461-f867-44ad-8bdb-df6cbdde61e6",
    "https://lrs.example/activities/0f3c5461-F867-44ad-8bdb-df6cbdde61e6/",
]


@pytest.fixture(scope="module")
def key():
    connection = duckdb.connect()
    objects.install(connection)
    return lambda text, part="key": connection.execute(
        f"SELECT anonymart_object(?).{part}", [text]
    ).fetchone()[0]


@pytest.mark.parametrize("spellings", [COURSE, PROBLEM, QUIZ, UUID])
def test_one_thing_has_one_key(key, spellings):
    assert {key(text) for text in spellings} == {key(spellings[0])}


def test_other_things_have_other_keys(key):
    others = [
        COURSE[0],
        PROBLEM[0],
        QUIZ[0],
        UUID[0],
        "ccx-v1:Campus+PY101+2025+ccx@1",
        "course-v1:Campus+PY101+2026",
        "https://moodle.example/course/view.php?id=7",
        "https://other.example/mod/quiz/view.php?id=7",
        "https://moodle.example/mod/quiz/index.php?id=7",
        "https://moodle.example/mod/quiz/view.php?id=8",
        "https://x.example/app#course-1",
        "https://x.example/app#course-2",
        "https://lms.example/courses/course-v1:Campus+PY101+2025/courseware/week1",
    ]
    assert len({key(text) for text in others}) == len(others)


def test_a_block_and_a_page_name_their_course(key):
    course = key(COURSE[0])
    assert {
        key(text, "course")
        for text in (
            *COURSE,
            *PROBLEM,
            "https://lms.example/courses/course-v1:Campus+PY101+2025/courseware/week1",
        )
    } == {course}
    assert key("ccx-block-v1:Campus+PY101+2025+ccx@1+type@problem+block@1", "course") == key(
        "ccx-v1:Campus+PY101+2025+ccx@1"
    )


def test_the_path_of_a_platform_says_the_kind(key):
    assert key("https://moodle.example/course/view.php?id=2", "tail_kinds") == ["course"]
    assert "course" not in key(QUIZ[0], "tail_kinds")
    assert key(QUIZ[0], "tails")[-1] == "view.php?id=7"

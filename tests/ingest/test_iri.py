"""Spellings of one address have one normal form (RFC 3986, 6.2), and two addresses have two."""

from __future__ import annotations

import duckdb
import pytest

from anonymart import iri


@pytest.fixture(scope="module")
def normal():
    connection = duckdb.connect()
    iri.install(connection)
    return lambda text: connection.execute("SELECT anonymart_normal_iri($1)", [text]).fetchone()[0]


# The first three are the examples of RFC 3986, 6.2.2 and 6.2.3; dot segments those of 5.2.4 and 5.4.
@pytest.mark.parametrize(
    "spellings",
    [
        ("example://a/b/c/%7Bfoo%7D", "eXAMPLE://a/./b/../b/%63/%7bfoo%7d"),
        (
            "http://example.com",
            "http://example.com/",
            "http://example.com:/",
            "http://example.com:80/",
            "HTTP://Example.COM",
        ),
        (
            "http://www.example.com/~smith",
            "http://www.EXAMPLE.com/%7Esmith",
            "http://www.example.com/%7esmith/",
        ),
        (
            "https://lms.example/course/course-v1:A+B+C",
            "https://LMS.example:443/course/course-v1:A+B+C/",
            "https://lms.example/x/../course/./course-v1:A+B+C",
        ),
        (
            "https://école.example/été",
            "https://ÉCOLE.example/%C3%A9t%C3%A9",
            "https://%C3%A9cole.example/%c3%a9te\u0301",
        ),
        ("http://a/b/c/g", "http://a/b/c/./g", "http://a/b/c/d/../g", "http://a/b/c/g/."),
        ("http://a/g", "http://a/b/../../../g", "http://a/../g"),
        (
            "https://moodle.example/mod/quiz/view.php?id=7",
            "https://Moodle.example/mod/quiz/view.php?id=7",
            " https://moodle.example/mod/quiz/view.php?id=7 ",
        ),
        ("urn:uuid:0f3c5461-f867-464a-b7bd-bdf6cbdde61e", "URN:UUID:0F3C5461-F867-464A-B7BD-BDF6CBDDE61E"),
        ("0f3c5461-f867-464a-b7bd-bdf6cbdde61e", "0F3C5461-F867-464A-B7BD-BDF6CBDDE61E"),
        ("urn:nbn:De-1", "URN:NBN:De-1"),
        ("course-1", "course-1/", "course-1"),
    ],
)
def test_spellings_of_one(normal, spellings):
    assert {normal(text) for text in spellings} == {normal(spellings[0])}
    assert normal(normal(spellings[0])) == normal(spellings[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://lms.example", "https://lms.example"),
        ("https://lms.example:8443", "https://lms.example"),
        ("https://lms.example/Course", "https://lms.example/course"),
        ("https://lms.example/a%2Fb", "https://lms.example/a/b"),
        ("https://lms.example/view.php?id=1", "https://lms.example/view.php?id=2"),
        ("https://lms.example/c#1", "https://lms.example/c#2"),
        ("Course-1", "course-1"),
        ("https://Anna@lms.example", "https://anna@lms.example"),
    ],
)
def test_two_stay_two(normal, one, other):
    assert normal(one) != normal(other)


def test_nothing_stays_nothing_and_oddities_come_through(normal):
    assert normal(None) is None
    assert normal("") == ""
    assert normal("https://x.example/%zz%4") == "https://x.example/%zz%4"
    assert normal("/") == "/"

"""A listed code that is the whole name of a known person is refused, however it is spelled; a code of one
name alone, or of none, is not (D-IDENT).
"""

from __future__ import annotations

import pytest

from anonymart import engine
from anonymart.detect.codes import refused_codes
from anonymart.detect.known import make_known

PEOPLE = [("Zoé", "Lefèvre"), ("Jean-Luc", "Le Goff"), ("Anh", "Ng"), ("Julia", "Roe")]
NAMES = [
    "zoe-lefevre",
    "LEFEVRE_ZOE",
    "Zoé.Lefèvre",
    "lefèvre zoé",
    "zoelefevre",
    "LefevreZoe",
    "zoe--lefevre",
    "zoe/lefevre",
    "zoe+lefevre",
    "zoe-lefevre-2026",
    "zoelefevre2",
    "2026_zoeLefevre",
    "cours-de-zoe-lefevre",
    "CoursZoeLefevre",
    "jeanluc-legoff",
    "le-goff-jean-luc",
    "jeanLucLeGoff",
    "legoff.jean.luc",
    "JEAN_LUC_LE_GOFF",
    "jean-luclegoff",
    "anh-ng",
    "nganh",
    "zoe%20lefevre",
    "zoe\u00adlefevre",
    "z-o-e-l-e-f-e-v-r-e",
    "ｚｏｅ-ｌｅｆｅｖｒｅ",
    "zo\u0065\u0301-lefe\u0300vre",
    "zoe:lefevre",
    "zoe~lefevre",
    "julia_roe_101",
]
INNOCENT = [
    "course-julia",
    "julia",
    "zoe",
    "lefevre-school",
    "jean-luc",
    "100%",
    "%ff%fe",
    "python-101",
    "data-engineer",
    "le-goff",
    "RNCP37827",
    "course-v1:edX+DemoX+2026",
    "julia-for-roes",
    "heroes",
    "anh",
    "mangas",
    "english-anhydrous",
    "le-luc",
]


@pytest.fixture(scope="module")
def connection():
    with engine.memory() as connection:
        engine.install_readers(connection)
        connection.execute("""
            ATTACH ':memory:' AS vault; CREATE SCHEMA vault.register; CREATE SCHEMA codes_checked;
            CREATE TABLE vault.register.learners (given_name VARCHAR, family_name VARCHAR)
        """)
        connection.executemany("INSERT INTO vault.register.learners VALUES (?, ?)", PEOPLE)
        make_known(connection, "codes_checked")
        yield connection


def test_whole_names_are_refused_and_innocent_codes_are_not(connection):
    found = refused_codes(connection, "codes_checked", [*NAMES, *INNOCENT], with_patterns=False)
    assert [name for name in NAMES if name not in found] == []
    assert [code for code in INNOCENT if code in found] == []
    assert set(found.values()) == {"known_both_names"}

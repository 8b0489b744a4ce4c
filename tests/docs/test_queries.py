"""Every query in the documentation runs, and gives the columns that the page shows."""

from __future__ import annotations

import re

import duckdb
import pytest

from anonymart import engine
from anonymart.home import Home
from anonymart.keys import Keys
from tests.docs.pages import blocks, pages

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("docs")]
ANALYST, DATA_TEAM = "docs/analyst.md", "docs/data-team.md"


@pytest.fixture(scope="module")
def marts(reader):
    with duckdb.connect(str(reader.release / "marts.duckdb"), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def small_school(reader):
    home = Home.from_env(reader.home)
    with engine.connect(home, Keys.load(home), vault="ro", warehouse="ro") as connection:
        yield connection


def test_queries_stand_on_two_pages_only():
    assert {name for name in pages() if blocks(name, "sql")} == {ANALYST, DATA_TEAM}


@pytest.mark.parametrize("block", blocks(ANALYST, "sql"), ids=lambda block: block.name)
def test_a_question_of_the_analyst(marts, block):
    found = marts.execute(block.text)
    assert found.description
    if block.output:
        assert block.output.splitlines()[0].split() == [column[0] for column in found.description]


def test_five_questions_show_their_output():
    assert sum(block.output is not None for block in blocks(ANALYST, "sql")) == 5


@pytest.mark.parametrize("block", blocks(DATA_TEAM, "sql"), ids=lambda block: block.name)
def test_a_query_of_the_data_team(small_school, block):
    found = small_school.execute(block.text)
    assert found.description


def test_the_query_for_files_that_do_not_add_up_gives_none(small_school):
    [block] = [block for block in blocks(DATA_TEAM, "sql") if "delivered <>" in block.text]
    assert small_school.execute(block.text).fetchall() == []


def test_other_queries_of_that_page_give_rows(small_school):
    """All but two: every file adds up, and nobody in this home waited for the register and came in later."""
    for block in blocks(DATA_TEAM, "sql"):
        if "delivered <>" not in block.text and "'admitted'" not in block.text:
            assert small_school.execute(block.text).fetchall(), block.name


def test_the_sql_of_the_shell_and_of_r(marts):
    """The tools themselves are not in the environment: what they are told to ask is asked from here."""
    quoted = []
    for block in blocks(ANALYST):
        if block.not_run:
            quoted += re.findall(r'(?:-c|con,) "([^"]+)"', block.text)
    assert len(quoted) == 2
    for statements in quoted:
        for statement in filter(str.strip, statements.split(";")):
            marts.execute(statement)

"""Job titles to families, on titles labelled by hand: at most 5 % may be wrong, in each list and in each part
of it.

- titles_so_survey_2017.csv: 300 answers drawn by a fixed seed from the Stack Overflow Developer Survey 2017
(Open Database License 1.0,
  https://opendatacommons.org/licenses/odbl/1-0/), 91 different ones. They are boxes that people ticked: 14
  roles, which were labelled
  by hand; a list of them is what most of its roles are, the first one among equals.
- titles_onisep.csv: the trades of ONISEP as the package Faker lists them (fr_FR, MIT licence). `tune`: those
that hold a word near the trade of
  the school, looked at when words were chosen; `held_out`: drawn from all of them by a fixed seed, labelled
  before the rules were asked, not tuned on.
- titles_own.csv: French and English titles of diploma holders, made up. `later` were written after the errors
on `tune` had been seen, before the words were changed.
"""

import csv
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from anonymart.surveys.job_families import known, mapped

HERE = Path(__file__).parent
LISTS = sorted(HERE.glob("titles_*.csv"))


def families(titles: list[str]) -> dict[str, str]:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE answers (job_title VARCHAR)")
        connection.executemany("INSERT INTO answers VALUES (?)", [[title] for title in titles])
        return dict(known(connection, "answers", "job_title"))


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_at_most_one_title_of_twenty_is_wrong(path):
    with path.open(encoding="utf-8", newline="") as file:
        labelled = list(csv.DictReader(file))
    found = families([row["title"] for row in labelled])
    wrong = [
        (row["part"], row["title"], found.get(row["title"]))
        for row in labelled
        if found.get(row["title"], "other") != row["job_family"]
    ]
    for part, n in Counter(row["part"] for row in labelled).items():
        assert sum(each[0] == part for each in wrong) <= 0.05 * n, wrong


def test_there_are_enough_titles_and_an_analyst_alone_means_nothing():
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) - 1 for path in LISTS) >= 700
    assert families(["Analyst", "Senior analyst", "Analyste", "Analyste confirmée", "Data analyst"]) == {
        "Data analyst": "data"
    }


def test_titles_that_no_word_knows_are_counted():
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE answers AS SELECT unnest(['Dev', 'dev', 'Boulanger', NULL]) AS job_title"
        )
        assert mapped(connection, "answers", "job_title") == {"mapped": 2, "unmapped": 1}

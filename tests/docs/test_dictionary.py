"""The dictionary of marts is that of the contracts, and says so when it is not."""

from __future__ import annotations

import pytest

from anonymart.contracts import load_contracts
from anonymart.dictionary import WRITER, closing, dictionary
from anonymart.errors import UsageError
from anonymart.policy import CLASSES, Policy, load_policy
from anonymart.release.name_tables import NAME_TABLES
from anonymart.written_pages import markers, rewritten
from tests.docs.pages import page as text_of

CONTRACTS, POLICY = load_contracts(), load_policy()
BEGIN, END = markers("dictionary", WRITER)


def test_it_is_up_to_date():
    text = text_of("docs/analyst.md")
    assert rewritten(text, "dictionary", dictionary(CONTRACTS, POLICY), WRITER) == text


def test_every_column_is_in_it():
    section = dictionary(CONTRACTS, POLICY)
    assert section.count("\n### ") == len(CONTRACTS) + 1
    for contract in CONTRACTS.values():
        own = section.split(f"### {contract.name}\n")[1].split("\n### ")[0]
        missing = [name for name in (*contract.dimensions, *contract.figures) if f"`{name}`" not in own]
        assert missing == []
    names = section.split("### The names\n")[1]
    columns = {column.name for table in NAME_TABLES.values() for column in table.columns}
    assert [name for name in (*NAME_TABLES, *columns) if f"`{name}`" not in names] == []


@pytest.mark.parametrize(
    ("mart", "words"),
    [
        ("course_engagement_monthly", "30 days after the month is over"),
        ("nps_quarterly", "30 days after the quarter and 1 month of observation are over"),
        ("project_validation", "30 days after the half-year and 3 months of observation are over"),
        (
            "learner_retention_cohort",
            "30 days after the quarter and as many months as `months_since_start` says of observation "
            "are over",
        ),
        (
            "salary_outcome",
            "30 days after the year and 9 months (`months_after` 6), 30 months (`months_after` 24) of "
            "observation are over",
        ),
    ],
)
def test_when_a_cell_closes(mart, words):
    assert closing(CONTRACTS[mart], POLICY) == words


def test_the_noise_of_counts_follows_the_policy():
    counts = {"largest_deviation": (7, 9, 11), "variance": (3.5, 6, 8), "smallest": (4, 5, 6)}
    by_class = {name: dict(zip(CLASSES, figures, strict=True)) for name, figures in counts.items()}
    told = dictionary(CONTRACTS, Policy({**POLICY.raw, "counts": by_class}))
    assert (
        "with noise of at most 7 (coarse) or 9 (fine) or 11 (broad) up or down and a variance of "
        "3.5 (coarse) or 6 (fine) or 8 (broad); shown as 0 or from" in told
    )
    assert "shown as 0 or from 4 (coarse) or 5 (fine) or 6 (broad) up" in told


@pytest.mark.parametrize("page", ["no marks", f"{END} {BEGIN}", f"{BEGIN} {END} {END}"])
def test_a_page_without_its_marks_is_not_touched(page):
    with pytest.raises(UsageError, match="markers"):
        rewritten(page, "dictionary", "section", WRITER)

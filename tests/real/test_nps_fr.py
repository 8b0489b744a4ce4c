"""A file with broken encodings, as it was delivered: no row is lost, none is guessed, and no comment gets
out.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass

import pytest

from tests.real import nps_fr
from tests.real.conftest import data
from tests.whole.planted import Planted, search
from tests.whole.small_school import accounts

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.xdist_group("real")]

SHORTEST_COMMENT = 20


@dataclass(frozen=True)
class Answer:
    """One line of the file as this test reads it, without the warehouse."""

    line: int
    customer: str
    score: str
    comment: str
    is_utf8: bool

    @property
    def is_right(self) -> bool:
        return self.is_utf8 and self.score.isdigit()


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    found = []
    for number, line in enumerate(nps_fr.rows(data("nps_fr")), 2):
        try:
            text, is_utf8 = line.decode("utf-8"), True
        except UnicodeDecodeError:
            text, is_utf8 = line.decode("latin-1"), False
        _, customer, score, _, _, comment, *_ = next(csv.reader(io.StringIO(text)))
        found.append(Answer(number, customer, score, comment, is_utf8))
    return found


@pytest.fixture(scope="module")
def file(answers, real_school) -> dict:
    return next(file for file in real_school.report["files"] if file["file_name"] == "nps-fr.csv")


def test_every_row_is_accounted_for(answers, file):
    assert len(answers) == nps_fr.N_ROWS
    assert accounts(file)
    assert file["delivered"] == nps_fr.N_ROWS
    assert file["loaded"] == sum(answer.is_right for answer in answers)
    assert file["refused"] == file["duplicate"] == 0


def test_each_broken_row_is_quarantined_with_its_reason(answers, file, real_school):
    expected = Counter(
        "bytes that are not UTF-8" if not answer.is_utf8 else "score is not a whole number"
        for answer in answers
        if not answer.is_right
    )
    assert expected["bytes that are not UTF-8"] > 2000
    assert file["reasons"] == expected
    lines = real_school.vault("""
        SELECT line, reason FROM vault.ledger.quarantine
        WHERE load_no = (SELECT load_no FROM vault.ledger.loads WHERE file_name = 'nps-fr.csv') ORDER BY line
    """)
    assert [line for line, _ in lines] == [answer.line for answer in answers if not answer.is_right]
    assert [line for line, reason in lines if reason == "bytes that are not UTF-8"] == [
        a.line for a in answers if not a.is_utf8
    ]


def test_columns_that_nobody_knows_are_named_and_not_stored(file):
    assert file["unknown_columns"] == [
        "customer",
        "satisfaction",
        "intention",
        "NbPassageKS",
        "CaTicket",
        "t",
    ]


def test_comments_are_kept_with_consent_only(answers, file, real_school):
    kept = real_school.vault(
        "SELECT identifier, comment FROM vault.answers.nps WHERE comment IS NOT NULL ORDER BY ALL"
    )
    assert kept == sorted(
        (f"email:{nps_fr.email(answer.customer)}", answer.comment.strip())
        for answer in answers
        if answer.is_right and nps_fr.has_consent(answer.customer)
    )


def test_the_counts_are_those_of_the_file(answers, file, real_school):
    scores = [int(answer.score) for answer in answers if answer.is_right]
    true = (
        len(scores),
        sum(score >= 9 for score in scores),
        sum(7 <= score <= 8 for score in scores),
        sum(score <= 6 for score in scores),
    )
    for path_id in ("all", "path-garden"):
        assert real_school.warehouse(f"""
            SELECT true_n_respondents, true_n_promoters, true_n_passives, true_n_detractors
            FROM warehouse.intermediate.int_cells__nps_quarterly
            WHERE path_id = '{path_id}' AND quarter = '2025-01-01'
        """) == [true]


def test_no_comment_and_no_customer_outside_the_vault(answers, file, real_school):
    """Short comments ("rien a dire") are everybody's words; the rest would be known again, in either reading
    of its bytes.
    """
    comments = {answer.comment for answer in answers if len(answer.comment) >= SHORTEST_COMMENT}
    assert len(comments) > 2000
    emails = {nps_fr.email(answer.customer) for answer in answers}
    planted = Planted(comments | emails)
    assert {place for place, _ in search(real_school.home, planted)} == set()
    assert len(planted.find(io.BytesIO("\n".join(real_school.output).encode()))) == 0


def test_the_search_would_find_a_comment(answers):
    comment = next(
        answer.comment for answer in answers if len(answer.comment) >= SHORTEST_COMMENT and not answer.is_utf8
    )
    assert Planted([comment]).find(io.BytesIO(b"x" * 99 + comment.encode())) == {comment}


def test_the_gate_let_it_out(file, real_school):
    assert real_school.report["release_id"] == real_school.current
    assert real_school.report["marts"]["nps_quarterly"]["published"] > 0
